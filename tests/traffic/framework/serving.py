"""A real service in processes of its own that writes its routes, and what was read of them."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadstone.lab import tree
from loadstone.traffic.framework import FrameworkRoutes, read_routes, routes_environment
from tests.throwaway import free_port

BIN = Path(sys.executable).parent
PATIENCE_S = 30.0

Ask = Callable[[str], int]


def until(done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)


@contextmanager
def served(argv: Sequence[str], folder: Path, file: Path, env: Mapping[str, str] = {}) -> Iterator[Ask]:
    """Start ``argv`` in ``folder``, writing routes to ``file``: what is yielded asks it for a path."""
    port = free_port()
    token = f"routes-test-{port}"
    more = {**env, **routes_environment(file, env), "PYTHONDONTWRITEBYTECODE": "1", tree.MARK: token}
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [word.format(port=port) for word in argv],
            cwd=folder,
            env={**os.environ, **more},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ask(path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def accepts() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    try:
        until(accepts, "accepts")
        yield ask
    finally:
        tree.send(process.pid, token, signal.SIGTERM)
        until(lambda: process.poll() is not None, "ends")
        tree.send(process.pid, token, signal.SIGKILL)
        until(lambda: not tree.alive(process.pid, token), "ends with all that it started")


def routes_of(argv: Sequence[str], folder: Path, paths: Sequence[str] = ("/",)) -> FrameworkRoutes:
    """What a service tells once it was asked for ``paths``."""
    file = folder / "routes.jsonl"
    with served(argv, folder, file) as ask:
        for path in paths:
            assert ask(path) == 200, (folder / "service.log").read_text()
        read = read_routes(file)
    assert read is not None, (folder / "service.log").read_text()
    return read


def own(read: FrameworkRoutes) -> set[str]:
    """The routes of the service's own work."""
    return {route.id for route in read.routes if route.aside is None}
