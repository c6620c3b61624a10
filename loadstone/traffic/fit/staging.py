"""The workload on stage: its traffic generated, once it has built up, and looked at as a log is."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from loadstone.model.hits import HitBatch
from loadstone.model.traffic import Traffic
from loadstone.traffic.fit.aspects import Aspects, aspects_of
from loadstone.traffic.fit.fitting import read
from loadstone.traffic.fit.generating import generate, mean_length
from loadstone.traffic.fit.memory import MemoryHits
from loadstone.traffic.fit.paces import Clock
from loadstone.traffic.fit.parts import WINDOWS_S
from loadstone.traffic.fit.survey import Survey
from loadstone.traffic.fit.tally import Stretch

__all__ = ["as_logged", "staged"]

ENOUGH = 200_000
MOST_WINDOWS = 20
MOST_VISITS = 60_000
"""Windows are generated until there are so many requests, and as many apart from any window: what is random in the
workload then hardly counts."""

APART_S = 1e7
NS = 1e9


def staged(fitted: Traffic, clock: Clock, window_s: float, requests_per_s: float, seed: int) -> Aspects | None:
    """At so many requests a second, in windows as long as the one it is compared with; None where the model has no
    visits or no time. What visits are like is looked at in many of them, whenever they begin."""
    length, lasting_s = mean_length(fitted, seed)
    if length <= 0 or window_s <= 0 or requests_per_s <= 0:
        return None
    widest = max(WINDOWS_S)
    build_up_s = math.ceil(min(max(lasting_s, 1.0), 2 * clock.idle_s) / widest) * widest  # bursts' windows stay whole
    windows = int(np.clip(ENOUGH / (requests_per_s * window_s), 1, MOST_WINDOWS))
    end_s = build_up_s + windows * window_s
    hits = generate(fitted, seed, end_s + build_up_s, rate_per_s=requests_per_s / length)
    shown = _looked_at(hits, clock, (build_up_s, end_s), windows, seed + 2)
    flat = msgspec.structs.replace(fitted, arrivals=msgspec.structs.replace(fitted.arrivals, dispersion=()))
    visits = min(MOST_VISITS, ENOUGH / length)
    apart = _looked_at(generate(flat, seed + 3, APART_S, rate_per_s=visits / APART_S), clock, (0.0, 1.0), 1, seed + 4)
    return apart._replace(
        gaps=shown.gaps, gap_blocks=shown.gap_blocks, indexes=shown.indexes, rate_per_s=shown.rate_per_s
    )


def _looked_at(hits: MemoryHits, clock: Clock, peak_s: tuple[float, float], segments: int, seed: int) -> Aspects:
    last = 2**62
    stretch = Stretch(0, last, round(peak_s[0] * NS), round(peak_s[1] * NS), 1.0, 0, last)

    def one(_: Survey) -> tuple[Stretch, ...]:
        return (stretch,)

    told = read(as_logged(hits, clock), clock.idle_s, APART_S, one)
    return aspects_of(told.tallies[0], clock.grain_s, segments=segments, seed=seed)


def as_logged(hits: MemoryHits, clock: Clock) -> MemoryHits:
    """As a log with such a clock would tell them: without durations where it tells none, the instants in its steps."""
    rows, grain = hits.rows, max(1, round(clock.grain_s * NS))
    lasts = np.maximum(0, rows.duration_ns) if clock.timed else np.zeros_like(rows.duration_ns)
    off = lasts if clock.exact_starts else np.zeros_like(lasts)
    time_ns = (rows.time_ns + off) // grain * grain - off
    durations = rows.duration_ns if clock.timed else np.full_like(rows.duration_ns, -1)
    logged: HitBatch = rows._replace(time_ns=time_ns, duration_ns=durations)
    return MemoryHits(logged, hits.routes())
