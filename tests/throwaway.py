"""Servers that live for one test module: PostgreSQL, Redis and MariaDB, each in a directory of its own, on loopback.

Each is a context manager that skips with the reason where the server's programs are not installed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

__all__ = ["MySQL", "Postgres", "free_port", "mariadb", "postgres", "redis"]

STARTED_WITHIN_S = 60.0


class Postgres(NamedTuple):
    """A cluster on a Unix socket in ``folder``; trust authentication, superuser ``user``, database ``postgres``."""

    folder: Path
    user: str
    programs: Path

    @property
    def dsn(self) -> str:
        """For libpq and asyncpg."""
        return f"postgresql://{self.user}@/postgres?host={self.folder}"


class MySQL(NamedTuple):
    """A MariaDB server: user ``root`` without a password over its socket, and over TCP on ``port``."""

    socket: Path
    port: int


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgres(user: str = "loadstone", options: str = "", *, counting: bool = False) -> Iterator[Postgres]:
    """A new cluster. ``options`` are further words for the server, such as ``-c track_io_timing=on``; ``counting`` has
    pg_stat_statements loaded and installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    if found is None:
        pytest.skip("initdb is not installed; on Debian: apt-get install postgresql")
    programs = Path(found).parent
    with _folder("postgres") as (folder, owner):

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(folder / "data"), *arguments]
            subprocess.run(command, check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL)

        run("initdb", "-U", user, "-A", "trust", "-E", "UTF8", "--locale", "C", "-N")
        words = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off {options}"
        if counting:
            words += " -c shared_preload_libraries=pg_stat_statements"
        run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", words)
        try:
            if counting:
                psql = [str(programs / "psql"), "-h", str(folder), "-U", user, "-d", "postgres", "-q"]
                subprocess.run([*psql, "-c", "CREATE EXTENSION pg_stat_statements"], check=True)
            yield Postgres(folder, user, programs)
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate")


@contextmanager
def redis() -> Iterator[int]:
    """The port of a Redis server that keeps nothing on the disk."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed; on Debian: apt-get install redis-server")
    with _folder(None) as (folder, _):
        port = free_port()
        words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
        with _running([program, *words], folder, None, lambda: _listens(port)):
            yield port


@contextmanager
def mariadb() -> Iterator[MySQL]:
    """A new MariaDB server."""
    install = shutil.which("mariadb-install-db")
    program = shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
    if install is None or program is None:
        pytest.skip("mariadbd is not installed; on Debian: apt-get install mariadb-server")
    with _folder("mysql") as (folder, owner):
        common = ["--no-defaults", f"--datadir={folder / 'data'}"]
        subprocess.run(
            [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            user=owner,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        here, port = folder / "socket", free_port()
        words = [f"--socket={here}", f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
        words += ["--innodb-flush-log-at-trx-commit=0", f"--pid-file={folder / 'pid'}"]
        with _running([program, *common, *words], folder, owner, lambda: here.exists() and _listens(port)):
            yield MySQL(here, port)


@contextmanager
def _folder(user: str | None) -> Iterator[tuple[Path, str | None]]:
    """A directory, and the user that owns it: ``user`` where we are root, for servers that refuse to run as root."""
    owner = user if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="loadstone-server-", ignore_cleanup_errors=True) as name:
        if owner:
            shutil.chown(name, owner)
        yield Path(name), owner


@contextmanager
def _running(command: list[str], folder: Path, user: str | None, ready: Callable[[], bool]) -> Iterator[None]:
    """A server from its start until the block ends; its words are in ``folder/log``."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, user=user, stdout=log, stderr=log)
    try:
        last = time.monotonic() + STARTED_WITHIN_S
        while not ready():
            assert process.poll() is None, (folder / "log").read_text(errors="replace")[-2000:]
            assert time.monotonic() < last, f"{command[0]} did not start within {STARTED_WITHIN_S:g} s"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
