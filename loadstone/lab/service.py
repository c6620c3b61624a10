"""The service under test as a process: started, waited for, stopped with everything that it started.

It runs in a session of its own, so that Ctrl-C reaches the run first and the service only through ``stop``. Its output
is kept in a file, whose last lines go into the error when it does not come up.
"""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loadstone.errors import SpecError, TargetError
from loadstone.lab import tree
from loadstone.lab.surroundings.sockets import inodes_of, rows_of

if TYPE_CHECKING:
    from http.client import HTTPConnection

    from loadstone.model.service import Service

__all__ = [
    "PORT",
    "STOP_S",
    "Command",
    "ServiceProcess",
    "argv",
    "ending",
    "last_lines",
    "place",
    "serving",
    "unanswered",
]

Command = tuple[tuple[str, ...] | None, Mapping[str, str]]
"""Words to start a service with, none where it is up already, and the variables of its environment."""

PORT = "{port}"
"""Stands in ``start`` for the port of the service's URL."""

STOP_S = 10.0
"""How long a service may take to end after SIGTERM, before SIGKILL: what ``docker stop`` gives."""

_LOOK_S = 0.05  # between two looks at a service that is coming up or going down
_PROBE_S = 2.0  # one attempt at readiness
_LAST_LINES = 12
_LAST_BYTES = 16_384


def argv(service: Service) -> tuple[str, ...] | None:
    """The words of ``start``, split as a shell would, without a shell, with the URL's port for ``{port}``; None when
    nothing is to be started."""
    if service.start is None:
        return None
    try:
        words = tuple(word.replace(PORT, str(place(service)[1])) for word in shlex.split(service.start))
    except ValueError as error:
        raise SpecError(f"start = {service.start!r} is not a command line: {error}") from error
    if not words:
        raise SpecError("start is empty; write the command that starts the service, or leave it out")
    return words


@contextmanager
def serving(
    service: Service,
    log: Path,
    *,
    patience: Callable[[], bool] = lambda: True,
    command: Command | None = None,
) -> Iterator[ServiceProcess | None]:
    """The service for the length of a ``with``: started and ready, or None when the spec starts nothing.

    ``patience`` is asked while waiting; when it answers False the wait ends with TargetError. ``command`` are words and
    variables to start it by instead of its own.
    """
    words, env = command or (argv(service), service.env)
    if words is None:
        yield None
        return
    process = ServiceProcess(service, words, log, env)
    try:
        process.wait_until_ready(patience)
        yield process
    finally:
        process.stop()


class ServiceProcess:
    """A started service. Raises TargetError when it cannot be started or its place is taken."""

    def __init__(self, service: Service, words: tuple[str, ...], log: Path, env: Mapping[str, str]) -> None:
        self._service = service
        self._words = words
        self._log = log
        self._token = secrets.token_hex(8)
        _refuse_taken(service)
        with log.open("ab") as output:
            try:
                self._process = subprocess.Popen(
                    words,
                    cwd=service.cwd,
                    env={**os.environ, **env, tree.MARK: self._token},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise TargetError(
                    f"the service cannot be started: {shlex.join(words)}\n    {error.strerror}: {error.filename}"
                ) from error

    @property
    def pid(self) -> int:
        """The id of the process that was started, which leads its session."""
        return self._process.pid

    def pids(self) -> set[int]:
        """The living processes of the service's tree."""
        return tree.alive(self.pid, self._token)

    @property
    def log(self) -> Path:
        """Where its output is kept."""
        return self._log

    def exit_code(self) -> int | None:
        """How the started process ended, or None while it runs."""
        return self._process.poll()

    def wait_until_ready(self, patience: Callable[[], bool] = lambda: True) -> None:
        """Wait until ``ready`` answers, or the port does. Raises TargetError when it dies or takes too long."""
        limit_s = self._service.ready_timeout_s
        deadline = time.monotonic() + limit_s
        probe = _probe(self._service)
        while True:
            code = self.exit_code()
            if code is not None:
                raise TargetError(f"the service ended with {ending(code)} before it was ready{self._told()}")
            trouble = probe()
            if trouble is None:
                return
            if not patience():
                raise TargetError("interrupted while the service was starting")
            if time.monotonic() >= deadline:
                trouble += self._elsewhere()
                raise TargetError(f"the service was not ready within {limit_s:g} s: {trouble}{self._told()}")
            try:
                self._process.wait(_LOOK_S)  # a pause that its end cuts short
            except subprocess.TimeoutExpired:
                continue

    def _elsewhere(self) -> str:
        """Where the service listens instead of at its URL's port; empty where that cannot be seen, or it does listen
        there."""
        pids = self.pids()
        held, _ = inodes_of(pids)
        ports = sorted({row.port for row in rows_of() if row.listens and row.inode in held})
        if not ports or place(self._service)[1] in ports:
            return ""
        named = " and ".join(str(port) for port in ports[:3])
        return (
            f"\n    it listens at port {named} instead: correct url in [service], or start it with that port ({PORT})"
        )

    def stop(self) -> None:
        """SIGTERM to the whole tree, SIGKILL to what is left of it after ``STOP_S``. Nothing of it survives."""
        tree.send(self.pid, self._token, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        try:
            while self._left() and time.monotonic() < deadline:
                time.sleep(_LOOK_S)
        finally:
            while self._left():
                tree.send(self.pid, self._token, signal.SIGKILL)
                time.sleep(_LOOK_S)

    def _left(self) -> set[int]:
        self._process.poll()  # a process that has ended is a zombie until it is asked
        return self.pids()

    def last_lines(self) -> list[str]:
        """The last lines of its output."""
        return last_lines(self._log)

    def _told(self) -> str:
        lines = self.last_lines()
        if not lines:
            return f"\n    started as: {shlex.join(self._words)}\n    it wrote nothing"
        quoted = "\n".join(f"    | {line}" for line in lines)
        return f"\n    started as: {shlex.join(self._words)}\n    its last lines, of {self._log}:\n{quoted}"


def _refuse_taken(service: Service) -> None:
    host, port = place(service)
    try:
        socket.create_connection((host, port), timeout=_PROBE_S).close()
    except OSError:
        return
    raise TargetError(
        f"something already answers at {host}:{port}\n"
        "    stop it, or take start out of the spec to drive what is running"
    )


def unanswered(service: Service) -> str | None:
    """What is missing of a service that should be up, as one look sees it; None where it is ready."""
    return _probe(service)()


def place(service: Service) -> tuple[str, int]:
    """Host and port of the service."""
    parts = urlsplit(service.url)
    return parts.hostname or "127.0.0.1", parts.port or (443 if parts.scheme == "https" else 80)


def _probe(service: Service) -> Callable[[], str | None]:
    """One look at the service: None when it is ready, else what is missing."""
    host, port = place(service)

    def connects() -> str | None:
        try:
            socket.create_connection((host, port), timeout=_PROBE_S).close()
        except OSError as error:
            return f"{host}:{port} does not accept connections ({error.strerror or error})"
        return None

    if service.ready is None:
        return connects
    path = service.ready

    def answers() -> str | None:
        trouble = connects()
        if trouble is not None:
            return trouble
        from http.client import HTTPException

        connection = _connection(service, host, port)
        try:
            connection.request("GET", path, headers={"user-agent": "loadstone-ready"})
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            return f"GET {path} failed ({error or type(error).__name__})"
        finally:
            connection.close()
        if status < 400:
            return None
        hint = "; correct ready in [service], or leave it out" if status in (401, 403, 404) else ""
        return f"GET {path} answered {status}{hint}"

    return answers


def _connection(service: Service, host: str, port: int) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    if not service.url.startswith("https:"):
        return HTTPConnection(host, port, timeout=_PROBE_S)
    import ssl

    context = ssl.create_default_context()  # whether to trust it is the run's question: here, whether it is up
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=_PROBE_S, context=context)


def ending(code: int) -> str:
    """How a process ended, in words: ``exit code 3``, ``SIGKILL``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def last_lines(log: Path) -> list[str]:
    """The last lines of a file, without those that are empty; none where it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LAST_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-_LAST_LINES:]
