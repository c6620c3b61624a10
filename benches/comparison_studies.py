"""What comparisons say where the truth is known: one function a question, each a list of rows for docs/accuracy.md.

Every row has its scene, its counts and what they are of; shares and intervals are drawn from the counts when the page
is written. Rows of the whole comparison come from ``prove.compare``, rows of one quantile from what it calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from benches.comparison_gate import counters, gate
from benches.comparison_pairs import chunks, effects, length_for, log_quantiles, orders, queued, truth
from benches.comparison_rows import PAIRS, STEADY, WANDERING, Mapped, Row, row, tallied
from benches.comparison_runs import Change, Scene, batch
from loadstone.stats.pairs.effect import LEVEL, effect_of
from loadstone.stats.pairs.power import floor
from loadstone.stats.pairs.sequential import looks
from loadstone.stats.pairs.shift import SHARES

__all__ = ["METHODS", "STUDIES", "naive_alarms"]

MARGIN, SEEN = 1.05, 1.10

IDENTICAL: tuple[tuple[Scene, int], ...] = (
    (STEADY, 10),
    (WANDERING, 10),
    (STEADY, 6),
    (WANDERING, 6),
    (replace(WANDERING, walk=True), 10),
    (replace(WANDERING, disturbed=0.05), 10),
    (replace(WANDERING, law="exponential", workers=1, load=0.8), 10),
    (replace(WANDERING, law="rare slow kind", load=0.5), 10),
)

QUEUES = (("lognormal", 4), ("lognormal", 1), ("exponential", 4), ("exponential", 1))


def identical(count: int, mapped: Mapped) -> Iterator[Row]:
    """Both sides alike: how often each verdict, and how often a metric's interval leaves out "no difference"."""
    for place, (scene, pairs) in enumerate(IDENTICAL):
        found = tallied(scene, pairs, count, 100 + place, mapped)
        yield row(scene, pairs, count, **found.told())


def naive(count: int, mapped: Mapped) -> Iterator[Row]:
    """The same identical sides before methods that take each request for a replicate."""
    for place, scene in enumerate((replace(STEADY, load=0.5), STEADY, WANDERING, replace(STEADY, load=0.8))):
        parts = [(scene, PAIRS, size, part) for part, size in chunks(scene, PAIRS, count, 200 + place)]
        alarms = np.sum(list(mapped(naive_alarms, parts)), axis=0)
        yield row(scene, PAIRS, count, **dict(zip(METHODS, alarms.tolist(), strict=True)))


METHODS = ("mann_whitney", "welch", "bootstrap", "pairs_p95")
RESAMPLES = 1_000


def naive_alarms(scene: Scene, pairs: int, size: int, seed: int) -> list[int]:
    """How often each of ``METHODS`` tells identical sides to differ: all requests of a side together, or by pairs."""
    made = batch(scene, orders(pairs, size, seed), seed).response_s
    random = np.random.default_rng(seed + 1)
    alarms = [0] * len(METHODS)
    for place in range(size):
        sides = [made[:, place, :, side].ravel() for side in (0, 1)]
        a, b = sides
        alarms[0] += bool(stats.mannwhitneyu(a, b).pvalue < 1 - LEVEL)
        alarms[1] += bool(stats.ttest_ind(a, b, equal_var=False).pvalue < 1 - LEVEL)
        # An iid bootstrap's p95 is an order statistic of uniform draws, looked up in the sorted sample.
        drawn = []
        for side in sides:
            rank = math.ceil(0.95 * len(side))
            ranks = random.beta(rank, len(side) - rank + 1, RESAMPLES) * len(side)
            drawn.append(np.sort(side)[np.minimum(ranks.astype(int), len(side) - 1)])
        low, high = np.quantile(np.log(drawn[1] / drawn[0]), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        alarms[2] += bool(low > 0 or high < 0)
        p95 = np.log(np.quantile(made[:, place], 0.95, axis=0))
        effect = effect_of((p95[:, 1] - p95[:, 0]).tolist())
        alarms[3] += effect.low > 0 or effect.high < 0
    return alarms


def detection(count: int, mapped: Mapped) -> Iterator[Row]:
    """A p95 that is 10 % longer at load .7: the length of a run with which ten pairs see it, and how often they do.

    The length is that which the pilots' spread asks for with power .95: theirs is an estimate, and B's queue, which is
    longer, wavers by more."""
    for place, (law, workers) in enumerate(QUEUES):
        for drift in (0.0, 0.03):
            scene = Scene(law=law, workers=workers, drift=drift)
            needed = length_for(scene, 0.95, SEEN, PAIRS, 300 + 2 * place + bool(drift), power=0.95)
            if needed is None:
                yield row(replace(scene, measured_s=0.0), PAIRS, 0, change="no length is enough")
                continue
            scene = replace(scene, measured_s=10.0 * math.ceil(needed / 10))
            changes = {"responses x 1.1": Change(response=SEEN), **queued(scene, SEEN, 310 + place)}
            if drift:
                changes.popitem()
            else:
                changes["responses x 1.155"] = Change(response=SEEN * MARGIN)
                changes["work x 1.1"] = Change(service=SEEN)
            for number, (change, what) in enumerate(changes.items()):
                changed = replace(scene, change=what)
                found = tallied(changed, PAIRS, count, 320 + 30 * place + 10 * bool(drift) + number, mapped)
                yield row(scene, PAIRS, count, change=change, **found.told())


def margins(count: int, mapped: Mapped) -> Iterator[Row]:
    """How large a true change of p95 must be to be told slower than a margin of 5 % with power .8, and within which
    margin identical sides stay with that power: from the spread of pairs, for runs of 30 s and 2 min."""
    for place, (law, workers) in enumerate(QUEUES):
        for drift in (0.0, 0.03):
            for length in (30.0, 120.0):
                scene = Scene(law=law, workers=workers, drift=drift, measured_s=length)
                seed = 400 + 10 * place + 5 * bool(drift) + bool(length > 60)
                logs = _all_logs(scene, PAIRS, count, seed, (0.95,), mapped)[0]
                found = [(one.low, one.high) for one in effects(logs)]
                lows, highs = np.array(found).T
                yield row(
                    scene,
                    PAIRS,
                    count,
                    sd=float(np.std(logs[..., 1] - logs[..., 0])),
                    # An effect moves every interval by itself: it is told if low + effect > margin.
                    slower_from=float(np.exp(math.log(MARGIN) - np.quantile(lows, 0.2))),
                    seen_from=float(np.exp(-np.quantile(lows, 0.2))),
                    floor=float(np.exp(np.quantile(highs, 0.8))),
                    floor_told=float(np.exp(floor(float(np.std(logs[..., 1] - logs[..., 0])), PAIRS))),
                )


EFFECTS = (1.0, 1.05, 1.10, 1.20, 1.50)
FIRST, MOST, EVERY = 6, 20, 2


def sequential(count: int, mapped: Mapped) -> Iterator[Row]:
    """Looking after every second pair and stopping at the first interval without 1, beside all pairs at once."""
    planned = looks(FIRST, MOST, EVERY)
    for place, scene in enumerate((STEADY, WANDERING)):
        for number, ratio in enumerate(EFFECTS):
            changed = replace(scene, change=Change(response=ratio))
            logs = _all_logs(changed, MOST, count, 500 + 10 * place + number, (0.95,), mapped)[0]
            taken, told, whole, careless = 0, 0, 0, 0
            for differences in (logs[..., 1] - logs[..., 0]).tolist():
                pairs = MOST
                for pair, level in zip(*planned, strict=True):
                    effect = effect_of(differences[:pair], level)
                    if effect.low > 0 or effect.high < 0:
                        pairs, told = pair, told + 1
                        break
                taken += pairs
                fixed = effect_of(differences)
                whole += fixed.low > 0 or fixed.high < 0
                careless += any(
                    one.low > 0 or one.high < 0
                    for one in (effect_of(differences[:pair]) for pair in range(FIRST, MOST + 1, EVERY))
                )
            yield row(scene, MOST, count, ratio=ratio, told=told, fixed=whole, careless=careless, taken=taken / count)


def coverage(count: int, mapped: Mapped) -> Iterator[Row]:
    """How often an interval holds the truth, at each decile and in the tail, and how far the levels are from it."""
    scenes = (
        (STEADY, Change(response=SEEN), 10),
        (STEADY, Change(response=SEEN), 6),
        (WANDERING, Change(response=SEEN), 10),
        (STEADY, Change(service=SEEN), 10),
        (replace(STEADY, law="exponential", workers=1), Change(service=SEEN), 10),
    )
    shares = [share for share in SHARES if share <= 0.99]
    for place, (plain, change, pairs) in enumerate(scenes):
        scene = replace(plain, change=change)
        logs = _all_logs(scene, pairs, count, 600 + place, shares, mapped)
        true = truth(scene, shares, 650 + place)
        for number, share in enumerate(shares):
            ratio = float(true[number, 1] - true[number, 0]) if change.service != 1 else math.log(change.response)
            held = sum(one.low <= ratio <= one.high for one in effects(logs[number]))
            yield row(
                plain,
                pairs,
                count,
                change=f"{'work' if change.service != 1 else 'responses'} x {SEEN:g}",
                share=share,
                held=held,
                ratio=math.exp(ratio),
                bias=[float(np.mean(logs[number, ..., side]) - true[number, side]) for side in (0, 1)],
                bias_ratio=float(np.mean(logs[number, ..., 1] - logs[number, ..., 0]) - ratio),
            )


def _all_logs(
    scene: Scene, pairs: int, count: int, seed: int, shares: Sequence[float], mapped: Mapped
) -> np.ndarray[Any, np.dtype[np.float64]]:
    parts = [(scene, pairs, size, part, shares) for part, size in chunks(scene, pairs, count, seed)]
    return np.concatenate(list(mapped(log_quantiles, parts)), axis=1)


STUDIES: dict[str, tuple[Callable[[int, Mapped], Iterator[Row]], int]] = {
    "identical": (identical, 2_000),
    "naive": (naive, 400),
    "detection": (detection, 600),
    "margins": (margins, 1_000),
    "sequential": (sequential, 2_000),
    "coverage": (coverage, 1_000),
    "gate": (gate, 400),
    "counters": (counters, 400),
}
"""A study and how many comparisons each of its rows is of."""
