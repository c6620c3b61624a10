"""Which operations differ between the sides: a statement, a call or a function that one does more of, or longer."""

from __future__ import annotations

from loadstone.model.comparison import Moved
from loadstone.model.counted import Counted, OperationCount
from loadstone.model.quantity import format_count, format_duration

__all__ = ["LEAST_COUNT", "MOST", "matched", "moved"]

MOST = 12

LEAST_COUNT = 0.005
"""A request: below it, an operation that differs is one request in two hundred."""

LEAST_TIMES = 1.25
LEAST_S = 50e-6
"""What takes that much longer, and by so much a request, is told though its number is the same."""

_Key = tuple[str | None, str | None, str, str]


def moved(a: Counted, b: Counted) -> tuple[Moved, ...]:
    """Operations that differ, the costliest first."""
    found: list[tuple[float, Moved]] = []
    for left, right in matched(a, b).values():
        one = _moved(left, right)
        if one is not None:
            found.append((abs(one.b_s - one.a_s), one))
    found.sort(key=lambda each: -each[0])
    return tuple(one for _, one in found[:MOST])


def matched(a: Counted, b: Counted) -> dict[_Key, tuple[OperationCount | None, OperationCount | None]]:
    """Operations of both sides by what they do, wherever their line moved to."""
    sides = [{_key(one): one for one in side.operations} for side in (a, b)]
    return {key: (sides[0].get(key), sides[1].get(key)) for key in (sides[0] | sides[1])}


def _key(one: OperationCount) -> _Key:
    return one.journey, one.step, one.family, one.key or one.label


def _moved(a: OperationCount | None, b: OperationCount | None) -> Moved | None:
    told = b or a
    assert told is not None
    times_a, times_b = _times(a, told), _times(b, told)
    took_a, took_b = (0.0 if one is None else one.s_per_request for one in (a, b))
    counted = times_a is not None and times_b is not None and abs(times_b - times_a) > LEAST_COUNT
    if not counted and not _longer(a, b):
        return None
    where = f" of {told.journey}.{told.step}" if told.step is not None and told.journey else ""
    took = _took(took_b - took_a)
    if counted:
        number_a, number_b = (format_count(float(one or 0.0)) for one in (times_a, times_b))
        sentence = f"{told.label} went from {number_a} to {number_b} a request{where}, {took}"
    else:
        sentence = (
            f"{told.label} went from {format_duration(took_a)} to {format_duration(took_b)} a request{where}, {took}"
        )
    place = (b.where if b is not None else None) or told.where
    return Moved(
        journey=told.journey,
        step=told.step,
        family=told.family,
        label=told.label,
        where=place,
        a=times_a,
        b=times_b,
        a_s=took_a,
        b_s=took_b,
        sentence=sentence,
    )


def _times(one: OperationCount | None, told: OperationCount) -> float | None:
    """How often; an operation that only one side has was counted on the other one as well: never."""
    if one is None:
        return None if told.per_request is None else 0.0
    return one.per_request


def _longer(a: OperationCount | None, b: OperationCount | None) -> bool:
    """Whether its time moved: beyond both intervals where they are known, by a part and an amount that matter."""
    left, right = (0.0 if one is None else one.s_per_request for one in (a, b))
    low, high = min(left, right), max(left, right)
    if high - low < LEAST_S or high < LEAST_TIMES * low:
        return False
    lower, upper = (a, b) if left <= right else (b, a)
    top = lower.high_s if lower is not None else 0.0
    bottom = upper.low_s if upper is not None else None
    return top is None or bottom is None or bottom > top


def _took(more_s: float) -> str:
    return f"{format_duration(abs(more_s))} {'more' if more_s > 0 else 'less'}"
