"""What a newcomer gets from ``loadstone init`` on services that nobody here wrote, beside their true route tables.

    python -m benches.newcomer FOLDER                    all of them: doctor, init, check, run, diagnose
    python -m benches.newcomer FOLDER doccano --way url  one of them, one way

Ways: ``url`` knows nothing but the address, ``user`` has a login too where the service takes one, ``start`` is told
the command line besides and starts it. Services are installed into FOLDER once; each outcome is a JSON file there, and
another call goes on where the last one ended (``--again`` measures anew).
``python -m benches.accuracy newcomer FOLDER`` writes the
table into docs/accuracy.md. PyPI and npm must be reachable, and PostgreSQL installed.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from benches.newcomer.met import WAYS, Met, Way, met_of
from benches.newcomer.node_services import NODE_RED, VERDACCIO
from benches.newcomer.python_services import DOCCANO, IHATEMONEY, PREFECT
from benches.newcomer.service import Foreign, Place
from tests.throwaway import Postgres, free_port, postgres

__all__ = ["SERVICES"]

SERVICES = (DOCCANO, IHATEMONEY, PREFECT, VERDACCIO, NODE_RED)
UP_WITHIN_S = 120.0
STEP_WITHIN_S = 900.0


def main() -> None:
    """Meet them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="which services (default: all)")
    parser.add_argument("--way", choices=WAYS, action="append", help="which ways (default: all)")
    parser.add_argument("--again", action="store_true", help="measure anew what is there")
    chosen = parser.parse_args()
    with postgres(user="newcomer") as server:
        for foreign in SERVICES:
            if chosen.names and foreign.name not in chosen.names:
                continue
            for way in chosen.way or WAYS:
                file = chosen.folder.resolve() / f"{foreign.name}-{way}.json"
                if (way == "user" and not foreign.user) or (file.exists() and not chosen.again):
                    continue
                met = _meet(foreign, way, chosen.folder.resolve() / foreign.name, server)
                file.write_bytes(msgspec.json.format(msgspec.json.encode(met), indent=1))
                sys.stdout.write(met.line() + "\n")
                sys.stdout.flush()


def _meet(foreign: Foreign, way: Way, folder: Path, server: Postgres) -> Met:
    folder.mkdir(parents=True, exist_ok=True)
    place = Place(folder, free_port(), _database(foreign, server))
    foreign.install(place)
    foreign.prepare(place)
    truth = foreign.truth(place)
    here = folder / f"met-{way}"
    subprocess.run(["rm", "-rf", str(here)], check=True)
    here.mkdir()
    words = ["init", place.url]
    if way != "url" and foreign.user:
        words += ["--user", foreign.user]
    if foreign.dsn_env:
        words += ["--dsn", f"{{env.{foreign.dsn_env}}}"]
    if way == "start":
        with _running(foreign, place):  # filled once, by itself
            pass
        words += ["--start", foreign.start(place)]
        return met_of(foreign, way, truth, _told(foreign, place, here, words), place)
    with _running(foreign, place):
        return met_of(foreign, way, truth, _told(foreign, place, here, words), place)


def _told(foreign: Foreign, place: Place, here: Path, init: list[str]) -> dict[str, tuple[int, float, str, str]]:
    """Exit code, seconds, output and errors of each step, in order; what comes after a failed one is tried anyway."""
    env = {**os.environ, **foreign.env(place), "NO_COLOR": "1"}
    env |= {"LOADSTONE_USER": foreign.user or "nobody", "LOADSTONE_PASSWORD": foreign.password or "nothing"}
    steps = {
        "doctor": ["doctor", "--json"],
        "init": [*init, "--json"],
        "check": ["check"],
        "run": ["run", "--evidence", "--json", "--no-report", "--seed", "7"],
        "diagnose": ["diagnose", "last", "--json"],
    }
    told = {}
    for name, words in steps.items():
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "loadstone", *words],
            cwd=here,
            env=env,
            capture_output=True,
            text=True,
            timeout=STEP_WITHIN_S,
            stdin=subprocess.DEVNULL,
        )
        told[name] = (done.returncode, time.monotonic() - begun, done.stdout, done.stderr)
        (here / f"{name}.out").write_text(done.stdout)
        (here / f"{name}.err").write_text(done.stderr)
    return told


def _database(foreign: Foreign, server: Postgres) -> str:
    """A new, empty database in the throw-away cluster, as the service's libraries want its address."""
    if not foreign.dsn_env:
        return ""
    psql = [str(server.programs / "psql"), "-q", "-h", str(server.folder), "-U", server.user, "-d", "postgres"]
    name = f"of_{foreign.name}"
    subprocess.run([*psql, "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"], check=True, capture_output=True)
    subprocess.run([*psql, "-c", f"CREATE DATABASE {name}"], check=True)
    return f"postgres://{server.user}@/{name}?host={server.folder}"


@contextmanager
def _running(foreign: Foreign, place: Place) -> Iterator[None]:
    """The service up and filled, by its own command line."""
    words = shlex.split(foreign.start(place).replace("{port}", str(place.port)))
    with (place.folder / "service.log").open("ab") as log:
        process = subprocess.Popen(
            words,
            cwd=place.folder,
            env={**os.environ, **foreign.env(place)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(place, process)
        foreign.fill(place)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(place: Place, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended by itself; see {place.folder}/service.log")
        try:
            httpx.get(place.url, timeout=10.0)
        except httpx.HTTPError:
            time.sleep(0.2)
            continue
        return
    raise RuntimeError(f"the service did not come up; see {place.folder}/service.log")


if __name__ == "__main__":
    main()
