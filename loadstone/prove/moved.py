"""Which operations differ between the sides: a statement, a call or a function that one does more of, or longer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from loadstone.model.comparison import Moved
from loadstone.model.counted import Counted, OperationCount
from loadstone.model.quantity import format_count, format_duration

__all__ = ["LEAST_COUNT", "MOST", "cut", "matched", "moved", "times_told"]

MOST = 12

LEAST_COUNT = 0.005
"""A request: below it, an operation that differs is one request in two hundred."""

LEAST_TIMES = 1.25
LEAST_S = 50e-6
"""What takes that much longer, and by so much a request, is told though its number is the same."""

SHOWN = 80
"""Letters of a label in a sentence; the whole stands beside it."""

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
    """Operations of both sides by what they do, wherever their line moved to: those of several lines are one."""
    sides: list[dict[_Key, list[OperationCount]]] = [{}, {}]
    for side, counted in zip(sides, (a, b), strict=True):
        for one in counted.operations:
            side.setdefault((one.journey, one.step, one.family, one.key or one.label), []).append(one)
    keys = dict.fromkeys([*sides[0], *sides[1]])
    return {key: (_together(sides[0].get(key)), _together(sides[1].get(key))) for key in keys}


def _together(parts: Sequence[OperationCount] | None) -> OperationCount | None:
    """The same work from several lines as one operation, at the line that takes most. Its interval is that of a sum of
    independent parts."""
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    first = max(parts, key=lambda one: one.s_per_request)
    numbers = [one.per_request for one in parts if one.per_request is not None]
    halves = [(one.high_s - one.low_s) / 2 for one in parts if one.low_s is not None and one.high_s is not None]
    took = math.fsum(one.s_per_request for one in parts)
    bounded = len(halves) == len(parts)
    half = math.hypot(*halves)
    return OperationCount(
        journey=first.journey,
        step=first.step,
        family=first.family,
        label=first.label,
        where=first.where,
        per_request=math.fsum(numbers) if len(numbers) == len(parts) else None,
        s_per_request=took,
        low_s=max(0.0, took - half) if bounded else None,
        high_s=took + half if bounded else None,
        key=first.key,
    )


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
    label = cut(told.label)
    if counted:
        sentence = f"{label} went from {times_told(times_a)} to {times_told(times_b)} a request{where}, {took}"
    else:
        durations = f"{format_duration(took_a)} to {format_duration(took_b)}"
        sentence = f"{label} went from {durations} a request{where}, {took}"
    return Moved(
        journey=told.journey,
        step=told.step,
        family=told.family,
        label=told.label,
        where=told.where if a is None or b is None else b.where or a.where,
        a=times_a,
        b=times_b,
        a_s=took_a,
        b_s=took_b,
        sentence=sentence,
    )


def cut(text: str, length: int = SHOWN) -> str:
    """On one line, with an ellipsis where it is longer."""
    told = " ".join(text.split())
    return told if len(told) <= length else f"{told[: length - 1].rstrip()}…"


def times_told(value: float | None) -> str:
    """``2`` where it is whole, ``2.17`` where it is not."""
    number = value or 0.0
    return f"{round(number):,}" if abs(number - round(number)) < 1e-9 else format_count(number)


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
