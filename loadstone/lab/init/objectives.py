"""Objectives drafted from a baseline: what the service does today with head-room, each with the number behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from loadstone.model.introduction import BaselineTold, StepMeasured
from loadstone.model.quantity import format_duration, format_share
from loadstone.model.slo import Slo, parse_objective
from loadstone.render.spec_toml import duration_text
from loadstone.stats.proportion import clopper_pearson

__all__ = ["drafted", "duration_for"]

ROOM = 2.0
"""Times the upper end of what was measured: an objective that today's noise breaks would be switched off."""

LEAST_S = 0.02
"""No limit below this: a neighbour that takes the CPU for a time slice or two is no fault of the service."""

ERRORS = 0.01
WANTED = 300
"""Requests that judge an objective on p95 with room: 15 lie beyond."""

SHORTEST_S, LONGEST_S = 30.0, 300.0


def drafted(baseline: BaselineTold) -> tuple[tuple[Slo, ...], dict[str, tuple[str, ...]]]:
    """One for the slowest measured step of each journey, for every request where no step had enough of them, and one
    for errors; comments by ``slo.NAME``. Nothing of a run that is no valid measurement."""
    slos: list[Slo] = []
    said: dict[str, tuple[str, ...]] = {}
    if baseline.validity == "invalid":
        return (), {}
    doubt = () if baseline.validity == "valid" else (f"That run is in doubt: loadstone show {baseline.run} says why.",)
    whole = [one for one in baseline.steps if not one.journey]
    for one in _slowest([one for one in baseline.steps if one.journey]) or whole:
        limit_s = _rounded_up(max(ROOM * one.high_s, LEAST_S))
        name = f"{one.journey or 'everything'} is fast"
        objective = parse_objective(f"p{one.quantile * 100:g} < {duration_text(limit_s)}")
        slos.append(Slo(name, objective, one.journey or None, one.step or None))
        said[f"slo.{name}"] = (
            f"A draft: measured {format_duration(one.value_s)} [{format_duration(one.low_s)}, "
            f"{format_duration(one.high_s)}] over {one.requests:,} requests in run {baseline.run}; "
            f"twice the upper end, at least {format_duration(LEAST_S)}. Say what your users need instead.",
            *doubt,
        )
    if baseline.requests:
        low, high = clopper_pearson(baseline.errors, baseline.requests)
        share = ERRORS if baseline.errors / baseline.requests < ERRORS / 2 else min(_rounded_up(ROOM * high), 0.99)
        slos.append(Slo("hardly any errors", parse_objective(f"errors < {share * 100:.6g}%")))
        said["slo.hardly any errors"] = (
            f"A draft: {baseline.errors:,} of {baseline.requests:,} requests failed in that run, "
            f"{format_share(baseline.errors / baseline.requests)} [{format_share(low)}, {format_share(high)}].",
        )
    return tuple(slos), said


def duration_for(slos: Sequence[Slo], baseline: BaselineTold) -> float:
    """How long a run is that can judge them: enough requests of the rarest step, within bounds, in half minutes."""
    steps = {(slo.journey, slo.step) for slo in slos}
    rarest = min(
        (one.requests for one in baseline.steps if (one.journey or None, one.step or None) in steps), default=0
    )
    seconds = baseline.seconds * WANTED / rarest if rarest else 60.0
    return min(max(math.ceil(seconds / 30) * 30.0, SHORTEST_S), LONGEST_S)


def _slowest(steps: Sequence[StepMeasured]) -> list[StepMeasured]:
    """The slowest step of each journey, in the order of the journeys."""
    found: dict[str, StepMeasured] = {}
    for one in steps:
        if one.journey not in found or one.value_s > found[one.journey].value_s:
            found[one.journey] = one
    return list(found.values())


def _rounded_up(number: float) -> float:
    """To two digits, never below."""
    scale = 10.0 ** (1 - math.floor(math.log10(number)))
    return float(f"{math.ceil(number * scale - 1e-9) / scale:.6g}")
