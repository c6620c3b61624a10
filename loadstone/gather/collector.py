"""The one shape of a collector, and what the trial tells it.

    prepare -> the service starts -> open -> the load (mark at each phase) -> stop -> the service ends -> close

A collector never fails a run: what it cannot have becomes a ``Missing`` with the way to get it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from loadstone.model.evidence import Columns, Coverage, Missing, Plan
from loadstone.model.redaction import Redaction

__all__ = ["Collector", "Gathered", "Planner", "Scene", "Start"]


class Start(msgspec.Struct, frozen=True):
    """How the service will be started: the words of its command, and the variables added to its environment."""

    argv: tuple[str, ...]
    env: dict[str, str]


class Scene(msgspec.Struct, frozen=True):
    """What a collector may look at.

    ``spool`` is the collector's own directory (mode 0700; removed once its contents are in the archive), as an absolute
    path, since a service that is told of it may run anywhere. ``pids`` answers with the living processes of the
    service, none before it has started or where it was not started by us and no pid was given. ``generator`` is this
    process. ``nonce`` begins the trace ids of this run's own requests.
    """

    spool: Path
    redaction: Redaction
    pids: Callable[[], set[int]]
    generator: int
    url: str | None = None
    dsn: str | None = None
    nonce: int | None = None
    cwd: Path | None = None


class Gathered(msgspec.Struct, frozen=True):
    """What a collector brings. ``tables`` yields batches lazily, read once, before the spool is removed.

    ``documents`` are whole files of ``evidence/`` by name. ``cpu_s`` is what the collector took of the machine during
    the load, outside the service; ``cost`` says in words what it cost the service.
    """

    tables: Mapping[str, Iterable[Columns]] = {}
    documents: Mapping[str, bytes] = {}
    coverage: tuple[Coverage, ...] = ()
    missing: tuple[Missing, ...] = ()
    cpu_s: float | None = None
    cost: str | None = None


@runtime_checkable
class Planner(Protocol):
    """A collector that can explain the statements that the spans hold, once those are in the archive."""

    @property
    def db_system_name(self) -> str:
        """Whose statements, as spans name it."""
        ...

    def plans(self, statements: Iterable[str]) -> tuple[tuple[Plan, ...], tuple[Missing, ...]]:
        """Plans of masked statements, and what has none. Called after ``close``."""
        ...


class Collector(Protocol):
    """A source of evidence."""

    @property
    def name(self) -> str:
        """One word: ``traces``, ``recorder``, ``profile``, ``postgres``, ``sqlite``, ``host``."""
        ...

    def prepare(self, scene: Scene, start: Start | None) -> Start | None:
        """Before the service starts: its command as it is to be. ``start`` is None where nothing is started."""
        ...

    def open(self) -> None:
        """The service is ready; the load begins next."""
        ...

    def mark(self, phase: str) -> None:
        """A phase of the load begins (called from the trial's own thread; return at once)."""
        ...

    def stop(self) -> None:
        """The load has ended; the service is still there."""
        ...

    def close(self) -> Gathered:
        """The service has ended, if it was ours. Called once, also after a failure of the trial."""
        ...
