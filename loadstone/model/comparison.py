"""Two sides compared: the design, each metric with its interval and verdict, and whether the stated reason held."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.finding import Bounded, Predicted
from loadstone.model.run import Caveat, Machine

__all__ = [
    "Blamed",
    "Comparison",
    "DesignTold",
    "LedgerEntry",
    "Metric",
    "Moved",
    "PairRow",
    "ReasonVerdict",
    "RunRow",
    "ShiftPoint",
    "SideTold",
    "StepShift",
    "Verdict",
    "label_of",
]

Verdict = Literal["faster", "slower", "not-worse", "undecided", "invalid"]
"""Of a metric where more is better, and of counters, faster reads "better" and slower "worse"."""

ReasonVerdict = Literal["confirmed", "refuted", "no-effect"]
"""In words: for the stated reason, not for the stated reason, no effect."""


def label_of(name: str, journey: str | None, step: str | None) -> str:
    """A metric as a guardrail names it: ``p99 response of browse.detail``, of a journey, or of all requests."""
    if journey is None:
        return name
    return f"{name} of {journey}" if step is None else f"{name} of {journey}.{step}"


class SideTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One side. ``label`` is what tells it from the other (a command, a URL, a revision, ``FIX=1`` with values only
    where they were typed as arguments); ``kind`` how it was had. ``runs`` are its runs in order of their pairs,
    ``observed`` the one that counters come from."""

    name: Literal["A", "B"]
    label: str
    kind: Literal["command", "url", "revision", "environment", "call", "archive"]
    commit: str | None = None
    dirty: bool | None = None
    runs: tuple[str, ...] = ()
    observed: str | None = None


class DesignTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it was measured. ``order`` has one entry a pair that was run, "AB" or "BA". ``planned`` pairs are those
    before any extension, ``most`` the limit of it; ``looks`` are the numbers of pairs after which it was judged (one
    look where the design is fixed), ``level`` the two-sided confidence of the last look's intervals. ``measured_s``
    and ``warm_up_s`` are of one run, ``requests`` its expected measured requests of the judged step. ``smallest``
    is the smallest ratio that a metric's design would see with power .8, from the pairs' own spread.
    ``interleaved`` is false for runs that were not made in pairs: what is then missing is in the caveats."""

    pairs: int
    planned: int
    most: int
    order: tuple[str, ...]
    seed: int
    measured_s: float
    warm_up_s: float
    load: str
    requests: int
    looks: tuple[int, ...]
    level: float
    interleaved: bool = True
    together: bool = False
    spent_s: float | None = None
    smallest: dict[str, float] = {}


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One metric. ``ratio`` is B/A (A/B where more is better) with its interval ``low``, ``high`` and ``margin`` (1.05:
    5 % worse allowed). For error share and counters ``ratio`` is null, ``low``, ``high`` and ``margin`` are those of
    the difference B - A, in ``unit``. ``a`` and ``b`` are the sides' levels: geometric means of the runs' quantiles,
    means of counts. ``values`` has each pair's own ratio or difference. ``method`` is ``sign-flip``, ``student`` or
    ``by count``. ``journey`` and ``step`` are null for all requests. ``judged`` is what the overall verdict comes
    from. ``floor`` is the noise floor as a margin, where it was calibrated. ``q`` is the adjusted p value."""

    name: str
    unit: str
    journey: str | None
    step: str | None
    a: float | None
    b: float | None
    ratio: float | None
    low: float | None
    high: float | None
    margin: float
    verdict: Verdict
    pairs_to_decide: int | None = None
    method: str = "sign-flip"
    more_is_better: bool = False
    values: tuple[float, ...] = ()
    judged: bool = False
    slo: str | None = None
    floor: float | None = None
    p: float | None = None
    q: float | None = None
    note: str | None = None

    @property
    def label(self) -> str:
        """``p99 response of browse.detail``, of a journey, or of all requests."""
        return label_of(self.name, self.journey, self.step)


class ShiftPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ratio B/A at one quantile."""

    share: float
    a_s: float
    b_s: float
    ratio: float
    low: float
    high: float


class StepShift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shift function of a step's response time: deciles and the tail."""

    journey: str | None
    step: str | None
    points: tuple[ShiftPoint, ...]


class Moved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operation that one side does more of, or longer: a statement, a call, a function. ``a`` and ``b`` are how
    often a request, ``a_s`` and ``b_s`` seconds a request."""

    journey: str | None
    step: str | None
    family: str
    label: str
    where: str | None
    a: float | None
    b: float | None
    a_s: float
    b_s: float
    sentence: str


class Blamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The component that a finding blames, on both sides. ``a`` and ``b`` are its number a request (None where it is
    only time), ``a_s`` and ``b_s`` its seconds a request of the step; ``drop_s`` the measured fall with its interval;
    ``predicted_s`` the fall that a complete fix would bring. ``moved`` says whether it fell as predicted, None where
    it could not be measured: ``sentence`` says what was seen either way."""

    fingerprint: str
    fault: str
    title: str
    component: str
    a: float | None
    b: float | None
    a_s: float | None
    b_s: float | None
    drop_s: Bounded | None
    predicted_s: Bounded | None
    moved: bool | None
    sentence: str
    journey: str | None = None
    step: str | None = None


class RunRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run of a pair, as the table of pairs shows it; times in seconds."""

    run: str
    place: int
    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


class PairRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pair. ``left_out`` is why it is not judged, None where it is."""

    pair: int
    order: Literal["AB", "BA"]
    seed: int
    a: RunRow | None
    b: RunRow | None
    left_out: str | None = None


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``verdict.json``, and ``--json`` of prove and compare. ``sentence`` is the answer. ``predicted`` is what was
    foretold of the finding; ``same_load`` says that it was on the proof's own run of A. ``measured`` has under the same
    names (``p50_s``, ``p95_s``, ``p99_s``) what side B was measured at, and ``ratio``. ``reason`` is null without a
    finding. ``moved`` are the operations that differ, the costliest first. ``vetoed`` has the sentences that make it
    invalid."""

    format: Literal[1]
    experiment: str | None
    sides: tuple[SideTold, SideTold]
    design: DesignTold
    metrics: tuple[Metric, ...]
    verdict: Verdict
    sentence: str
    reason: ReasonVerdict | None = None
    blamed: Blamed | None = None
    predicted: Predicted | None = None
    same_load: bool = False
    measured: dict[str, Bounded] = {}
    shifts: tuple[StepShift, ...] = ()
    moved: tuple[Moved, ...] = ()
    pairs: tuple[PairRow, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    vetoed: tuple[str, ...] = ()
    machine: Machine | None = None
    calibrated: bool = False
    next_step: str | None = None


class LedgerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of ``ledger.jsonl``: what was predicted of a finding, and what was measured. Values are at quantile ``at``
    of the step, in seconds; ``same_load`` says whether the prediction is of the proof's own run of side A."""

    format: Literal[1]
    experiment: str
    at_ns: int
    fault: str
    fingerprint: str
    journey: str | None
    step: str | None
    at: str
    before_s: Bounded | None
    predicted_s: Bounded | None
    measured_s: Bounded | None
    predicted_ratio: Bounded | None
    measured_ratio: Bounded | None
    refused: str | None
    verdict: Verdict
    reason: ReasonVerdict | None
    pairs: int
    same_load: bool = True
    service: str | None = None
