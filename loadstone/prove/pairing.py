"""Runs put into pairs, and which pairs stand: a disturbed one is left out with its reason, one that is odd never is.

What a run says of its own measurement decides (its caveats, an early end), not what it measured: a pair is not left
out for a ratio that looks wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from loadstone.model.comparison import PairRow, RunRow
from loadstone.model.side_run import SideRun

__all__ = ["Pair", "Pairs", "disturbance", "paired"]

TOUCHES = frozenset({"latency", "rate", "errors"})
OBSERVER = "instrumented"


@dataclass(frozen=True)
class Pair:
    """Two runs of the same arrivals. ``left_out`` is why it is not judged; ``void`` where one of them is no measurement
    at all, which a veto tells."""

    number: int
    a: SideRun
    b: SideRun
    left_out: str | None = None
    void: bool = False

    @property
    def runs(self) -> tuple[SideRun, SideRun]:
        """A's, then B's."""
        return self.a, self.b


@dataclass(frozen=True)
class Pairs:
    """``whole`` are all pairs with both runs, ``judged`` those that stand; ``single`` runs have no partner."""

    whole: tuple[Pair, ...]
    single: tuple[SideRun, ...]

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


def paired(runs: Sequence[SideRun]) -> Pairs:
    """The runs in pairs, by their number."""
    whole: list[Pair] = []
    single: list[SideRun] = []
    ordered = sorted(runs, key=lambda run: (run.pair, run.place))
    for number, group in groupby(ordered, key=lambda run: run.pair):
        sides = {run.side: run for run in group}
        if set(sides) != {"A", "B"}:
            single += sides.values()
            continue
        whole.append(_pair(number, sides["A"], sides["B"]))
    return Pairs(tuple(whole), tuple(single))


def _pair(number: int, a: SideRun, b: SideRun) -> Pair:
    for side, run in (("A", a), ("B", b)):
        if run.ended is not None:
            return Pair(number, a, b, f"{side}: the service ended during the run", void=True)
        for caveat in run.caveats:
            if caveat.level == "void":
                return Pair(number, a, b, f"{side}: {caveat.message}", void=True)
    told = ((side, disturbance(run)) for side, run in (("A", a), ("B", b)))
    return Pair(number, a, b, next((f"{side}: {why}" for side, why in told if why is not None), None))


def disturbance(run: SideRun) -> str | None:
    """Why a run is no fair sample of its side: it was stopped early, or doubts its own measurement of what is
    compared."""
    if not run.complete:
        return "the run was stopped before its end."
    return next(
        (
            caveat.message
            for caveat in run.caveats
            if caveat.level == "doubt"
            and caveat.code != OBSERVER
            and (not caveat.metrics or TOUCHES & set(caveat.metrics))
        ),
        None,
    )


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
