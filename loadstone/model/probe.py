"""A probe: one factor varied in short runs, what each run counted, and what the slopes say of causes."""

from __future__ import annotations

import msgspec

from loadstone.model.finding import Bounded

__all__ = ["ProbeOperation", "ProbeReport", "ProbeRun", "ProbeSaid", "ProbeSlope", "ProbeStep"]


class ProbeOperation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operation in the requests of a step: how often in one, how long each time, how many rows each time (None
    unknown)."""

    label: str
    family: str
    per_request: float
    each_s: float
    rows_each: float | None = None


class ProbeStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step in one run, by means a request. ``parts_s`` add up to ``response_s``: ``queue`` is time outside the
    service's span; ``cpu``, ``database``, ``pool``, ``calls`` and ``elsewhere`` lie on the critical path inside it.
    ``cpu`` is left out (it is in ``elsewhere``) where thread CPU times are unknown. ``in_flight`` is the mean over the
    run's time."""

    journey: str | None
    step: str
    requests: int
    in_flight: float
    response_s: float
    parts_s: dict[str, float]
    operations: tuple[ProbeOperation, ...] = ()


class ProbeRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One short run at one level of the factor."""

    run: str
    value: float
    steps: tuple[ProbeStep, ...]
    error_share: float = 0.0


class ProbeSlope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How ``what`` (in ``unit``) changes with one more of the factor. ``at`` are the levels with their means."""

    journey: str | None
    step: str
    what: str
    unit: str
    at: tuple[tuple[float, float], ...]
    slope: Bounded


class ProbeSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the runs say of a step, in a sentence, and of which faults it speaks for or against."""

    journey: str | None
    step: str
    sentence: str
    for_: tuple[str, ...] = msgspec.field(name="for", default=())
    against: tuple[str, ...] = ()


class ProbeReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``probe.json``. ``factor`` is ``rate``, ``concurrency``, ``think`` or a parameter's name; ``unit`` is that of its
    values."""

    format: int
    factor: str
    unit: str
    runs: tuple[ProbeRun, ...]
    slopes: tuple[ProbeSlope, ...]
    said: tuple[ProbeSaid, ...]
    caveats: tuple[str, ...] = ()
