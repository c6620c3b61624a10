"""What is measured of a side's run: each metric as one number a run, or none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from loadstone.model.comparison import label_of
from loadstone.model.counted import COUNTERS
from loadstone.model.finding import Finding
from loadstone.model.side_run import SideRun
from loadstone.model.slo import Slo
from loadstone.stats.pairs.quantiles import harrell_davis

__all__ = ["BEYOND", "BYTES_SHARE", "LATE", "NAMED", "SHARES", "Measure", "bytes_measure", "late", "measures"]

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
NAMED = {share: name for name, share in SHARES.items()}

BEYOND = 5
"""Requests beyond a quantile in every run, or it is not told at all; below ten it is told with a note."""

ERRORS_MARGIN = 0.001
"""Of the requests: a tenth of a percent more may fail."""

LATE = "late-schedule"

LATE_SHARE = 0.25
"""Of the margin: lateness that moves a quantile by less changes no verdict on it. It is known exactly, since service
time is measured beside response time."""

BYTES_SHARE = 0.02
"""Of A's size: a reply may grow by so much before it is told as worse, where nothing else is asked."""

Kind = Literal["ratio", "difference"]
Value = Callable[[SideRun], float | None]


@dataclass(frozen=True)
class Measure:
    """A metric to take of every run. ``share`` is its quantile's, ``slo`` the objective that asks for it."""

    name: str
    unit: str
    kind: Kind
    value: Value
    margin: float
    journey: str | None = None
    step: str | None = None
    share: float | None = None
    more_is_better: bool = False
    slo: str | None = None

    @property
    def label(self) -> str:
        """As a guardrail names it: ``p99 response of browse.detail``."""
        return label_of(self.name, self.journey, self.step)


def measures(
    slos: Sequence[Slo],
    finding: Finding | None,
    margin: float,
    margins: Mapping[str, float],
    steps: Sequence[tuple[str, str]],
) -> list[Measure]:
    """Every metric once: those of the objectives in their order, the finding's step, then all requests; last what a
    margin asks for by its name. ``steps`` are those that were driven."""
    found: dict[str, Measure] = {}

    def add(one: Measure) -> None:
        found.setdefault(one.label, replace(one, margin=margins.get(one.label, one.margin)))

    driven, journeys = set(steps), {journey for journey, _ in steps}
    for slo in slos:
        if slo.step is not None and (slo.journey or "", slo.step) not in driven:
            continue
        if slo.journey is not None and slo.journey not in journeys:
            continue
        if slo.objective.kind == "errors":
            add(_errors(slo.journey, slo.step, slo.name))
        else:
            add(_quantile("response", slo.objective.good_share, slo.journey, slo.step, margin, slo.name))
    if finding is not None and _driven(finding, driven, journeys):
        where = finding.locus.journey, finding.locus.step
        at = finding.predicted.at if finding.predicted is not None else "p95"
        for share in dict.fromkeys((SHARES[at], 0.5, 0.99)):
            add(_quantile("response", share, *where, margin, None))
    for which in ("response", "service"):
        for share in SHARES.values():
            add(_quantile(which, share, None, None, margin, None))
    add(Measure("throughput", "/s", "ratio", lambda run: run.achieved_per_s, margin, more_is_better=True))
    add(_errors(None, None, None))
    add(Measure("CPU a request", "s", "ratio", _cpu, margin))
    for label in margins:
        for one in _asked(label, margin, driven):
            add(one)
    return list(found.values())


def _driven(finding: Finding, steps: set[tuple[str, str]], journeys: set[str]) -> bool:
    """Whether the finding's step, or journey, is among what was driven; one without a place is of all requests."""
    locus = finding.locus
    if locus.step is not None:
        return not steps or (locus.journey or "", locus.step) in steps
    return locus.journey is None or locus.journey in journeys


def _asked(label: str, margin: float, driven: set[tuple[str, str]]) -> list[Measure]:
    name, of, place = label.partition(" of ")
    journey, _, step = place.partition(".")
    where = (journey or None, step or None)
    if of and step and (journey, step) not in driven:
        return []
    quantile, _, which = name.partition(" ")
    if quantile in SHARES and which in ("response", "service"):
        return [_quantile(which, SHARES[quantile], *where, margin, None)]
    return [_errors(*where, None)] if name == "errors" else []


def bytes_measure(runs: Sequence[SideRun], margins: Mapping[str, float]) -> Measure | None:
    """Bytes of a reply, from what the generator received, where no observed run counted them; None without any reply.
    ``runs`` are side A's: its size is what the usual margin is a share of."""

    def value(run: SideRun) -> float | None:
        return run.whole.bytes_in / run.whole.requests if run.whole.requests and run.whole.bytes_in else None

    name = COUNTERS["bytes"]
    sizes = [size for run in runs if (size := value(run)) is not None]
    if not sizes:
        return None
    usual = BYTES_SHARE * sum(sizes) / len(sizes)
    return Measure(name, "bytes", "difference", value, margins.get(name, usual))


def _quantile(
    which: str, share: float, journey: str | None, step: str | None, margin: float, slo: str | None
) -> Measure:
    def value(run: SideRun) -> float | None:
        measured = run.step(journey, step)
        if measured is None:
            return None
        histogram = measured.response if which == "response" else measured.service
        if histogram.count * min(share, 1 - share) < BEYOND:
            return None
        return harrell_davis(histogram, share)

    name = NAMED.get(share, f"p{share * 100:.10g}")
    return Measure(f"{name} {which}", "s", "ratio", value, margin, journey, step, share, slo=slo)


def late(measure: Measure, run: SideRun) -> bool:
    """Whether the generator's own lateness, where the run is in doubt for it, moved this quantile of the response
    time."""
    if measure.share is None or not measure.name.endswith(" response"):
        return False
    measured = run.step(measure.journey, measure.step)
    if measured is None or not any(one.code == LATE and one.level == "doubt" for one in run.caveats):
        return False
    response, service = (one.quantile(measure.share) for one in (measured.response, measured.service))
    if not response or not service:
        return True
    return math.log(response / service) > LATE_SHARE * math.log(measure.margin)


def _errors(journey: str | None, step: str | None, slo: str | None) -> Measure:
    def value(run: SideRun) -> float | None:
        measured = run.step(journey, step)
        return None if measured is None or not measured.requests else measured.errors / measured.requests

    return Measure("errors", "share", "difference", value, ERRORS_MARGIN, journey, step, slo=slo)


def _cpu(run: SideRun) -> float | None:
    if run.service_cpu_s is None or not run.all_requests:
        return None
    return run.service_cpu_s / run.all_requests or None
