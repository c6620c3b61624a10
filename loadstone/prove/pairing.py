"""Runs put into pairs, and which pairs stand: a disturbed one is left out with its reason, one that is odd never is.

What a run says of its own measurement decides (its caveats, an early end, a machine that others took), not what it
measured: a pair is not left out for a ratio that looks wrong.

Where one side's runs alone are disturbed again and again, the side is part of the reason: a generator two milliseconds
late moves the tail of a service of one millisecond, and not that of the slow one beside it. Leaving its pairs out would
hide that, so they are kept, and what can be told is told: lateness and pressure only ever add to a time, so that a side
which is faster in spite of them is faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from loadstone.model.comparison import PairRow, RunRow
from loadstone.model.side_run import Side, SideRun
from loadstone.prove.measures import LATE, Measure, late
from loadstone.prove.others import OTHERS, crowded

__all__ = ["OFTEN", "ONE_SIDED", "Pair", "Pairs", "disturbances", "paired"]

SIDES: tuple[Side, Side] = ("A", "B")

TOUCHES = frozenset({"latency", "rate", "errors"})
OBSERVER = "instrumented"

SLOWS = frozenset({LATE, "host-pressure", "host-steal"})
"""Codes of what adds to a run's times and never takes from them."""

ONE_SIDED = 3
"""Pairs in which one side alone is disturbed; fewer are chance: all three on one side are so in one case of four."""

OFTEN = 4
"""Times as many as of the other side."""


@dataclass(frozen=True)
class Pair:
    """Two runs of the same arrivals. ``left_out`` is why it is not judged; ``void`` where one of them is no measurement
    at all, which a veto tells. ``disturbed`` are the sides whose runs are no fair sample of them, ``slowed`` says that
    this can only have added to their times."""

    number: int
    a: SideRun
    b: SideRun
    left_out: str | None = None
    void: bool = False
    slowed: bool = False
    disturbed: frozenset[Side] = frozenset()

    @property
    def runs(self) -> tuple[SideRun, SideRun]:
        """A's, then B's."""
        return self.a, self.b


@dataclass(frozen=True)
class Pairs:
    """``whole`` are all pairs with both runs, ``judged`` those that stand; ``single`` runs have no partner. ``leaning``
    is the side that alone is disturbed again and again: its pairs are kept."""

    whole: tuple[Pair, ...]
    single: tuple[SideRun, ...]
    leaning: Side | None = None

    @property
    def judged(self) -> tuple[Pair, ...]:
        """The pairs that stand, in order."""
        return tuple(pair for pair in self.whole if pair.left_out is None)

    def sides(self) -> tuple[list[SideRun], list[SideRun]]:
        """The runs of A and of B, of every pair that has both."""
        return [pair.a for pair in self.whole], [pair.b for pair in self.whole]

    def rows(self) -> tuple[PairRow, ...]:
        """The table of pairs."""
        return tuple(_row(pair) for pair in self.whole)


def paired(runs: Sequence[SideRun], judged: Measure | None = None) -> Pairs:
    """The runs in pairs, by their number. A late generator is no disturbance where it did not move what is
    ``judged``."""
    whole: list[Pair] = []
    single: list[SideRun] = []
    others = crowded(runs)
    ordered = sorted(runs, key=lambda run: (run.pair, run.place))
    for number, group in groupby(ordered, key=lambda run: run.pair):
        sides = {run.side: run for run in group}
        if set(sides) != {"A", "B"}:
            single += sides.values()
            continue
        whole.append(_pair(number, sides["A"], sides["B"], judged, others))
    leaning = _leaning(whole)
    if leaning is not None:
        whole = [
            replace(pair, left_out=None) if pair.slowed and pair.disturbed == {leaning} else pair for pair in whole
        ]
    return Pairs(tuple(whole), tuple(single), leaning)


def _leaning(pairs: Sequence[Pair]) -> Side | None:
    alone = {side: sum(pair.slowed and pair.disturbed == {side} for pair in pairs) for side in SIDES}
    for side, other in (SIDES, SIDES[::-1]):
        if alone[side] >= max(ONE_SIDED, OFTEN * alone[other]):
            return side
    return None


def _pair(number: int, a: SideRun, b: SideRun, judged: Measure | None, others: Mapping[str, str]) -> Pair:
    for side, run in (("A", a), ("B", b)):
        if run.ended is not None:
            return Pair(number, a, b, f"{side}: the service ended during the run", void=True)
        for caveat in run.caveats:
            if caveat.level == "void":
                return Pair(number, a, b, f"{side}: {caveat.message}", void=True)
    found = {side: why for side, run in zip(SIDES, (a, b), strict=True) if (why := disturbances(run, judged, others))}
    reason = next((f"{side}: {why[0][1]}" for side, why in found.items()), None)
    slowed = all(code in SLOWS for why in found.values() for code, _ in why)
    return Pair(number, a, b, reason, slowed=slowed, disturbed=frozenset(found))


def disturbances(run: SideRun, judged: Measure | None, others: Mapping[str, str]) -> list[tuple[str, str]]:
    """Code and words of why a run is no fair sample of its side: it was stopped, ``others`` took the machine, or it
    doubts its own measurement of what is compared."""
    spared = judged is not None and judged.share is not None and not late(judged, run)
    found = [] if run.complete else [("stopped", "the run was stopped before its end.")]
    found += [(OTHERS, others[run.run])] if run.run in others else []
    return found + [
        (caveat.code, caveat.message)
        for caveat in run.caveats
        if caveat.level == "doubt"
        and caveat.code != OBSERVER
        and not (spared and caveat.code == LATE)
        and (not caveat.metrics or TOUCHES & set(caveat.metrics))
    ]


def _row(pair: Pair) -> PairRow:
    order: Literal["AB", "BA"] = "AB" if pair.a.place < pair.b.place else "BA"
    return PairRow(pair.number, order, pair.a.seed, _run_row(pair.a), _run_row(pair.b), pair.left_out)


def _run_row(run: SideRun) -> RunRow:
    response = run.whole.response
    return RunRow(
        run=run.run,
        place=run.place,
        requests=run.whole.requests,
        errors=run.whole.errors,
        p50_s=response.quantile(0.5),
        p95_s=response.quantile(0.95),
        p99_s=response.quantile(0.99),
    )
