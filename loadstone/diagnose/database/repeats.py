"""Which statements repeat within requests, and which fault each repetition belongs to.

A repetition is a ``row`` (the same statement with other parameters, for each row of something), the ``same`` statement
with the same parameters, or one of a ``pattern`` of several that take turns. Each belongs to one of them alone, so that
three faults do not tell one thing three times.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import Asked, asked
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.digest import Ints, Operation
from loadstone.diagnose.suspect import Scene

__all__ = ["PATTERN", "REPEATS", "TURNS", "Repeat", "repeats"]

REPEATS = 5
"""Like statements in a request before they are one for each row (Sentry's N+1 detector, count 5)."""

TURNS = 3
"""Turns of a pattern (Sentry's M-N+1 detector, minimum_occurrences_of_pattern 3)."""

PATTERN = 8
"""Statements in one turn (the same detector's max_sequence_length)."""

LEARNED = 2_000
"""Requests from which patterns are learned, evenly taken of those in which several statements repeat; a pattern is then
looked for in all."""

SEEN = 3
"""Requests that must show a pattern."""

FEW, QUARTER = 0.5, 0.25
"""A statement is the same one again where its different parameters are few (below ``REPEATS`` and at most half of the
calls) or at most a quarter of the calls."""


@dataclass(frozen=True)
class Repeat:
    """One repetition in a step. ``places`` are rows of ``Asked``, an array for each of ``operations`` (the costliest
    first), all of them for the same ``requests`` (ascending). ``count`` is how often it came in each."""

    kind: Literal["row", "same", "pattern"]
    step: int
    operations: tuple[int, ...]
    requests: Ints
    count: Ints
    places: tuple[NDArray[np.int64], ...]


def repeats(scene: Scene) -> tuple[Repeat, ...]:
    """All of them, for ``scene.once``."""
    table = scene.once(asked)
    same = _same(scene, table)
    taken = np.zeros(len(table), np.bool_)
    found = [*_patterns(table, same, taken)]
    for step, operation, places in table.groups():
        often = places[(table.count[places] >= 2) & ~taken[places]]
        for kind, chosen in (("row", often[~same[often]]), ("same", often[same[often]])):
            if len(chosen):
                requests, count = table.request[chosen], table.count[chosen]
                found.append(Repeat(kind, step, (operation,), requests, count, (chosen,)))  # type: ignore[arg-type]
    return tuple(found)


def _same(scene: Scene, table: Asked) -> NDArray[np.bool_]:
    """Rows whose statement came again with the same parameters."""
    fixed = np.array([_fixed(one) for one in scene.digest.operations] or [False], np.bool_)
    few = (table.parameters < REPEATS) & (table.parameters <= FEW * table.count)
    known = (table.parameters > 0) & (few | (table.parameters <= QUARTER * table.count))
    return (table.count >= 2) & (known | ((table.parameters <= 1) & fixed[table.operation]))


def _fixed(operation: Operation) -> bool:
    """Whether the text leaves nothing to vary; of one that was cut (it ends with dots) nobody knows."""
    if operation.statement is None or operation.statement.endswith(("…", "...")):
        return False
    told = read(operation.statement)
    return bool(told.verb) and not told.parameters


def _patterns(table: Asked, same: NDArray[np.bool_], taken: NDArray[np.bool_]) -> list[Repeat]:
    often = np.flatnonzero(table.count >= TURNS)
    if len(often) < 2:
        return []
    order = often[np.lexsort((table.first_ns[often], table.parent[often], table.request[often]))]
    request, parent = table.request[order], table.parent[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(request) != 0) | (np.diff(parent) != 0)])
    ends = np.r_[starts[1:], len(order)]
    several = np.flatnonzero(ends - starts >= 2)
    seen: Counter[tuple[int, int, tuple[int, ...]]] = Counter()
    for at in several[:: max(1, len(several) // LEARNED)].tolist():
        for turn in _turns(table, order[starts[at] : ends[at]]):
            if not same[turn].all():
                key = tuple(sorted(table.operation[turn].tolist()))
                seen[int(table.step[turn[0]]), int(table.parent[turn[0]]), key] += 1
    found = []
    for (step, above, operations), _ in sorted(
        ((key, count) for key, count in seen.items() if count >= SEEN), key=lambda pair: (-len(pair[0][2]), pair[0])
    ):
        repeat = _pattern(table, taken, step, above, operations)
        if repeat is not None:
            found.append(repeat)
            for places in repeat.places:
                taken[places] = True
    return found


def _turns(table: Asked, places: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows of one request and parent, by their first start, that take turns: they begin within one turn of each
    other, end within one, and come equally often or a whole number of times as often."""
    left = places.tolist()
    found = []
    while left:
        first, rest, members = left[0], [], [left[0]]
        turns = int(table.count[first])
        length = sum(int(table.count[one]) for one in members)
        for one in left[1:]:
            more = int(table.count[one])
            turn_ns = (int(table.last_ns[first]) - int(table.first_ns[first])) / max(1, turns - 1)
            least = min(turns, more)
            if (
                max(turns, more) % least == 0
                and length + more <= PATTERN * least
                and int(table.first_ns[one]) - int(table.first_ns[first]) <= turn_ns
                and abs(int(table.last_ns[one]) - int(table.last_ns[first])) <= turn_ns * max(1, turns // least)
            ):
                members.append(one)
                length += more
            else:
                rest.append(one)
        if len(members) >= 2:
            found.append(np.array(members, np.int64))
        left = rest
    return found


def _pattern(
    table: Asked, taken: NDArray[np.bool_], step: int, above: int, operations: tuple[int, ...]
) -> Repeat | None:
    """The pattern in every request that has it."""
    rows = []
    requests: Ints | None = None
    for operation in operations:
        places = table.places(step, operation)
        places = places[(table.count[places] >= TURNS) & (table.parent[places] == above) & ~taken[places]]
        rows.append(places)
        there = table.request[places]
        requests = there if requests is None else np.intersect1d(requests, there, assume_unique=True)
    if requests is None or not len(requests):
        return None
    aligned = [places[np.searchsorted(table.request[places], requests)] for places in rows]
    counts = np.stack([table.count[places] for places in aligned])
    turns = counts.min(axis=0)
    fits = (counts % turns == 0).all(axis=0) & (counts.sum(axis=0) <= PATTERN * turns)
    if not fits.any():
        return None
    aligned = [places[fits] for places in aligned]
    cost = [int(table.critical_ns[places].sum()) for places in aligned]
    order = sorted(range(len(operations)), key=lambda at: (-cost[at], operations[at]))
    return Repeat(
        "pattern",
        step,
        tuple(operations[at] for at in order),
        requests[fits],
        turns[fits].astype(np.int32),
        tuple(aligned[at] for at in order),
    )
