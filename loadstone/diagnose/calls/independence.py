"""Whether siblings need each other: what traces say of it, and what they cannot.

For two operations of one parent that never run at one time: another order somewhere, or the later one without the
earlier, shows that they do not. Addresses that hold only what was known before say the same. A login before, an item
below a list, a write, ids never seen before the earlier call say that they may.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.inputs import Inputs, Known
from loadstone.diagnose.calls.outgoing import CALLS, consumes, reads
from loadstone.diagnose.calls.siblings import Siblings
from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import named
from loadstone.diagnose.suspect import Scene
from loadstone.model.finding import Fact

__all__ = ["SHOWN", "Pair", "groups", "hearts", "pairs"]

SERIAL = 0.95
"""Of the requests that have both, so many have them one after another; the rest are clocks and retries."""

VARIES = 0.02
"""Another order in so many requests, and in three at least, is no accident of clocks."""

ALONE = 3
"""Requests with the later but not the earlier: one may be a lost span."""

WRAPPED = 0.8
"""A span whose single child takes so much of its time is only the child's wrapping."""

UNSHOWN = 0.4
"""Confidence in independence where nothing speaks for it but the calls themselves: less than even."""

SHOWN = 0.5
"""From here on something speaks for it."""

DEEP = 6
"""Wrappings within each other that are looked through."""

_STATEMENTS = ("database", "key-value")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two siblings that seem independent. ``confidence`` 0 to 1 that the later does not need the earlier."""

    confidence: float
    for_: tuple[Fact, ...] = ()
    against: tuple[Fact, ...] = ()


def hearts(digest: Digest, step: int) -> dict[int, tuple[int, int]]:
    """Operations of a step that are calls or statements, or only wrap one: operation -> (the call within, its parent),
    the parent -1 where the operation is the call itself."""
    visits = digest.visits
    child: dict[int, tuple[int, float]] = {}
    total: dict[int, float] = {}
    for parent, operation, places in digest.groups(step):
        spent = float(visits.busy_ns[places].sum())
        total[operation] = total.get(operation, 0.0) + spent
        if parent >= 0 and spent > child.get(parent, (0, -1.0))[1]:
            child[parent] = (operation, spent)
    found = {}
    for operation in total:
        at, above, depth = operation, -1, 0
        while digest.operations[at].family == "inside" and at in child and depth < DEEP:
            below, spent = child[at]
            if spent < WRAPPED * total[at]:
                break
            at, above, depth = below, at, depth + 1
        one = digest.operations[at]
        foreign = one.family == "server" and at != operation and one.service != digest.operations[operation].service
        if one.family in CALLS or one.family in _STATEMENTS or foreign:
            found[operation] = (at, above)
    return found


def pairs(
    scene: Scene, step: int, row: Siblings, inner: dict[int, tuple[int, int]], columns: list[int], least: int
) -> dict[tuple[int, int], Pair]:
    """Of these columns each two (the smaller first) that run one after another and seem not to need each other."""
    digest = scene.digest
    if not len(row.requests):
        return {}
    in_transaction = _transactions(digest, step, row.requests)
    inputs = Inputs(scene, row.requests, digest.operations[int(digest.requests.route[row.requests[0]])])
    found = {}
    for place, one in enumerate(columns):
        for other in columns[place + 1 :]:
            both = row.both(one, other)
            if both.sum() < least:
                continue
            there, back = row.before(one, other), row.before(other, one)
            if (there | back).sum() < SERIAL * both.sum():
                continue
            first, second = (one, other) if there.sum() >= back.sum() else (other, one)
            ops = tuple(digest.operations[inner[int(row.operations[column])][0]] for column in (first, second))
            turned = min(int(there.sum()), int(back.sum()))
            varied = turned >= max(3, VARIES * both.sum())
            alone = int(((row.count[:, second] > 0) & (row.count[:, first] == 0)).sum())
            if not varied and _bound(ops[0], ops[1], bool(in_transaction[both].any())):
                continue
            pair = _pair(digest, inputs, row, (first, second), ops, both, turned if varied else 0, alone)
            if pair is not None:
                found[one, other] = pair
    return _without_writes_between(digest, step, row, inner, found)


def groups(found: dict[tuple[int, int], Pair], columns: list[int]) -> Iterator[list[int]]:
    """Sets of columns in which each two are a pair, the first columns (the costliest) first: those that something
    shows to be independent before those that only may be."""
    left = list(columns)
    for least in (SHOWN, 0.0):
        pairs_kept = {pair for pair, told in found.items() if told.confidence >= least}
        alone = []
        while left:
            members = [left[0]]
            for column in left[1:]:
                if all((min(one, column), max(one, column)) in pairs_kept for one in members):
                    members.append(column)
            left = [column for column in left if column not in members]
            if len(members) > 1:
                yield sorted(members)
            else:
                alone += members
        left = alone


def _bound(earlier: Operation, later: Operation, transaction: bool) -> bool:
    """Whether what they are says that the order is meant."""
    if not reads(earlier) or not reads(later) or consumes(later, earlier):
        return True
    kinds = {one.family in _STATEMENTS for one in (earlier, later)}
    return kinds == {True} and transaction


def _pair(
    digest: Digest,
    inputs: Inputs,
    row: Siblings,
    columns: tuple[int, int],
    ops: tuple[Operation, ...],
    both: NDArray[np.bool_],
    turned: int,
    alone: int,
) -> Pair | None:
    earlier, later = ops
    speaks: list[Fact] = []
    against: list[Fact] = []
    confidence = UNSHOWN
    if turned:
        speaks.append(Fact(f"{_two(ops)} come in either order: {turned:,} requests the other way", float(turned)))
        confidence = 0.9
    if alone >= ALONE:
        speaks.append(Fact(f"{named(later, 40)} also without {named(earlier, 40)} before it", float(alone), "requests"))
        confidence += 0.15
    known: Known = "unknown"
    if later.family in _STATEMENTS and earlier.family in _STATEMENTS:
        known = inputs.same(later, earlier)
    elif later.family in CALLS:
        known = inputs.known(later, earlier if earlier.family in CALLS else None)
    if known in ("known", "fixed"):
        how = "always with the same" if known == "fixed" else "with what was known before"
        speaks.append(Fact(f"{named(later, 40)} asks {how}, with nothing that {named(earlier, 40)} could have told"))
        confidence += 0.4
    sure = bool(turned) or alone >= ALONE
    if known == "fresh" and not sure:
        if not _told_before(digest, row, columns[0], row.requests[both]):
            return None
        against.append(Fact(f"{named(later, 40)} asks with ids that the request did not come with"))
        confidence -= 0.1
    mixed = (earlier.family in _STATEMENTS) != (later.family in _STATEMENTS)
    if mixed and not sure and known not in ("known", "fixed"):
        return None
    if not turned:
        against.append(
            Fact(f"the order of {_two(ops)} is the same in every request, as it is where one needs the other")
        )
    gap = row.first_ns[both, columns[1]] - row.end_ns[both, columns[0]]
    if known == "unknown":
        against.append(Fact(f"what {named(later, 40)} asks with is not in the traces"))
    elif gap.mean() > 0.5 * row.busy_ns[both, columns[0]].mean():
        against.append(Fact(f"the caller works between {_two(ops)}", float(gap.mean() / 1e9), "s"))
        confidence -= 0.1
    return Pair(min(0.95, max(0.1, confidence)), tuple(speaks), tuple(against))


def _two(ops: tuple[Operation, ...]) -> str:
    return f"{named(ops[0], 40)} and {named(ops[1], 40)}"


def _told_before(digest: Digest, row: Siblings, column: int, requests: NDArray[np.int32]) -> bool:
    """Whether something that answers (a statement, a call) had ended before the column began, in most requests."""
    first = row.first_ns[np.searchsorted(row.requests, requests), column]
    visits = digest.visits
    telling = np.array([one.family in (*CALLS, *_STATEMENTS) for one in digest.operations], np.bool_)
    order = np.flatnonzero(np.isin(visits.request, requests) & telling[visits.operation])
    place = np.searchsorted(requests, visits.request[order])
    before = visits.end_ns[order] <= first[place]
    return len(np.unique(place[before])) >= 0.5 * len(requests)


def _transactions(digest: Digest, step: int, requests: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Of these requests those that have BEGIN or its like."""
    visits = digest.visits
    family = np.array([one.family == "transaction" for one in digest.operations], np.bool_)
    places = digest.visits_of(step)
    having = np.unique(visits.request[places[family[visits.operation[places]]]])
    return np.isin(requests, having)


def _without_writes_between(
    digest: Digest,
    step: int,
    row: Siblings,
    inner: dict[int, tuple[int, int]],
    found: dict[tuple[int, int], Pair],
) -> dict[tuple[int, int], Pair]:
    """The pairs without those that have a sibling between them which changes something: what comes after it may read
    what it wrote."""
    writes = [
        column
        for column, operation in enumerate(row.operations.tolist())
        if not reads(digest.operations[inner[operation][0]])
    ]
    kept = {}
    for (one, other), pair in found.items():
        both = row.both(one, other)
        low = np.minimum(row.first_ns[both, one], row.first_ns[both, other])
        high = np.maximum(row.first_ns[both, one], row.first_ns[both, other])
        between = np.zeros(len(low), np.bool_)
        for column in writes:
            if column not in (one, other):
                at = row.first_ns[both, column]
                between |= (row.count[both, column] > 0) & (at > low) & (at < high)
        if between.mean() < 0.5:
            kept[one, other] = pair
    return kept
