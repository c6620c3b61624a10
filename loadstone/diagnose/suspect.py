"""What a fault's detector hands over: the cause, and the time that it takes, before anything is ranked or predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.subject import Subject
from loadstone.model.evidence import Columns, Coverage, Missing, Plan
from loadstone.model.finding import Fact, Locus, Roles, Severity

__all__ = ["Cut", "Detector", "Scene", "Suspect"]

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Cut:
    """Time off the CPU or on it that a complete fix takes away from each affected request.

    Of the spans of ``operation`` (below ``parent``, anywhere where it is None) all but the first ``keep`` lose
    ``share`` of their time. ``between`` also takes the parent's own time from the first of them to the last.
    """

    operation: int
    parent: int | None = None
    keep: int = 0
    share: float = 1.0
    between: bool = False


@dataclass(frozen=True)
class Suspect:
    """A cause, as its detector sees it.

    ``step`` is a place in the digest's steps, None for what concerns the whole service. ``requests`` are places of
    the affected requests in the digest, ``cost_ns`` what each of them loses (as recorded, so waiting included), float64
    of the same length. ``cuts`` and ``cpu_ns`` (of each affected request's time on the CPU, 0 where none) say what a
    fix removes; without both the gain is not predicted, for the reason in ``unpredictable``. ``ceiling`` is the
    highest severity it may get, ``floor`` the lowest (for what costs nothing yet). ``key`` is what stays the same
    from run to run, for the fingerprint.
    """

    fault: str
    title: str
    step: int | None
    locus: Locus
    roles: Roles
    cure: str
    confidence: float
    key: tuple[str, ...]
    requests: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    cost_ns: NDArray[np.float64] = field(default_factory=lambda: np.empty(0, np.float64))
    cuts: tuple[Cut, ...] = ()
    cpu_ns: NDArray[np.float64] | None = None
    unpredictable: str | None = None
    evidence_for: tuple[Fact, ...] = ()
    evidence_against: tuple[Fact, ...] = ()
    ceiling: Severity = "critical"
    floor: Severity = "info"


class Scene(Protocol):
    """The evidence as a detector sees it: the digest of spans, the other tables by rows."""

    @property
    def digest(self) -> Digest:
        """What the spans add up to."""
        ...

    def rows(self, table: str, columns: Sequence[str], where: str = "", order: str = "") -> Iterator[Columns]:
        """Batches of a table other than spans."""
        ...

    def missing(self) -> tuple[Missing, ...]:
        """What this evidence has not, and why."""
        ...

    def coverage(self) -> tuple[Coverage, ...]:
        """Processes and libraries, seen or not."""
        ...

    def plans(self) -> tuple[Plan, ...]:
        """Plans of statements."""
        ...

    def has(self, need: str) -> str | None:
        """None where the need is met, else why it is not. Needs: ``spans``, ``database spans``, ``calls``,
        ``call sites``, ``stacks``, ``gil stacks``, ``gc``, ``locks``, ``plans``, ``host``, ``client``, ``sizes``."""
        ...

    def once(self, make: Callable[[Scene], _Made]) -> _Made:
        """``make(scene)``, made once for all the detectors that ask for it."""
        ...


class Detector(Protocol):
    """A fault's file, as a module."""

    CODE: str
    NEEDS: tuple[str, ...]
    LIMITS: Any
    __doc__: str | None
    detect: Callable[[Subject, Scene, Any], Iterable[Suspect]]
