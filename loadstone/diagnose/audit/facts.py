"""What a run knows of itself, to be held against its evidence: requests by step, and what its sources said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from loadstone.model.evidence import Counts
from loadstone.model.interval import Interval

__all__ = ["Facts", "StepSent", "sent_by_step"]

UNREACHED = frozenset({"connect", "dns", "tls"})
"""Results of requests that the service never saw."""

UNSURE = frozenset({"timeout", "reset", "protocol"})
"""Results of requests that the service may or may not have seen."""


class StepSent(msgspec.Struct, frozen=True):
    """Requests of one step over the whole run, warm-up too. ``number`` is the step's in the plan, from 1. ``seen`` were
    answered, so the service saw them; ``unsure`` it may have seen."""

    number: int
    journey: str
    step: str
    seen: int
    unsure: int


class Facts(msgspec.Struct, frozen=True):
    """The other side of the audit.

    ``steps`` is empty where Loadstone sent nothing (gather, import). ``trace_share`` of the requests carried a sampled
    traceparent. ``redirects`` were followed, each one more request with the ids of the first. ``unanswered`` were in
    flight at the end. ``counts`` is what the archive kept. ``refused`` counts the receiver's refusals by reason, None
    without a receiver; ``clipped`` the attributes that were cut, None where nobody counted.
    """

    steps: tuple[StepSent, ...] = ()
    trace_share: float = 0.0
    redirects: int = 0
    unanswered: int = 0
    counts: Counts | None = None
    refused: Mapping[str, int] | None = None
    clipped: int | None = None


def sent_by_step(
    intervals: Iterable[Interval], steps: Sequence[tuple[str, str]]
) -> tuple[tuple[StepSent, ...], int, int]:
    """Requests by step, redirects, and requests left unanswered. ``steps`` are (journey, step) in the plan's order."""
    numbers = {step: number for number, step in enumerate(steps, 1)}
    seen = dict.fromkeys(numbers, 0)
    unsure = dict.fromkeys(numbers, 0)
    redirects = unanswered = 0
    for interval in intervals:
        redirects += interval.redirects
        unanswered += interval.sent - interval.done
        for cell in interval.cells:
            key = (cell.journey, cell.step or "")
            if key not in numbers or cell.result in UNREACHED:
                continue
            (unsure if cell.result in UNSURE else seen)[key] += cell.count
    told = tuple(StepSent(number, *key, seen[key], unsure[key]) for key, number in numbers.items())
    return told, redirects, max(0, unanswered)
