"""The load curve: how much work is offered, and when. The instants that it yields are a schedule."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Burst", "Phase", "Shape"]

Arrivals = Literal["poisson", "even", "closed", "once"]


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of constant load. An open phase has ``rate_per_s`` (journeys), a closed one ``users``."""

    name: str
    duration_s: float
    rate_per_s: float | None = None
    users: int | None = None
    measured: bool = True


class Burst(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How uneven Poisson arrivals are made: the counts in windows of this length have this index of dispersion
    (variance over mean; 1 is Poisson alone)."""

    window_s: float
    index: float


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phases one after the other, without a gap. ``once`` runs each journey a single time and has no phase.

    ``bursts`` make the rate of Poisson arrivals wander about its value, the shortest window first.
    """

    name: str
    arrivals: Arrivals
    phases: tuple[Phase, ...] = ()
    bursts: tuple[Burst, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length of the schedule; requests in flight at its end are awaited beyond it."""
        return sum(phase.duration_s for phase in self.phases)
