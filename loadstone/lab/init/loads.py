"""How much load the spec begins with: the log's peak where one user alone shows that it is safe, else a tenth of what
that one can do."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loadstone.lab.init.measuring import LEAST_PER_S, WARM_UP_S, Alone, safe_rate
from loadstone.model.assumption import Assumption
from loadstone.model.quantity import format_rate
from loadstone.model.shape import Phase, Shape

__all__ = ["Chosen", "chosen_load", "lengthened"]

SAFE_PART = 0.5
"""The log's peak is driven at once where it is at most half of what one user alone can do."""

UNMEASURED_PER_S = 1.0
STEADY = "steady"


class Chosen(msgspec.Struct, frozen=True):
    """``shapes`` with the one that runs first; ``how`` says where its rate comes from."""

    shapes: tuple[Shape, ...]
    how: str
    comments: dict[str, tuple[str, ...]] = {}
    assumptions: tuple[Assumption, ...] = ()

    @property
    def rate_per_s(self) -> float:
        """Of the shape that runs first."""
        return self.shapes[0].phases[-1].rate_per_s or 0.0


def chosen_load(peaks: Sequence[Shape], alone: Alone | None) -> Chosen:
    """The shapes of the spec. ``peaks`` are the log's."""
    peak = next(iter(peaks), None)
    peak_per_s = (peak.phases[-1].rate_per_s or 0.0) if peak is not None else 0.0
    if peak is not None and alone is not None and LEAST_PER_S <= peak_per_s <= SAFE_PART * alone.per_s:
        how = f"the log's peak; one user alone does {format_rate(alone.per_s)} (run {alone.run})"
        return Chosen(tuple(peaks), how, {f"shape.{peak.name}": (f"The rate is {how}.",)})
    if alone is None:
        rate_per_s, how = UNMEASURED_PER_S, "a guess: nothing was measured"
        if peak is not None:
            rate_per_s, how = min(rate_per_s, peak_per_s), "a guess: nothing was measured; the log's peak stands below"
    else:
        rate_per_s = safe_rate(alone.per_s)
        how = f"a tenth of what one user alone can do ({format_rate(alone.per_s)}, run {alone.run}), within bounds"
    phases = (Phase("warm-up", WARM_UP_S, rate_per_s, measured=False), Phase(STEADY, 60.0, rate_per_s))
    comments: dict[str, tuple[str, ...]] = {f"shape.{STEADY}": (f"The rate is {how}.",)}
    if peak is not None and peak_per_s < LEAST_PER_S:
        comments[f"shape.{peak.name}"] = (
            f"The log's peak: too few visits in some minutes to judge by, so it is not what runs first. loadstone run "
            f"--shape {peak.name} drives it.",
        )
    elif peak is not None and alone is not None:
        comments[f"shape.{peak.name}"] = (
            f"The log's peak: more than half of what one user alone can do ({format_rate(alone.per_s)}), so it is not "
            f"what runs first. loadstone run --shape {peak.name} drives it.",
        )
    shown = format_rate(rate_per_s, exact=True)
    assumed = Assumption("journeys that begin a second", shown, source=f"{how}; real traffic is not known")
    return Chosen((Shape(STEADY, "poisson", phases), *peaks), how, comments, () if peak is not None else (assumed,))


def lengthened(shape: Shape, seconds: float) -> Shape:
    """A first guess as long as judging takes; the log's peak keeps its length."""
    if shape.name != STEADY:
        return shape
    *before, main = shape.phases
    return msgspec.structs.replace(shape, phases=(*before, msgspec.structs.replace(main, duration_s=seconds)))
