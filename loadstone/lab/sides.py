"""The sides of an experiment as services: where each is, how it is started, what tells it from the other.

A side is a command, a URL, a git revision, the spec's own service with other variables, or one service that a call
switches. ``{port}`` in a command is the port that Loadstone has picked for the side, so that both can be up at once.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec

from loadstone.errors import SpecError
from loadstone.lab.machine import revision
from loadstone.lab.service import PORT, argv, place
from loadstone.model.comparison import SideTold
from loadstone.model.experiment import SideAsked
from loadstone.model.service import Service
from loadstone.spec.hosts import check_host, host_problem, parse_url

__all__ = ["apart", "filled", "free_port", "service_key", "service_of", "side_told"]


NAME = "OTEL_SERVICE_NAME"


def service_of(side: SideAsked, spec: Service, *, cwd: Path | None = None, allowed: Iterable[str] = ()) -> Service:
    """The side's service. ``cwd`` is the worktree of a revision, moved to where the spec starts its service.

    A new port is picked each time where the command has ``{port}``. Raises SpecError for a side without a command,
    a host that may not be driven, or a fixed port that only the spec's URL tells.
    """
    if side.kind in ("url", "call"):
        return _running(side, spec, allowed)
    start = side.text if side.kind == "command" else spec.start
    if start is None:
        raise SpecError(
            f"side {side.name} ({side.label}) is started by the spec, which has no start\n"
            "    add start to [service], or give the side as a command or a URL"
        )
    check_host(spec.url, allowed)
    problem = host_problem(spec.url)
    if problem is not None:
        raise SpecError(f"side {side.name} is started here, but the spec's url is elsewhere: {spec.url}")
    moved = spec if cwd is None else _moved(spec, cwd)
    made = msgspec.structs.replace(moved, start=start, env={**moved.env, **side.env})
    if PORT in start:
        number = free_port()
        made = msgspec.structs.replace(made, url=_at(spec.url, number), env={**made.env, "PORT": str(number)})
    argv(made)  # a command line that cannot be read is told before anything is started
    return made


def _moved(spec: Service, cwd: Path) -> Service:
    """The service in a worktree, under the name that it has in its own directory: evidence names it by that."""
    name = {} if NAME in os.environ else {NAME: Path(spec.cwd or ".").resolve().name}
    return msgspec.structs.replace(spec, cwd=str(cwd), env={**name, **spec.env})


def _running(side: SideAsked, spec: Service, allowed: Iterable[str]) -> Service:
    """A service that is up, or, for a call, the spec's own, which Loadstone starts where it has a command."""
    if side.kind == "call":
        if spec.start is None:
            return _up(spec, allowed)
        return service_of(msgspec.structs.replace(side, kind="environment"), spec, allowed=allowed)
    try:
        url = parse_url(side.text or "")
    except ValueError as error:
        raise SpecError(f"side {side.name}: {error}") from error
    return _up(msgspec.structs.replace(spec, url=url), allowed)


def _up(service: Service, allowed: Iterable[str]) -> Service:
    check_host(service.url, allowed)
    return msgspec.structs.replace(service, start=None)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now; whoever is started with it finds it free a moment later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def apart(a: Service, b: Service) -> bool:
    """Whether both can be up at once: they are at different places."""
    return place(a) != place(b)


def side_told(side: SideAsked, service: Service, commit: str | None = None) -> SideTold:
    """What the archive holds of a side. ``commit`` is a revision's; else the one that the service's directory has."""
    dirty: bool | None = False if commit else None
    if commit is None and service.start is not None:
        commit, dirty = revision(Path(service.cwd or "."))
    return SideTold(name=side.name, label=side.label, kind=side.kind, commit=commit, dirty=dirty)


def service_key(side: SideAsked, spec: Service) -> str:
    """What a calibration calls the service: its command, before a port is picked, or its URL."""
    if side.kind == "url":
        return side.text or ""
    command = side.text if side.kind == "command" else spec.start
    return spec.url if command is None else " ".join(command.split())


def _at(url: str, port: int) -> str:
    """The URL with another port; ``localhost`` becomes 127.0.0.1, where the port was found free."""
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname == "localhost" else (parts.hostname or "127.0.0.1")
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{shown}:{port}", parts.path, "", ""))


def filled(text: str, environment: Mapping[str, str]) -> str:
    """A template text with variables of the environment, for what is not sent by the engine."""
    from loadstone.model.template import Secret, Text, parse

    words: list[str] = []
    for part in parse(text):
        if isinstance(part, Text):
            words.append(part.text)
        elif isinstance(part, Secret) and part.name in environment:
            words.append(environment[part.name])
        else:
            raise SpecError("only {env.NAME} of a variable that is set can be filled in outside a journey")
    return "".join(words)
