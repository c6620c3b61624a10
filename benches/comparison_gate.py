"""Simulated changes before a gate's five minutes, looked at as a gate looks, and one statement more a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benches.comparison_judged import SIDES
from benches.comparison_pairs import chunks, queued
from benches.comparison_rows import Mapped, Row, row
from benches.comparison_runs import STEPS, Change, Scene, batch
from loadstone.model.counted import COUNTERS, Counted
from loadstone.prove.compare import compare
from loadstone.prove.design import Design, design_of, order_of, told
from loadstone.prove.stopping import finished

__all__ = ["counted_sides", "counters", "gate", "gated"]

BUDGET_S = 300.0
WORSE = 1.15

QUEUES = (
    ("lognormal", 4, 100.0),
    ("lognormal", 4, 200.0),
    ("lognormal", 1, 200.0),
)
"""Service times, workers, requests a second."""


def gate(count: int, mapped: Mapped) -> Iterator[Row]:
    """What a gate's five minutes see of a p95 that is 15 % longer, of 15 % more work, and of no change: with warm-up,
    cool-down and both observed runs in it, by its own design, looks and rule to stop."""
    for place, (law, workers, rate) in enumerate(QUEUES):
        for drift in (0.0, 0.03):
            scene = Scene(law=law, workers=workers, rate_per_s=rate, drift=drift)
            design = _design(scene)
            scene = replace(scene, measured_s=design.measured_s, warm_up_s=design.warm_up_s)
            changes = {
                "none": Change(),
                "responses x 1.15": Change(response=WORSE),
                **queued(scene, WORSE, 700 + place),
            }
            if not drift:
                changes["work x 1.15"] = Change(service=WORSE)
            for number, (change, what) in enumerate(changes.items()):
                changed = replace(scene, change=what)
                seed = 710 + 20 * place + 10 * bool(drift) + number
                parts = [(changed, size, part) for part, size in chunks(changed, design.most, count, seed)]
                counts = sum((Counter(found) for found in mapped(gated, parts)), Counter[str]())
                yield row(
                    scene,
                    design.most,
                    count,
                    rate_per_s=rate,
                    change=change,
                    planned_s=design.most_s,
                    looks=list(design.looks.pairs),
                    **{name: counts[name] for name in COUNTED},
                )


COUNTED = ("seen", "above", "below", "slower", "passed", "undecided", "pairs_taken")


def _design(scene: Scene) -> Design:
    rates: dict[tuple[str, str | None], float] = {
        (journey, step): share * scene.rate_per_s for journey, step, share, _ in STEPS
    }
    return design_of(requests_per_s=rates, budget_s=BUDGET_S, load=f"{scene.rate_per_s:g}/s")


def gated(scene: Scene, size: int, seed: int) -> dict[str, int]:
    """How often the judged interval lay above 1 or below it where it stopped, each verdict, and the pairs taken. Where
    another metric is told slower it stops as well: ``seen`` are those and the judged intervals above 1."""
    design = _design(scene)
    orders = [order_of(design.most, seed * 1_000 + place) for place in range(size)]
    counts = dict.fromkeys(COUNTED, 0)
    for runs, order in zip(batch(scene, orders, seed).runs(), orders, strict=True):
        for pairs in design.looks.pairs:
            asked = told(design, pairs=pairs, order=order[:pairs], together=True, spent_s=None)
            found = compare(SIDES, asked, runs[: 2 * pairs], final=False)
            if finished(found, design) is not None:
                break
        judged = next(metric for metric in found.metrics if metric.judged)
        above = judged.low is not None and judged.low > 1
        counts["seen"] += above or found.verdict == "slower"
        counts["above"] += above
        counts["below"] += judged.high is not None and judged.high < 1
        counts["slower"] += found.verdict == "slower"
        counts["passed"] += found.verdict in ("faster", "not-worse")
        counts["undecided"] += found.verdict in ("undecided", "invalid")
        counts["pairs_taken"] += found.design.pairs
    return counts


REQUESTS = 1_000
STATEMENTS = 7.0

NOISE = {"each request alike": 0.0, "one request in ten misses a cache": 0.1, "one in two": 0.5}
MORE = {"none": 0.0, "one more in every request": 1.0, "in one of ten": 0.1, "in one of a hundred": 0.01}


def counters(count: int, mapped: Mapped) -> Iterator[Row]:
    """One statement more, in one observed run a side of 1,000 requests that count alike or with some chance."""
    for place, (noise, misses) in enumerate(NOISE.items()):
        for number, (more, share) in enumerate(MORE.items()):
            parts = [(misses, share, 800_000 + 1_000 * place + 100 * number + part) for part in range(count // 100)]
            found = np.sum(list(mapped(_counted_parts, parts)), axis=0)
            names = ("slower", "faster", "not_worse", "undecided")
            yield {
                "scene": noise,
                "pairs": 0,
                "count": len(parts) * 100,
                "requests": REQUESTS,
                "change": more,
                **dict(zip(names, found.tolist(), strict=True)),
            }


def _counted_parts(misses: float, share: float, seed: int) -> list[int]:
    random = np.random.default_rng(seed)
    design = told(_design(Scene()), pairs=0, order=(), together=True, spent_s=None)
    verdicts = []
    for _ in range(100):
        found = compare(SIDES, design, [], counted=counted_sides(random, misses, share))
        verdicts += [one.verdict for one in found.metrics if one.name == COUNTERS["statements"]]
    return [verdicts.count(one) for one in ("slower", "faster", "not-worse", "undecided")]


def counted_sides(random: np.random.Generator, misses: float, share: float) -> tuple[Counted, Counted]:
    """Both sides' counts of the same requests: some of each miss a cache by chance, a share of B's count one more."""
    own = STATEMENTS + random.integers(0, 3, REQUESTS)
    touched = random.random(REQUESTS) < share
    a, b = (own + (random.random(REQUESTS) < misses) for _ in range(2))
    return _counted("a", a.astype(np.float64)), _counted("b", (b + touched).astype(np.float64))


def _counted(run: str, statements: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Counted:
    number = np.arange(1, len(statements) + 1)
    steps: tuple[tuple[str | None, str], ...] = (("browse", "detail"),)
    return Counted(
        run,
        steps,
        number,
        np.zeros(len(number), np.int32),
        np.full(len(number), 0.01),
        {"statements": statements.astype(np.float64)},
        np.zeros(len(number), np.bool_),
    )
