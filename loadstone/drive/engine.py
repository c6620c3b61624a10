"""The door to the load engine: plan in, intervals out, nothing native above this file.

``Engine`` is the protocol that everything above speaks; ``native`` gives the Rust engine, ``loadstone.drive.fake``
a scripted one without clock or socket.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from loadstone import __version__
from loadstone.errors import InstrumentError, from_native
from loadstone.model.interval import Interval, Sample

__all__ = ["Engine", "Exchange", "native", "native_build"]


class Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request and its reply, kept whole (docs/formats.md, Exchanges)."""

    journey: str
    step: str
    method: str
    target: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str | None
    status: int | None
    response_headers: tuple[tuple[str, str], ...]
    response_body: str | None
    body_bytes: int
    extracted: dict[str, str]
    result: str
    error: bool
    message: str | None
    service_ns: int | None
    first_byte_ns: int | None


class Engine(Protocol):
    """A run in progress. One thread calls it; no method but ``poll`` waits."""

    def start(self) -> tuple[int, int]:
        """Start; the run's origin (its first intended instant is not before) as (wall-clock ns, monotonic ns)."""
        ...

    def poll(self, timeout_s: float) -> Interval | None:
        """The next interval, or None when none was ready within ``timeout_s`` or the run is over."""
        ...

    def finished(self) -> bool:
        """True once the load has ended and every interval was polled."""
        ...

    def stop(self, *, now: bool = False) -> None:
        """End the schedule; requests in flight are awaited, or cut off when ``now``."""
        ...

    def samples(self) -> tuple[Sample, ...]:
        """The samples kept so far; whole once finished."""
        ...

    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges kept, when the plan asked for them."""
        ...


class _Native:
    """The Rust engine behind the protocol: JSON decoded here, errors mapped here."""

    def __init__(self, plan: bytes) -> None:
        self._interval = msgspec.json.Decoder(Interval)
        _require_core()
        from loadstone import _core

        try:
            self._engine = _core.LoadEngine(plan)
        except Exception as error:
            raise from_native(error) from error

    def start(self) -> tuple[int, int]:
        try:
            return self._engine.start()
        except Exception as error:
            raise from_native(error) from error

    def poll(self, timeout_s: float) -> Interval | None:
        try:
            line = self._engine.poll(timeout_s)
        except Exception as error:
            raise from_native(error) from error
        return None if line is None else self._interval.decode(line)

    def finished(self) -> bool:
        return self._engine.finished()

    def stop(self, *, now: bool = False) -> None:
        self._engine.stop(now)

    def samples(self) -> tuple[Sample, ...]:
        return msgspec.json.decode(self._engine.samples(), type=tuple[Sample, ...])

    def exchanges(self) -> tuple[Exchange, ...]:
        return msgspec.json.decode(self._engine.exchanges(), type=tuple[Exchange, ...])


def native(plan: bytes) -> Engine:
    """The Rust engine for this plan, not yet started.

    Raises SpecError when the engine refuses the plan, InstrumentError when the core is missing or of another version.
    """
    return _Native(plan)


def native_build() -> Literal["release", "debug"]:
    """How the native core was compiled; a debug build is slow, and a caveat of what it measures."""
    _require_core()
    from loadstone import _core

    return _core.build


def _require_core() -> None:
    """Raise InstrumentError unless the native core is there and of this version."""
    try:
        from loadstone import _core
    except ImportError as error:
        raise InstrumentError(f"the native core is not built ({error}); run make build") from error
    if _core.__version__ != __version__:
        raise InstrumentError(
            f"the native core is of version {_core.__version__}, loadstone of {__version__}; run make build"
        )
