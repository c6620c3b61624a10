"""What the service does today: one user alone, then a short run at a safe rate, from which objectives are drafted.

Both runs are in the archive, so that every number in the spec can be looked up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from loadstone.archive import Archive
from loadstone.drive.compile import compile_plan
from loadstone.drive.engine import Engine
from loadstone.drive.facts import PlanFacts
from loadstone.drive.tally import Tally
from loadstone.lab.service import ServiceProcess
from loadstone.lab.trial import Asked, Trial, Watch, run_trial
from loadstone.model.interval import Interval
from loadstone.model.introduction import BaselineTold, StepMeasured
from loadstone.model.service import Service
from loadstone.model.shape import Phase, Shape
from loadstone.model.workload import Journey, Step, Workload
from loadstone.stats.histogram import bucket_of
from loadstone.stats.proportion import design_effect, quantile_shares

__all__ = ["BASELINE_S", "Measuring", "safe_rate"]

ALONE_WARM_UP_S, ALONE_S = 2.0, 3.0
"""Of one user alone: enough for a median, too short to wear anything out."""

WARM_UP_S = 10.0
BASELINE_S = 20.0

PART = 0.1
"""Of what one user alone can do: a load that no service that works for one user notices."""

LEAST_PER_S, MOST_PER_S = 0.5, 20.0
"""Bounds of a first guess: a run of a minute has some journeys, and nothing is driven hard unasked."""

P99_FROM, P95_FROM = 1000, 60
"""Requests from which on a quantile is drafted: ten of a thousand lie beyond a p99, three of sixty beyond a p95."""


class Alone(NamedTuple):
    """One user without pauses: journeys a second, and the run that says so."""

    per_s: float
    run: str


class Measuring:
    """Runs of one service and workload; ``process`` is the service where it was started here."""

    def __init__(
        self,
        archive: Archive,
        service: Service,
        engine: Callable[[bytes], Engine],
        *,
        seed: int,
        environ: Mapping[str, str],
        command: Sequence[str] = (),
        process: ServiceProcess | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._archive, self._service, self._engine = archive, service, engine
        self._seed, self._environ, self._command = seed, environ, tuple(command)
        self._process, self._watch = process, watch

    def alone(self, workload: Workload) -> Alone | None:
        """What one user can do. None where nothing was completed."""
        quick = msgspec.structs.replace(workload, journeys=tuple(_without_pauses(one) for one in workload.journeys))
        phases = (Phase("warm-up", ALONE_WARM_UP_S, users=1, measured=False), Phase("alone", ALONE_S, users=1))
        shape = Shape("alone", "closed", phases)
        trial, _ = self._run(quick, shape, "one user", None)
        per_s = trial.summary.achieved_per_s
        return Alone(per_s, trial.run) if per_s > 0 else None

    def baseline(self, workload: Workload, rate_per_s: float, text: str) -> BaselineTold:
        """A short run at this rate, its warm-up left out."""
        phases = (Phase("warm-up", WARM_UP_S, rate_per_s, measured=False), Phase("baseline", BASELINE_S, rate_per_s))
        trial, facts = self._run(workload, Shape("baseline", "poisson", phases), "baseline", text)
        intervals = list(self._archive.run(trial.run).intervals())
        summary = trial.summary
        return BaselineTold(
            run=trial.run,
            seconds=summary.duration_s,
            requests=summary.requests,
            errors=summary.errors,
            rate_per_s=rate_per_s,
            validity=summary.validity,
            steps=tuple(_measured(facts, intervals)),
        )

    def _run(self, workload: Workload, shape: Shape, label: str, text: str | None) -> tuple[Trial, PlanFacts]:
        plan = compile_plan(workload, shape, self._service, seed=self._seed, environment=self._environ)
        asked = Asked(
            plan=plan,
            service=self._service,
            seed=self._seed,
            spec=text,
            labels={"init": label},
            command=self._command,
            report=False,
        )
        trial = run_trial(self._archive, asked, self._engine, self._watch, self._process)
        if trial.summary.status == "interrupted":
            raise KeyboardInterrupt
        return trial, PlanFacts.of(plan.engine)


def safe_rate(alone_per_s: float) -> float:
    """A tenth of what one user can do, within bounds; for a slow service at most half of it. Two digits."""
    least = min(LEAST_PER_S, alone_per_s / 2)
    return _two_digits(min(max(PART * alone_per_s, least), MOST_PER_S), math.floor)


def _without_pauses(journey: Journey) -> Journey:
    actions = tuple(
        msgspec.structs.replace(action, pause=None) for action in journey.actions if isinstance(action, Step)
    )
    return msgspec.structs.replace(journey, actions=actions)


def _measured(facts: PlanFacts, intervals: Sequence[Interval]) -> list[StepMeasured]:
    """A quantile of each step with enough requests, and of every request under no name."""
    tally = Tally(facts)
    for interval in intervals:
        tally.add(interval)
    places = [("", ""), *dict.fromkeys(facts.steps)]
    found = [_one(place, tally, facts, intervals) for place in places]
    return [one for one in found if one is not None]


def _one(place: tuple[str, str], tally: Tally, facts: PlanFacts, intervals: Sequence[Interval]) -> StepMeasured | None:
    """Its interval allows for slow requests that come in clumps. None with too few requests."""
    one = tally.overall if not place[0] else tally.steps.get(place)
    if one is None or one.requests < P95_FROM:
        return None
    share = 0.99 if one.requests >= P99_FROM else 0.95
    value = one.response.quantile(share)
    if value is None:
        return None
    edge = bucket_of(round(value * 1e9))
    bad, total = [], []
    for interval in intervals:
        cells = [cell for cell in interval.cells if facts.measured(cell.phase) and cell.step is not None]
        cells = [cell for cell in cells if not place[0] or (cell.journey, cell.step) == place]
        if cells:
            total.append(sum(cell.count for cell in cells))
            bad.append(sum(count for cell in cells for bucket, count in cell.response.buckets if bucket > edge))
    shares = quantile_shares(share, one.requests, design_effect(bad, total))
    low, high = (one.response.quantile(part) for part in shares)
    if low is None or high is None:
        return None
    return StepMeasured(*place, one.requests, share, value, min(low, value), max(high, value))


def _two_digits(number: float, rounding: Callable[[float], int]) -> float:
    if number <= 0:
        return 0.0
    scale = 10.0 ** (1 - math.floor(math.log10(number)))
    return float(f"{rounding(number * scale + (-1e-9 if rounding is math.ceil else 1e-9)) / scale:.6g}")
