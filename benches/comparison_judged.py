"""Simulated runs before the whole comparison, as ``loadstone prove`` makes it of real ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benches.comparison_pairs import orders
from benches.comparison_runs import Scene, batch
from loadstone.model.comparison import Comparison, DesignTold, SideTold
from loadstone.model.side_run import SideRun
from loadstone.prove.compare import compare
from loadstone.stats.pairs.effect import LEVEL

__all__ = ["SIDES", "Tally", "compared", "tally"]

SIDES = (SideTold("A", "a queue", "command"), SideTold("B", "another queue", "command"))


@dataclass
class Tally:
    """Of ``count`` comparisons: their ``verdicts``, and of each metric how often its interval lay above 1, below it,
    or how often there was none. ``any_metric`` counts comparisons in which at least one metric was told better or
    worse, ``judged_above`` those whose judged interval lies above 1, ``judged_slower`` those where it lies above the
    margin, whatever the verdict."""

    count: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    above: Counter[str] = field(default_factory=Counter)
    below: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    judged_above: int = 0
    judged_slower: int = 0
    judged_below: int = 0
    any_metric: int = 0
    doubted: Counter[str] = field(default_factory=Counter)

    def take(self, comparison: Comparison) -> None:
        """Count one comparison."""
        self.count += 1
        self.verdicts[comparison.verdict] += 1
        self.any_metric += any(metric.verdict in ("faster", "slower") for metric in comparison.metrics)
        self.doubted.update({caveat.code for caveat in comparison.caveats if caveat.level == "doubt"})
        for metric in comparison.metrics:
            none = 0.0 if metric.ratio is None else 1.0
            if metric.low is None or metric.high is None:
                self.unknown[metric.label] += 1
            above = metric.low is not None and metric.low > none
            below = metric.high is not None and metric.high < none
            self.above[metric.label] += above
            self.below[metric.label] += below
            if metric.judged:
                self.judged_above += above
                self.judged_slower += metric.low is not None and metric.low > metric.margin
                self.judged_below += below

    def add(self, other: Tally) -> None:
        """Count another's."""
        for name in self.__dataclass_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, name, mine + theirs)

    def told(self) -> dict[str, Any]:
        """Plain data; metrics of which nothing was counted stay in, with 0."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "count"}


def compared(runs: list[SideRun], scene: Scene, order: tuple[str, ...], seed: int) -> Comparison:
    """The comparison of runs by a fixed design."""
    pairs = len(order)
    design = DesignTold(
        pairs=pairs,
        planned=pairs,
        most=pairs,
        order=order,
        seed=seed,
        measured_s=scene.measured_s,
        warm_up_s=scene.warm_up_s,
        load=f"{scene.rate_per_s:g}/s",
        requests=scene.measured,
        looks=(pairs,),
        level=LEVEL,
    )
    return compare(SIDES, design, runs)


def tally(scene: Scene, pairs: int, size: int, seed: int) -> Tally:
    """Simulate and judge comparisons."""
    found = Tally()
    made = batch(scene, orders(pairs, size, seed), seed)
    for runs, order in zip(made.runs(), made.orders, strict=True):
        found.take(compared(runs, scene, order, seed))
    return found
