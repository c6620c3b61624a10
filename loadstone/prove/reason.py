"""For the stated reason? The component that a finding blames is looked for on both sides, and its fall held against
what was predicted.

A latency that fell proves that something changed. Whether it changed where the finding said is another question: of
the blamed operation, its number and its time a request, as both observed runs have them under the same requests.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from loadstone.model.comparison import Blamed, ReasonVerdict, Verdict
from loadstone.model.counted import Counted, OperationCount
from loadstone.model.finding import Bounded, Finding
from loadstone.model.quantity import format_count, format_duration
from loadstone.prove.moved import matched

__all__ = ["MOVED_SHARE", "blamed", "foretold", "reason_of"]

MOVED_SHARE = 0.5
"""Of the predicted fall: a cure that takes less than half of it away is another cure, or half of one; above it the
rest is what the cure itself costs (one statement for all in place of one for each)."""

GONE_SHARE = 0.5
"""Of its number a request, for what is judged by its number."""


def foretold(finding: Finding, a: Counted | None) -> tuple[Finding, bool]:
    """The finding as side A's own observed run has it, and whether it has: the prediction is then of this very load."""
    found = None if a is None else _again(finding, a)
    return (finding, False) if found is None else (found, True)


def blamed(finding: Finding, a: Counted, b: Counted) -> Blamed:
    """The component on both sides. ``moved`` is None where it could not be measured on one of them."""
    pairs = list(_operations(finding, a, b))
    component = _name(finding)
    return _by_operation(finding, component, pairs) if pairs else _by_finding(finding, component, a, b)


def reason_of(verdict: Verdict, told: Blamed | None) -> ReasonVerdict | None:
    """Of the judged latency's verdict and the component. None where one of them is not known."""
    if verdict in ("undecided", "invalid"):
        return None
    if verdict != "faster":
        return "no-effect"
    if told is None or told.moved is None:
        return None
    return "confirmed" if told.moved else "refuted"


def _operations(
    finding: Finding, a: Counted, b: Counted
) -> Iterator[tuple[OperationCount | None, OperationCount | None]]:
    """Both sides of the operations that the finding's locus names, in its own step."""
    locus = finding.locus
    names = {_plain(one) for one in (locus.statement, locus.span) if one}
    for (journey, step, family, _), both in matched(a, b).items():
        if (journey, step) != (locus.journey, locus.step):
            continue
        told = both[0] or both[1]
        assert told is not None
        if family == "function":
            hit = locus.function is not None and locus.statement is None and told.label == locus.function
            hit = hit and (locus.file is None or told.where is None or told.where.startswith(locus.file))
        else:
            hit = _plain(told.label) in names and not _elsewhere(finding, told)
        if hit:
            yield both


def _elsewhere(finding: Finding, told: OperationCount) -> bool:
    """The same statement from another file is another component."""
    file = finding.locus.file
    return file is not None and told.where is not None and not told.where.startswith(file)


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()


def _by_operation(
    finding: Finding,
    component: str,
    pairs: list[tuple[OperationCount | None, OperationCount | None]],
) -> Blamed:
    sides = [[one for one in side if one is not None] for side in zip(*pairs, strict=True)]
    took = [math.fsum(one.s_per_request for one in side) for side in sides]
    counts = [math.fsum(one.per_request or 0.0 for one in side) for side in sides]
    counted = all(one.per_request is not None for side in sides for one in side)
    drop = _drop(sides[0], sides[1], took)
    cost = finding.cost_s_per_request
    wanted = MOVED_SHARE * min(cost, took[0]) if cost > 0 else MOVED_SHARE * took[0]
    by_time = drop.value >= wanted > 0 and drop.low > 0
    by_number = counted and counts[0] > 0 and counts[1] <= GONE_SHARE * counts[0]
    fewer = finding.fault in _BY_NUMBER
    has_moved = (by_number and drop.value > 0) if fewer and counted else by_time
    numbers = (counts[0], counts[1]) if counted else (None, None)
    if counted and abs(counts[0] - counts[1]) > 1e-9:
        sentence = f"{component} went from {_number(counts[0])} a request to {_number(counts[1])}"
    else:
        sentence = f"{component} went from {format_duration(took[0])} a request to {format_duration(took[1])}"
    if not has_moved and not (counted and counts[0] != counts[1]):
        sentence = f"{component} stayed at " + (
            f"{_number(counts[1])} a request" if counted else f"{format_duration(took[1])} a request"
        )
    return Blamed(
        fingerprint=finding.fingerprint,
        fault=finding.fault,
        title=finding.title,
        component=component,
        a=numbers[0],
        b=numbers[1],
        a_s=took[0],
        b_s=took[1],
        drop_s=drop,
        predicted_s=_predicted(finding),
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


def _drop(a: list[OperationCount], b: list[OperationCount], took: list[float]) -> Bounded:
    """The fall in seconds a request. Ends that are not known are the value's own; both sides' are independent."""

    def half(side: list[OperationCount]) -> float:
        return math.sqrt(
            math.fsum(
                ((one.high_s - one.low_s) / 2) ** 2 for one in side if one.low_s is not None and one.high_s is not None
            )
        )

    value = took[0] - took[1]
    width = math.hypot(half(a), half(b))
    return Bounded(value, value - width, value + width)


def _by_finding(finding: Finding, component: str, a: Counted, b: Counted) -> Blamed:
    """Where the locus names no operation that is counted, the finding itself is looked for again on side B."""
    again_a, again_b = _again(finding, a), _again(finding, b)
    cost_a = again_a.cost_s_per_request if again_a is not None else None
    looked = b.diagnosis is not None and finding.fault in b.diagnosis.looked_for
    cost_b = again_b.cost_s_per_request if again_b is not None else (0.0 if looked else None)
    drop = None if cost_a is None or cost_b is None else Bounded(cost_a - cost_b, cost_a - cost_b, cost_a - cost_b)
    has_moved: bool | None = None
    if cost_a is None:
        sentence = f"{component} was not found again on side A under this load, so whether it moved is not known"
    elif cost_b is None:
        missing = _missing(finding, b)
        sentence = f"{component} could not be looked for on side B ({missing}), so whether it moved is not known"
    else:
        has_moved = cost_a - cost_b >= MOVED_SHARE * cost_a
        sentence = f"{component} went from {format_duration(cost_a)} a request to {_seconds(cost_b)}"
    return Blamed(
        fingerprint=finding.fingerprint,
        fault=finding.fault,
        title=finding.title,
        component=component,
        a=None,
        b=None,
        a_s=cost_a,
        b_s=cost_b,
        drop_s=drop,
        predicted_s=_predicted(finding),
        moved=has_moved,
        sentence=sentence,
        journey=finding.locus.journey,
        step=finding.locus.step,
    )


def _missing(finding: Finding, b: Counted) -> str:
    if b.diagnosis is None:
        return b.missing[0] if b.missing else "it was not diagnosed"
    return next((one.missing for one in b.diagnosis.could_not_look if one.fault == finding.fault), "not looked for")


def _again(finding: Finding, side: Counted) -> Finding | None:
    if side.diagnosis is None:
        return None
    return next((one for one in side.diagnosis.findings if one.fingerprint == finding.fingerprint), None)


def _predicted(finding: Finding) -> Bounded | None:
    """The fall of the component's own time a request: what it costs, as the finding has it."""
    cost = finding.cost_s_per_request
    return Bounded(cost, cost, cost) if cost > 0 else None


def _name(finding: Finding) -> str:
    """``the reviews statement``, or what else the locus names."""
    locus = finding.locus
    if locus.statement is not None:
        table = _table(locus.statement)
        return f"the statement on {table}" if table else "the statement"
    if locus.function is not None:
        return locus.function
    return locus.span or finding.title


def _table(statement: str) -> str | None:
    words = statement.replace('"', " ").replace("`", " ").split()
    for before, word in pairwise(words):
        if before.upper() in ("FROM", "INTO", "UPDATE") and word[:1].isalpha():
            return word.strip("(),;")
    return None


def _number(value: float) -> str:
    return "0" if value == 0 else format_count(float(value))


def _seconds(value: float) -> str:
    return "0" if value == 0 else format_duration(value)
