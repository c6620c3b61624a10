"""How alike a workload is to traffic that it was not made from, beside two references.

The naive one is what people send without a log: Poisson arrivals of single requests, drawn by the mix alone, each item
as likely as another. The other is the part that the model was made from, sent again word for word. The level of load is
not scored: it is the operator's to choose, so that the workload is generated at the rate of the part held out, and gaps
are compared in units of their mean. Intervals come from resampling visits (or minutes of the peak) of that part; two
distances are compared within the same replicate.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.model.estimate import Estimate
from loadstone.model.fidelity import Fidelity, Likeness, Measure
from loadstone.model.hits import Hits
from loadstone.model.traffic import Traffic
from loadstone.stats.traffic.distance import REPLICATES, distances, interval, resampled_weights, total_variation
from loadstone.traffic.fit.aspects import BLOCKS, Aspects, aspects_of
from loadstone.traffic.fit.fitting import Read, read
from loadstone.traffic.fit.likeness_words import sentence_of
from loadstone.traffic.fit.parts import WINDOWS_S
from loadstone.traffic.fit.slopes import slopes_of
from loadstone.traffic.fit.staging import staged

__all__ = ["FEWEST_VISITS", "score", "score_parts"]

FEWEST_VISITS = 50
"""With fewer visits on either side a distance of .2 is nothing but chance (Kolmogorov's 95 % point: 1.36 / root 50)."""

ALIKE = 0.01
"""Distances that differ by less are alike: what is random in a generated workload of 200,000 requests is about half of
that."""

WORSE = 0.03
"""Over all, on a scale from 0 to 1: where traffic is as the naive reference supposes, a model that was fitted to it was
off by its own noise, more than .01, in 4 logs of 40 (benches/likeness.py)."""

Replicates = NDArray[np.float64] | None


class _Row(NamedTuple):
    measure: Measure
    window_s: float | None
    workload: Replicates
    naive: Replicates
    replay: Replicates
    seen: int


def score(
    fitted: Traffic, training: Hits, held_out: Hits, *, idle_s: float | None = None, seed: int = 1
) -> Fidelity | None:
    """The workload against traffic that was held out; None where either part has too few visits."""
    idle = fitted.idle_s.value if idle_s is None else idle_s
    peak_s = fitted.arrivals.peak_s
    before, after = read(training, idle, peak_s), read(held_out, idle, peak_s)
    return score_parts(fitted, (before, 0), (after, 0), "a part of its own", seed=seed)


def score_parts(
    fitted: Traffic, training: tuple[Read, int], held_out: tuple[Read, int], words: str, *, seed: int = 1
) -> Fidelity | None:
    """The same of parts that were read already, each a reading and the number of its tally."""
    before, after = training[0].tallies[training[1]], held_out[0].tallies[held_out[1]]
    if min(before.visits, after.visits) < FEWEST_VISITS or not fitted.visits:
        return None
    clock = held_out[0].clock
    held = aspects_of(after, clock.grain_s, seed=seed)
    replay = aspects_of(before, clock.grain_s, seed=seed + 1)
    window_s = (after.stretch.peak_end_ns - after.stretch.peak_ns) / 1e9
    workload = staged(fitted, clock, window_s, held.rate_per_s, seed)
    rows = [
        _mix(held, workload, replay, seed),
        _gaps(held, workload, replay, seed),
        _think(held, workload, replay, seed),
        *_dispersion(held, workload, replay, seed),
        _popularity(held, workload, replay, fitted, seed),
        _length(held, workload, replay, seed),
    ]
    told = tuple(_told(row) for row in rows)
    worse, apart = _overall(rows)
    sentence = sentence_of(told, worse, apart)
    return Fidelity(int(before.requests.sum()), int(after.requests.sum()), words, told, worse, sentence)


def _mix(held: Aspects, workload: Aspects | None, replay: Aspects, seed: int) -> _Row:
    """The naive reference draws by the mix of the part that was fitted: as near as a replay."""
    names = sorted({*held.routes, *replay.routes, *(workload.routes if workload else ())})
    place = {name: at for at, name in enumerate(names)}

    def spread(table: NDArray[np.float64], routes: tuple[str, ...]) -> NDArray[np.float64]:
        wide = np.zeros((*table.shape[:-1], len(names)))
        wide[..., [place[name] for name in routes]] = table
        return wide

    weights = resampled_weights(len(held.table), seed)
    drawn = np.concatenate([held.table.sum(axis=0)[None], weights.T @ held.table])
    seen = spread(drawn, held.routes)

    def against(other: Aspects | None) -> Replicates:
        if other is None or not len(other.table):
            return None
        mix = spread(other.table.sum(axis=0), other.routes)
        return np.array([total_variation(row, mix) for row in seen])

    again = against(replay)
    return _Row("mix", None, against(workload), again, again, int(held.table.sum()))


def _gaps(held: Aspects, workload: Aspects | None, replay: Aspects, seed: int) -> _Row:
    even = (np.arange(20_000) + 0.5) / 20_000
    others = (workload.gaps if workload else None, -np.log1p(-even), replay.gaps)
    told = distances(held.gaps, held.gap_blocks, others, resampled_weights(BLOCKS, seed))
    return _Row("gaps", None, told[0], told[1], told[2], len(held.gaps))


def _think(held: Aspects, workload: Aspects | None, replay: Aspects, seed: int) -> _Row:
    """Requests that are independent of each other have no pause between them: the naive reference tells none."""
    others = (workload.pauses if workload else None, None, replay.pauses)
    told = distances(held.pauses, held.pause_visits, others, resampled_weights(len(held.table), seed))
    return _Row("think", None, told[0], told[1], told[2], len(held.pauses))


def _length(held: Aspects, workload: Aspects | None, replay: Aspects, seed: int) -> _Row:
    others = (workload.lengths if workload else None, np.ones(1), replay.lengths)
    told = distances(held.lengths, held.length_visits, others, resampled_weights(len(held.table), seed))
    return _Row("length", None, told[0], told[1], told[2], len(held.lengths))


def _dispersion(held: Aspects, workload: Aspects | None, replay: Aspects, seed: int) -> list[_Row]:
    rng = np.random.default_rng(seed)
    rows = []
    for window in WINDOWS_S:
        seen = held.indexes.get(window)
        if seen is None or seen.value <= 0:
            continue
        drawn = seen.value * np.append(1.0, seen.degrees / rng.chisquare(seen.degrees, REPLICATES))

        def against(index: float | None, drawn: NDArray[np.float64] = drawn) -> Replicates:
            return None if index is None or index <= 0 else np.abs(np.log(index / drawn))

        one = workload.indexes.get(window) if workload else None
        again = replay.indexes.get(window)
        rows.append(
            _Row(
                "dispersion",
                window,
                against(one.value if one else None),
                against(1.0),
                against(again.value if again else None),
                seen.windows,
            )
        )
    return rows


def _popularity(held: Aspects, workload: Aspects | None, replay: Aspects, fitted: Traffic, seed: int) -> _Row:
    told = slopes_of(held, workload, replay, fitted.popularity, seed)
    if told is None:
        return _Row("popularity", None, None, None, None, 0)
    return _Row("popularity", None, told.workload, told.naive, told.replay, told.requests)


def _told(row: _Row) -> Likeness:
    verdict: Literal["closer", "alike", "worse", "not told"] = "not told"
    if row.workload is not None and row.naive is not None:
        apart = row.naive - row.workload
        low, high = _difference(apart)
        told = abs(float(apart[0])) >= ALIKE
        verdict = "closer" if told and low > 0 else "worse" if told and high < 0 else "alike"
    return Likeness(
        row.measure,
        _estimate(row.workload, row.seen),
        _estimate(row.naive, row.seen),
        _estimate(row.replay, row.seen),
        row.window_s,
        verdict,
    )


def _estimate(told: Replicates, count: int) -> Estimate | None:
    if told is None:
        return None
    value, low, high = interval(told)
    return Estimate(value, low, high if math.isfinite(high) else None, "", "visits resampled", count)


def _difference(told: NDArray[np.float64]) -> tuple[float, float]:
    """The interval of a difference of distances, which is 0 only where both are the same."""
    if not np.any(told):
        return 0.0, 0.0
    low, high = np.quantile(told[1:], [0.025, 0.975])
    shift = float(np.median(told[1:])) - float(told[0])
    return float(low) - shift, float(high) - shift


def _overall(rows: list[_Row]) -> tuple[bool, float | None]:
    """Whether the workload is further away than the naive reference, over the measures that both have, and by how much.

    Every distance is put between 0 and 1 (a log ratio d as 1 - exp(-|d|)), the windows of dispersion are one measure,
    measures count alike. Said only where the interval of the difference lies above 0.
    """
    means: dict[str, list[NDArray[np.float64]]] = {}
    for row in rows:
        if row.workload is None or row.naive is None:
            continue
        each = row.workload, row.naive
        if row.measure in ("dispersion", "popularity"):
            each = 1 - np.exp(-each[0]), 1 - np.exp(-each[1])
        size = min(len(each[0]), len(each[1]))
        means.setdefault(row.measure, []).append(each[0][:size] - each[1][:size])
    if not means:
        return False, None
    size = min(len(one) for many in means.values() for one in many)
    total = np.mean([np.mean([one[:size] for one in many], axis=0) for many in means.values()], axis=0)
    low, _ = _difference(total)
    return low > 0 and float(total[0]) >= WORSE, float(total[0])
