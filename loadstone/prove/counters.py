"""Counters of both sides' observed runs, request by request: where code is deterministic, one run decides.

A request that failed on either side is left out of both: it stopped half way, and half an answer is half the work.
That it failed is told by the share of errors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from loadstone.model.comparison import Metric, Verdict, label_of
from loadstone.model.counted import COUNTERS, Counted
from loadstone.prove.measures import BYTES_SHARE
from loadstone.stats.pairs.counted import CountedDifference, counted_difference
from loadstone.stats.pairs.effect import LEVEL

__all__ = ["BY_COUNT", "counter_metrics", "decided_at_once"]

BY_COUNT = "by count"

_ROUNDING = 1e-9


def counter_metrics(
    a: Counted,
    b: Counted,
    steps: Sequence[tuple[str | None, str]],
    margins: Mapping[str, float],
    level: float = LEVEL,
) -> Iterator[Metric]:
    """Each counter over all requests, then for each of ``steps``, then what a margin asks for by its name. One look is
    all there is at them, so ``level`` is not that of the pairs."""
    wanted: list[tuple[str, str | None, str | None]] = [(name, None, None) for name in COUNTERS]
    wanted += [(name, journey, step) for journey, step in steps for name in COUNTERS]
    for label in margins:
        told, of, place = label.partition(" of ")
        inside, _, asked = place.partition(".")
        if of and asked:
            wanted += [(name, inside, asked) for name, words in COUNTERS.items() if words == told]
    for name, journey, step in dict.fromkeys(wanted):
        found = _difference(a, b, name, journey, step, level)
        if found is not None:
            yield _metric(name, journey, step, found, margins)


def decided_at_once(metrics: Sequence[Metric]) -> Metric | None:
    """The counter that is worse beyond its margin, the largest first; None where none is."""
    worse = [one for one in metrics if one.method == BY_COUNT and one.verdict == "slower"]
    return max(worse, key=lambda one: (one.b or 0.0) - (one.a or 0.0), default=None)


def _difference(
    a: Counted, b: Counted, name: str, journey: str | None, step: str | None, level: float
) -> CountedDifference | None:
    if name not in a.columns or name not in b.columns:
        return None
    places = []
    for side in (a, b):
        if step is None:
            places.append(np.ones(len(side.step), np.bool_))
            continue
        numbers = [place for place, key in enumerate(side.steps) if key == (journey, step)]
        places.append(np.isin(side.step, numbers))
    failed = np.union1d(a.number[a.failed], b.number[b.failed])
    known = [
        place & np.isfinite(side.columns[name]) & (side.number >= 0) & ~np.isin(side.number, failed)
        for place, side in zip(places, (a, b), strict=True)
    ]
    return counted_difference(
        a.number[known[0]], a.columns[name][known[0]], b.number[known[1]], b.columns[name][known[1]], level
    )


def _metric(
    name: str, journey: str | None, step: str | None, found: CountedDifference, margins: Mapping[str, float]
) -> Metric:
    told = COUNTERS[name]
    usual = BYTES_SHARE * found.a if name == "bytes" else 0.0
    margin = margins.get(label_of(told, journey, step), usual)
    verdict, note = _verdict(found, margin)
    return Metric(
        name=told,
        unit="bytes" if name == "bytes" else "count",
        journey=journey,
        step=step,
        a=found.a,
        b=found.b,
        ratio=None,
        low=found.low if math.isfinite(found.low) else None,
        high=found.high if math.isfinite(found.high) else None,
        margin=margin,
        verdict=verdict,
        method=BY_COUNT,
        note=note,
    )


def _verdict(found: CountedDifference, margin: float) -> tuple[Verdict, str | None]:
    slack = _ROUNDING * max(1.0, abs(found.a))
    if found.high < -slack:
        return "faster", None
    if found.low > margin + slack:
        return "slower", None
    if found.high <= margin + slack:
        return "not-worse", None
    return "undecided", f"{found.up:,} of {found.requests:,} requests count more on B, {found.down:,} less"
