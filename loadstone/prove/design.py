"""How an experiment is laid out before it starts: pairs and their order, how long a run is, how long it all takes.

Pairs come in blocks of two, ABBA or BAAB by a draw from the seed, so that whatever drifts steadily touches both sides
alike (Montgomery, Design and Analysis of Experiments; for software Bulej et al., ICPE 2020). Both runs of a pair get
the same seed, so the same requests at the same instants; each pair has its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loadstone.model.comparison import DesignTold
from loadstone.model.finding import Finding
from loadstone.model.quantity import format_duration
from loadstone.model.slo import Slo
from loadstone.stats.pairs.effect import FEWEST, LEVEL
from loadstone.stats.pairs.sequential import Looks, looks, looks_at

__all__ = [
    "PAIRS",
    "REQUESTS",
    "Design",
    "design_of",
    "order_of",
    "requests_for",
    "told",
]

PAIRS = 10
"""Where nothing else is asked: Student's interval from there, and half a block more than the power of .8 needs at the
noise of a shared machine (docs/accuracy.md)."""

MOST_PAIRS = 100
"""However large the budget is."""

BEYOND = 10
"""Requests beyond a quantile in each run: p99 needs 1,000, p95 200."""

REQUESTS = {0.5: 100, 0.95: 200, 0.99: 1_000}

SHORTEST_S = 10.0
"""Of a run where nothing else is asked: below it, a stall of the machine is most of the run."""

LONGEST_S = 600.0

WARM_UP_S = 2.0
WARM_UP_SHARE = 0.15

COOL_DOWN_S = 0.5
"""Between two runs, so that what one left behind is not in the next."""

START_S = 1.0
"""Of a run's own overhead: opening and closing it."""

EXTRA = 3
"""One pair in so many may be replaced where it was disturbed."""

SPREAD = 3.0
"""Poisson arrivals: a run must have its requests up to so many standard deviations below their mean."""

EVERY = 2
"""Pairs between looks: a block of ABBA."""

Order = Literal["AB", "BA"]


@dataclass(frozen=True)
class Design:
    """``pairs`` are planned, ``most`` with every extension; ``order`` has an entry for each of ``most`` and the extra
    ones. ``requests`` are expected in one run of the judged step, ``level`` is the confidence of all looks together."""

    pairs: int
    most: int
    extra: int
    order: tuple[Order, ...]
    seed: int
    measured_s: float
    warm_up_s: float
    cool_down_s: float
    requests: int
    looks: Looks
    load: str
    observed: bool
    level: float = LEVEL

    @property
    def run_s(self) -> float:
        """One run, with everything that goes with it."""
        return self.warm_up_s + self.measured_s + self.cool_down_s + START_S

    @property
    def length_s(self) -> float:
        """All of it, as planned: what is started once is left out."""
        return self.run_s * 2 * (self.pairs + self.observed)

    @property
    def most_s(self) -> float:
        """All of it, with every extension."""
        return self.run_s * 2 * (self.most + self.observed)


def design_of(
    *,
    requests_per_s: Mapping[tuple[str, str | None], float],
    slos: Sequence[Slo] = (),
    finding: Finding | None = None,
    pairs: int = PAIRS,
    budget_s: float | None = None,
    measured_s: float | None = None,
    warm_up_s: float | None = None,
    seed: int = 0,
    load: str = "",
    observed: bool = True,
    level: float = LEVEL,
) -> Design:
    """The design for steps with so many measured requests a second; of a whole journey with None for a step. It is
    empty where that is unknown: a closed population.

    Without a budget it is fixed: one look after ``pairs``. With one, it looks after six pairs and every two from
    there, up to as many pairs as the budget holds. Raises ValueError with a sentence for what cannot be.
    """
    if pairs < FEWEST:
        raise ValueError(f"{pairs} pairs cannot decide: {FEWEST} are the fewest whose signs alone tell chance apart")
    if pairs > MOST_PAIRS:
        raise ValueError(f"{pairs} pairs are more than {MOST_PAIRS}: make the runs longer instead")
    least_s, requests_each_s = _least(requests_per_s, slos, finding)
    length = measured_s if measured_s is not None else math.ceil(max(SHORTEST_S, least_s))
    if length <= 0 or (measured_s is None and length > LONGEST_S):
        raise ValueError(
            f"one run would have to last {format_duration(least_s)} for the quantile that is judged: "
            "raise the rate, or give its length yourself (--for)"
        )
    warm = warm_up_s if warm_up_s is not None else max(WARM_UP_S, round(WARM_UP_SHARE * length, 1))
    run_s = warm + length + COOL_DOWN_S + START_S
    most, plan = pairs, looks_at((pairs,), level)
    if budget_s is not None:
        most = min(MOST_PAIRS, math.floor(budget_s / (2 * run_s) + 1e-9) - observed)
        if most < FEWEST:
            needed = run_s * 2 * (FEWEST + observed)
            raise ValueError(
                f"a budget of {format_duration(budget_s)} holds {max(0, most)} pairs of runs of "
                f"{format_duration(length)}; {FEWEST} pairs take {format_duration(needed)}"
            )
        pairs = min(pairs, most)
        plan = looks(FEWEST, most, EVERY, level)
    extra = math.ceil(most / EXTRA)
    return Design(
        pairs=pairs,
        most=most,
        extra=extra,
        order=order_of(most + extra, seed),
        seed=seed,
        measured_s=float(length),
        warm_up_s=float(warm),
        cool_down_s=COOL_DOWN_S,
        requests=round(requests_each_s * length),
        looks=plan,
        load=load,
        observed=observed,
        level=level,
    )


def order_of(pairs: int, seed: int) -> tuple[Order, ...]:
    """The order within each pair. A longer one begins like a shorter one of the same seed."""
    turned = np.random.default_rng(seed).integers(0, 2, math.ceil(pairs / 2))
    order: list[Order] = []
    for one in turned.tolist():
        order += ["BA", "AB"] if one else ["AB", "BA"]
    return tuple(order[:pairs])


def requests_for(share: float) -> int:
    """Requests that a run needs for the quantile at this share."""
    known = REQUESTS.get(share)
    return known if known is not None else math.ceil(BEYOND / max(1e-6, min(share, 1 - share)) - 1e-6)


def told(design: Design, *, pairs: int, order: Iterable[Order], together: bool, spent_s: float | None) -> DesignTold:
    """The design as a comparison tells it, after so many pairs."""
    return DesignTold(
        pairs=pairs,
        planned=design.pairs,
        most=design.most,
        order=tuple(order),
        seed=design.seed,
        measured_s=design.measured_s,
        warm_up_s=design.warm_up_s,
        load=design.load,
        requests=design.requests,
        looks=design.looks.pairs,
        level=design.looks.level_at(pairs),
        together=together,
        spent_s=spent_s,
    )


def _least(
    requests_per_s: Mapping[tuple[str, str | None], float], slos: Sequence[Slo], finding: Finding | None
) -> tuple[float, float]:
    """Seconds that a run needs for its judged quantile, and requests a second of the judged step: what
    ``verdict.judged_of`` will judge."""
    latencies = [slo for slo in slos if slo.objective.kind != "errors"]
    wanted = [(slo.objective.good_share, slo.journey, slo.step) for slo in latencies]
    if finding is not None:
        at = finding.predicted.at if finding.predicted is not None else "p95"
        place = finding.locus.journey, finding.locus.step
        there = [one for one in wanted if one[1:] == place]
        wanted = [*there[:1], (float(at.removeprefix("p")) / 100, *place), *wanted]
    rates = [(share, _rate(requests_per_s, journey, step)) for share, journey, step in [*wanted, (0.95, None, None)]]
    share, rate = next((one for one in rates if one[1] > 0), (0.95, 0.0))
    if rate <= 0:
        return SHORTEST_S, 0.0
    needed = requests_for(share)
    return (needed + SPREAD * math.sqrt(needed)) / rate, rate


def _rate(requests_per_s: Mapping[tuple[str, str | None], float], journey: str | None, step: str | None) -> float:
    """Requests a second of a step, of all steps, or whole journeys a second: by their rarest step where it is not said,
    since steps that branch are asked for more or less often than the journey is begun."""
    if step is not None:
        return requests_per_s.get((journey or "", step), 0.0)
    if journey is None:
        return sum(rate for (_, inside), rate in requests_per_s.items() if inside is not None)
    rarest = min((rate for (whose, _), rate in requests_per_s.items() if whose == journey), default=0.0)
    return requests_per_s.get((journey, None), rarest)
