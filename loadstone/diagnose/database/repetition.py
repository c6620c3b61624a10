"""What speaks for and against statements that repeat: where their rows come from, and whose the time between is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked
from loadstone.diagnose.digest import Ints
from loadstone.diagnose.locus import named
from loadstone.diagnose.suspect import Cut, Scene
from loadstone.model.finding import Fact
from loadstone.model.quantity import format_duration

__all__ = ["Loop", "Source", "against", "gap", "source"]

LOOKED_AT = 200
"""Requests in which the source of the rows is looked for, evenly taken."""

AGREE = 0.8
"""Share of them that must agree on it."""

GAP = 1.0
"""The parent's own time between the statements is the loop's where it is at most so many times theirs: the driver's
and the mapper's part of each statement. Beyond, it is work of its own, which stays when the statements go."""

SIDE_BY_SIDE = 0.8
"""Share of the statements' time that is not shared, below which they ran side by side."""

_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")

FEW = 20
"""Requests below which a share is told with that reservation."""


@dataclass(frozen=True, slots=True)
class Source:
    """The statement that gave the rows. ``rows`` says whether their number was seen to agree."""

    label: str
    fact: Fact
    rows: bool


@dataclass(frozen=True, slots=True)
class Loop:
    """The parent's own time between repeated statements. ``own_ns`` of each request is what a fix takes away too;
    ``between`` whether it is the loop's."""

    between: bool
    own_ns: NDArray[np.float64]
    told: Fact | None

    def cuts(self, cuts: tuple[Cut, ...]) -> tuple[Cut, ...]:
        """The cuts, the first with the time between."""
        if not self.between:
            return cuts
        return (replace(cuts[0], between=True), *cuts[1:])


def source(scene: Scene, places: NDArray[np.int64], count: Ints) -> Source | None:
    """The statement before the repeated ones that returned as many rows as they have calls; where no numbers of rows
    are known, the one that always stands right before them."""
    table = scene.once(asked)
    chosen = np.arange(len(places))[:: max(1, len(places) // LOOKED_AT)]
    by_rows: Counter[int] = Counter()
    before: Counter[int] = Counter()
    known = 0
    for at in chosen.tolist():
        place, calls = int(places[at]), int(count[at])
        earlier = [
            one
            for one in table.of_request(int(table.request[place])).tolist()
            if table.operation[one] != table.operation[place] and table.first_ns[one] < table.first_ns[place]
        ]
        known += any(table.rows[one] >= 0 for one in earlier)
        by_rows.update({int(table.operation[one]) for one in earlier if table.rows[one] in (calls, calls - 1)})
        if earlier:
            before[int(table.operation[max(earlier, key=lambda one: int(table.end_ns[one]))])] += 1
    told, counter = (True, by_rows) if known >= AGREE * len(chosen) else (False, before)
    if not counter:
        return None
    operation, seen = counter.most_common(1)[0]
    if seen < AGREE * len(chosen):
        return None
    found = scene.digest.operations[operation]
    words = (
        f"as many as the rows of {named(found, 60)}"
        if told
        else f"always right after {named(found, 60)}, whose rows were not counted"
    )
    return Source(found.label, Fact(words, seen / len(chosen), "share of requests"), told)


def gap(scene: Scene, places: NDArray[np.int64]) -> Loop:
    """Whose the time between the statements is. Told only where all of them lie below one span of their request."""
    table, visits = scene.once(asked), scene.digest.visits
    nothing = Loop(False, np.zeros(len(places)), None)
    count = table.count[places]
    if (table.parents[places] > 1).any() or (table.most[places] < count).any():
        return nothing
    window = (table.last_ns[places] - table.first_ns[places]).astype(np.float64)
    theirs = table.busy_ns[places] * (count - 1) / count
    requests = table.request[places]
    first, last = (np.searchsorted(visits.request, requests, side=side) for side in _SIDES)
    mine = np.repeat(np.arange(len(places)), last - first)
    rows = np.arange(len(mine)) + np.repeat(first - np.r_[0, np.cumsum(last - first)[:-1]], last - first)
    beside = (visits.parent[rows] == table.parent[places][mine]) & (
        visits.operation[rows] != table.operation[places][mine]
    )
    rows, mine = rows[beside], mine[beside]
    inside = np.minimum(visits.end_ns[rows], table.last_ns[places[mine]]) - np.maximum(
        visits.first_ns[rows], table.first_ns[places[mine]]
    )
    lasts = np.maximum(1, visits.end_ns[rows] - visits.first_ns[rows])
    other = np.zeros(len(places))
    np.add.at(other, mine, visits.busy_ns[rows] * np.clip(inside / lasts, 0.0, 1.0))
    own = np.maximum(0.0, window - theirs - other)
    if own.sum() <= 0.0 or theirs.sum() <= 0.0:
        return nothing
    between = bool(own.sum() <= GAP * theirs.sum())
    mean_s = float(own.mean()) / 1e9
    words = (
        f"{format_duration(mean_s)} more between them are the loop's, by driver or mapper"
        if between
        else f"{format_duration(mean_s)} between them are work of its own, which stays"
    )
    return Loop(between, own if between else np.zeros(len(places)), Fact(words, mean_s, "s"))


def against(scene: Scene, places: NDArray[np.int64], requests: Ints, count: Ints) -> list[Fact]:
    """What would make a repetition wrong in this run."""
    table = scene.once(asked)
    doubts = []
    if (table.parameters[places] == 0).all():
        doubts.append(Fact("their parameters are not known: it may be the same question each time"))
    total = float(table.total_ns[places].sum())
    alone = float(table.busy_ns[places].sum()) / max(1.0, total)
    if alone < SIDE_BY_SIDE:
        told = f"they run side by side, {1 / max(alone, 1e-3):.3g} at a time, so less is won than they add up to"
        doubts.append(Fact(told, alone, "share"))
    if len(requests) < FEW:
        doubts.append(Fact(f"seen in {len(requests)} requests only", float(len(requests)), "requests"))
    elif int(count.min()) == int(count.max()):
        doubts.append(
            Fact(f"always exactly {int(count[0])}: it may be a fixed list rather than rows", float(count[0]), "calls")
        )
    if scene.digest.every > 1:
        doubts.append(Fact(f"one trace in {scene.digest.every} was read", float(scene.digest.every), "traces"))
    return doubts
