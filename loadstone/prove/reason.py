"""For the stated reason? The component that a finding blames is looked for on both sides, and its fall held against
what was predicted.

A latency that fell proves that something changed. Whether it changed where the finding said is another question: of
the blamed operation, its number and its time a request, as both observed runs have them under the same requests.
"""

from __future__ import annotations

import math
from itertools import pairwise

from msgspec.structs import replace

from loadstone.model.comparison import Blamed, ReasonVerdict, Verdict
from loadstone.model.counted import Counted, OperationCount
from loadstone.model.finding import Bounded, Finding
from loadstone.model.quantity import format_duration
from loadstone.prove.moved import LEAST_COUNT, cut, times_told

__all__ = ["MOVED_SHARE", "blamed", "foretold", "reason_of"]

MOVED_SHARE = 0.5
"""Of the predicted fall: a cure that takes less than half of it away is another cure, or half of one; above it the
rest is what the cure itself costs (one statement for all in place of one for each)."""

GONE_SHARE = 0.5
"""Of its number a request, for what is judged by its number."""


def foretold(finding: Finding, a: Counted | None) -> tuple[Finding, bool]:
    """The finding as side A's own observed run has it, and whether it has: the prediction is then of this very load.
    Where that run was too short to predict from and the finding's own was not, the finding's prediction is kept."""
    found = None if a is None else _again(finding, a)
    if found is None:
        return finding, False
    if _refused(found) and not _refused(finding):
        return replace(found, predicted=finding.predicted), False
    return found, True


def _refused(finding: Finding) -> bool:
    return finding.predicted is None or finding.predicted.refused is not None


def blamed(finding: Finding, a: Counted | None, b: Counted | None) -> Blamed:
    """The component on both sides. ``moved`` is None where it could not be measured on one of them."""
    if a is None or b is None:
        return _told(finding, f"{_name(finding)} was not measured: there are no observed runs of both sides")
    sides = _operations(finding, a), _operations(finding, b)
    if not sides[0] and not sides[1]:
        return _by_finding(finding, a, b)
    return _by_operation(finding, *sides)


def reason_of(verdict: Verdict, told: Blamed | None) -> ReasonVerdict | None:
    """Of the judged latency's verdict and the component. None where one of them is not known."""
    if verdict in ("undecided", "invalid"):
        return None
    if verdict != "faster":
        return "no-effect"
    if told is None or told.moved is None:
        return None
    return "confirmed" if told.moved else "refuted"


def _operations(finding: Finding, side: Counted) -> list[OperationCount]:
    """The operations that the finding's locus names, in its own step. A statement is the same from another line or
    file: a cure that only moves it is none. A function is its file's."""
    locus = finding.locus
    names = {_plain(one) for one in (locus.statement, locus.span) if one}
    found = []
    for one in side.operations:
        if (one.journey, one.step) != (locus.journey, locus.step):
            continue
        if one.family != "function":
            hit = _plain(one.label) in names
        else:
            hit = locus.statement is None and one.label == locus.function and _here(finding, one)
        if hit:
            found.append(one)
    return found


def _here(finding: Finding, one: OperationCount) -> bool:
    """Whether an operation is in the finding's file, as far as both are known."""
    file = finding.locus.file
    return file is None or one.where is None or one.where.rpartition(":")[0] == file


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()


def _by_operation(finding: Finding, a: list[OperationCount], b: list[OperationCount]) -> Blamed:
    """By number for a fault of doing something too often, else by time. What has to fall is what the finding's own
    place does on side A, of what the same work does from all places."""
    component = _name(finding)
    own = [one for one in a if _here(finding, one)] or a
    took_a, took_b, took_own = (math.fsum(one.s_per_request for one in side) for side in (a, b, own))
    counted = all(one.per_request is not None for one in (*a, *b))
    times_a, times_b, times_own = (math.fsum(one.per_request or 0.0 for one in side) for side in (a, b, own))
    numbers = (times_a, times_b) if counted else (None, None)
    drop = _drop(a, b)
    cost = finding.cost_s_per_request
    wanted = MOVED_SHARE * (min(cost, took_own) if cost > 0 else took_own)
    by_time = drop.value >= wanted > 0 and drop.low > 0
    by_number = times_own > 0 and times_a - times_b >= GONE_SHARE * times_own and drop.value > 0
    has_moved: bool | None = by_number if counted and finding.fault in _BY_NUMBER else by_time
    if took_own <= 0 and times_own <= 0:
        has_moved = None
        sentence = f"{component} was not seen on side A under this load, so whether it moved is not known"
    elif counted and abs(times_a - times_b) > LEAST_COUNT:
        sentence = f"{component} went from {times_told(times_a)} a request to {times_told(times_b)}"
    elif has_moved:
        sentence = f"{component} went from {format_duration(took_a)} a request to {_seconds(took_b)}"
    elif counted and finding.fault in _BY_NUMBER:
        sentence = f"{component} stayed at {times_told(times_b)} a request"
    else:
        sentence = f"{component} took {format_duration(took_a)} a request on A and {_seconds(took_b)} on B"
    return _told(finding, sentence, numbers=numbers, took=(took_a, took_b), drop=drop, has_moved=has_moved)


def _told(
    finding: Finding,
    sentence: str,
    *,
    numbers: tuple[float | None, float | None] = (None, None),
    took: tuple[float | None, float | None] = (None, None),
    drop: Bounded | None = None,
    has_moved: bool | None = None,
) -> Blamed:
    cost = finding.cost_s_per_request
    return Blamed(
        fingerprint=finding.fingerprint,
        fault=finding.fault,
        title=finding.title,
        component=_name(finding),
        a=numbers[0],
        b=numbers[1],
        a_s=took[0],
        b_s=took[1],
        drop_s=drop,
        predicted_s=Bounded(cost, cost, cost) if cost > 0 else None,
        moved=has_moved,
        sentence=sentence,
        journey=finding.locus.journey,
        step=finding.locus.step,
    )


_BY_NUMBER = frozenset(
    {
        "n-plus-one",
        "m-n-plus-one",
        "repeated-statement",
        "http-n-plus-one",
        "retry-amplification",
        "connection-churn",
        "cache-stampede",
    }
)
"""Faults of doing something too often: their cure is known by the number."""


def _drop(a: list[OperationCount], b: list[OperationCount]) -> Bounded:
    """The fall in seconds a request. Ends that are not known are the value's own; both sides' are independent."""

    def half(side: list[OperationCount]) -> float:
        known = [(one.high_s - one.low_s) / 2 for one in side if one.low_s is not None and one.high_s is not None]
        return math.hypot(*known)

    value = math.fsum(one.s_per_request for one in a) - math.fsum(one.s_per_request for one in b)
    width = math.hypot(half(a), half(b))
    return Bounded(value, value - width, value + width)


def _by_finding(finding: Finding, a: Counted, b: Counted) -> Blamed:
    """Where the locus names no operation that is counted, the finding itself is looked for again on side B."""
    component = _name(finding)
    again_a, again_b = _again(finding, a), _again(finding, b)
    cost_a = again_a.cost_s_per_request if again_a is not None else None
    looked = b.diagnosis is not None and finding.fault in b.diagnosis.looked_for
    cost_b = again_b.cost_s_per_request if again_b is not None else (0.0 if looked else None)
    if cost_a is None:
        sentence = f"{component} was not found again on side A under this load, so whether it moved is not known"
        return _told(finding, sentence, took=(None, cost_b))
    if cost_b is None:
        sentence = f"{component} could not be looked for on side B ({_missing(finding, b)}), so whether it moved is "
        return _told(finding, f"{sentence}not known", took=(cost_a, None))
    fall = cost_a - cost_b
    return _told(
        finding,
        f"{component} went from {format_duration(cost_a)} a request to {_seconds(cost_b)}",
        took=(cost_a, cost_b),
        drop=Bounded(fall, fall, fall),
        has_moved=fall >= MOVED_SHARE * cost_a > 0,
    )


def _missing(finding: Finding, b: Counted) -> str:
    if b.diagnosis is None:
        return b.missing[0] if b.missing else "it was not diagnosed"
    return next((one.missing for one in b.diagnosis.could_not_look if one.fault == finding.fault), "not looked for")


def _again(finding: Finding, side: Counted) -> Finding | None:
    """The finding in a side's own diagnosis: by its fingerprint, or where the service is called otherwise there (its
    name may be its folder's), by its fault and place."""
    found = side.diagnosis.findings if side.diagnosis is not None else ()
    same = (one for one in found if one.fingerprint == finding.fingerprint)
    alike = (one for one in found if _place(one) == _place(finding))
    return next(same, None) or next(alike, None)


def _place(one: Finding) -> tuple[str | None, ...]:
    locus = one.locus
    what = locus.statement or locus.function or locus.span or one.title
    return one.fault, locus.journey, locus.step, _plain(what)


def _name(finding: Finding) -> str:
    """``the reviews statement``, or what else the locus names."""
    locus = finding.locus
    if locus.statement is not None:
        table = _table(locus.statement)
        return f"the statement on {table}" if table else "the statement"
    return cut(locus.function or locus.span or finding.title)


def _table(statement: str) -> str | None:
    words = statement.replace('"', " ").replace("`", " ").split()
    for before, word in pairwise(words):
        if before.upper() in ("FROM", "INTO", "UPDATE") and word[:1].isalpha():
            return word.strip("(),;")
    return None


def _seconds(value: float) -> str:
    return "0" if value == 0 else format_duration(value)
