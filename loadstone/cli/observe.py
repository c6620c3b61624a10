"""Options that say what to observe, and from them the collectors."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from loadstone.errors import SpecError

if TYPE_CHECKING:
    from loadstone.lab.observation import Observing
    from loadstone.model.service import Service
    from loadstone.model.workload import Workload

    Command = TypeVar("Command", bound=Callable[..., Any])

__all__ = ["OTLP_PORT", "Ways", "collector_options", "observing_of", "place_options", "resolved_dsn"]


OTLP_PORT = 4318
"""Where exporters send unless told otherwise (OpenTelemetry Protocol Exporter, OTEL_EXPORTER_OTLP_ENDPOINT)."""


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """How to observe, as the arguments say it. ``pids`` and ``port`` are of a service that is up already; ``notes`` is
    what was found out of it, None while nobody has looked."""

    dsn: str | None = None
    without: tuple[str, ...] = ()
    memory: bool = False
    otlp_port: int = 0
    grpc_port: int | None = None
    pids: tuple[int, ...] = ()
    port: int | None = None
    notes: tuple[str, ...] | None = None
    show: tuple[str, ...] = ()


def place_options(command: Command) -> Command:
    """``--pid``, as ``pids``, and ``--port``."""
    for option in (
        click.option("--port", type=click.IntRange(1, 65_535), metavar="PORT", help="A port where it listens here."),
        click.option(
            "--pid", "pids", type=int, multiple=True, metavar="PID", help="A process of the service; repeatable."
        ),
    ):
        command = option(command)
    return command


def collector_options(command: Command) -> Command:
    """``--dsn``, ``--without``, ``--memory``, ``--otlp-port`` and ``--grpc-port``."""
    for option in (
        click.option("--memory", is_flag=True, help="Trace allocations too, with memray (slow)."),
        click.option(
            "--without", multiple=True, metavar="NAME", help="Leave a collector out: profile, host, …; repeatable."
        ),
        click.option(
            "--otlp-port", type=click.IntRange(0, 65_535), default=0, metavar="PORT",
            help="Where to receive OTLP traces.  [default: 4318 for gather, else a free port]",
        ),
        click.option(
            "--grpc-port", type=click.IntRange(0, 65_535), metavar="PORT",
            help="Receive OTLP by gRPC there too (extra otlp-grpc).",
        ),
        click.option("--dsn", metavar="DSN", help="The service's PostgreSQL database: postgresql://… or {env.NAME}."),
    ):  # fmt: skip
        command = option(command)
    return command


def observing_of(service: Service | None, workload: Workload | None, ways: Ways) -> Observing:
    """The collectors for this service, and what may be kept of what they read. Raises SpecError."""
    from loadstone.drive.written import written_pairs
    from loadstone.lab.collectors import COLLECTORS, collectors
    from loadstone.lab.observation import Observing, new_redaction

    unknown = [name for name in ways.without if name not in COLLECTORS]
    if unknown:
        raise SpecError(f'no collector "{unknown[0]}"; there are {", ".join(COLLECTORS)}')
    pids, notes = _running(service, ways)
    written = written_pairs(workload) if workload else frozenset()
    dsn = resolved_dsn(ways.dsn or (service.dsn if service else None))
    return Observing(
        collectors=collectors(
            service,
            dsn=dsn is not None,
            without=ways.without,
            memory=ways.memory,
            otlp_port=ways.otlp_port,
            grpc_port=ways.grpc_port,
        ),
        redaction=new_redaction((*(service.show if service else ()), *ways.show), written),
        dsn=dsn,
        pids=pids,
        notes=notes,
    )


def _running(service: Service | None, ways: Ways) -> tuple[frozenset[int], tuple[str, ...]]:
    """The processes of a service that is up already, where they were named, and what is to be told of it."""
    if ways.notes is not None:
        return frozenset(ways.pids), ways.notes
    named = bool(ways.pids) or ways.port is not None
    if service is None or service.start is not None:
        if named:
            raise SpecError("--pid and --port name a service that runs already; take start out of [service], or these")
        return frozenset(), ()
    from loadstone.lab.surroundings.attaching import running

    try:
        found, notes = running(service.url, frozenset(ways.pids), ways.port)
    except SpecError:
        if named:
            raise
        return frozenset(), ()  # that nothing answers is for the run to tell
    return (found if named else frozenset()), notes


def resolved_dsn(dsn: str | None) -> str | None:
    """The DSN with variables of the environment filled in."""
    if dsn is None:
        return None
    from loadstone.model.template import Secret, Text, parse

    words: list[str] = []
    for part in parse(dsn):
        match part:
            case Text():
                words.append(part.text)
            case Secret():
                if part.name not in os.environ:
                    raise SpecError(f"the environment variable is not set: {part.name}, which the dsn names")
                words.append(os.environ[part.name])
            case _:
                raise SpecError("a dsn is postgresql://USER@HOST/DATABASE; only {env.NAME} is filled in")
    return "".join(words)
