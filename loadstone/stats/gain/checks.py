"""When a predicted number is refused, and in which words. What is left is the rank, and "at least the service part".

The limits were set on simulated services of scripted truth; docs/accuracy.md says what they refuse and let by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.gain.borrow import fit_slow_down
from loadstone.stats.gain.invert import Inversion
from loadstone.stats.gain.record import Record
from loadstone.stats.gain.replay import CPU
from loadstone.stats.gain.timeline import DATABASE, OTHER

__all__ = ["MOST_OFF", "MOST_OFF_SAMPLED", "Seen", "refusal", "reproduces"]

MOST_OFF, MOST_OFF_SAMPLED = 0.10, 0.15
"""A replay with the fault still in it that misses the recorded p95 or p99 by more. Where traces are sampled, the shapes
of the other requests are borrowed, and a sound replay misses it by more."""

COUNTED_SHARE = 0.9
"""Of the traced requests: where the CPU time of so many is known, a short wait that no count of workers explains counts
as time on the CPU, and MOST_CPU_OFF tells whether it is. Queues of workers of their own look the same without it."""

MOST_BUSY = 0.90
"""Share of requests that found all workers busy: beyond, a queue does not drain and arrivals say nothing."""

MOST_CORRELATION, MOST_CORRELATION_SAMPLED = 0.15, 0.25
"""Of inverted demand with concurrency, beyond chance. Borrowed shapes blur who was there when, few requests as well."""

FEW_REQUESTS = 1000
"""Up to so many are few: fourteen real services with about 280 requests each were off by a factor of up to 2.2 at the
p95 below a correlation of .28, and of 2 to 20 above .3."""

MOST_UNEXPLAINED = 0.2
"""Of the mean response, waits before the start that no count of workers explains: beyond, who waits for whom is what
would have to be known."""

MOST_SPREAD = 0.20
"""Between the predictions of plausible ways, at the p95 and the p99."""

MOST_REGRESSED = 0.25
"""Between the mean load-free time by inversion and by a regression on concurrency, where traces are sampled. With all
traces it says nothing: in 51 simulated services inverted means lay within 2 % of the truth, regressed ones up to a
third off."""

MOST_CPU_OFF = 0.15
"""Between the CPU demand that inversion gives and the thread CPU time that was recorded."""

MOST_ASKEW = 0.01
"""Share of server spans that lie outside what the client saw of the request."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the checks look at: ``off`` by how much a replay with the fault misses the record, ``afters`` the predicted
    quantiles of the plausible ways (rows)."""

    rec: Record
    inversion: Inversion
    off: float
    afters: NDArray[np.float64]
    closed: bool

    @property
    def sampled(self) -> bool:
        """Whether requests are there that were not traced."""
        return not bool(np.isfinite(self.rec.started).all())

    @property
    def unexplained(self) -> bool:
        """Whether requests waited before they were begun, and neither workers nor the processor explain it."""
        starts, traced = self.inversion.starts, np.isfinite(self.rec.started)
        if starts.explained:
            return False
        counted = float(np.isfinite(self.rec.cpu[traced]).mean()) >= COUNTED_SHARE
        return not counted or starts.wait_s > MOST_UNEXPLAINED * float(self.rec.response.mean())

    @property
    def blurred(self) -> bool:
        """Whether correlations with concurrency are."""
        return self.sampled or len(self.rec.kept) < FEW_REQUESTS

    @property
    def regressed(self) -> float:
        """The load-free time by regression over that by inversion, less one; 0 where all requests are traced."""
        rec, starts, best = self.rec, self.inversion.starts, self.inversion.candidates[0]
        if not self.sampled or not best.stages.demand.sum():
            return 0.0
        guess = fit_slow_down(starts.start, rec.left, rec.group)
        return float(guess.sum() / best.stages.demand.sum() - 1)

    @property
    def cpu_off(self) -> float:
        """Inverted CPU demand over recorded thread CPU time, less one; 0 where none was recorded."""
        stages = self.inversion.candidates[0].stages
        request = np.repeat(np.arange(len(self.rec.cpu)), np.diff(stages.first).astype(np.int64))
        counted = (stages.resource == CPU) & np.isfinite(self.rec.cpu)[request]
        whole = float(np.nansum(self.rec.cpu))
        return float(stages.demand[counted].sum() / whole - 1) if whole > 0 else 0.0

    @property
    def correlation(self) -> float:
        """The largest of the resources'."""
        return max(self.inversion.choices[resource].fit.correlation for resource in (DATABASE, OTHER, CPU))

    @property
    def spread(self) -> float:
        """Of the p95 and p99, each way against their median, a tenth on either side left out."""
        logs = np.log(np.maximum(self.afters[:, 1:], 1e-12))
        low, high = np.quantile(logs, [0.1, 0.9], axis=0)
        return float(np.expm1(high - low).max())


def reproduces(recorded: NDArray[np.float64], replayed: NDArray[np.float64]) -> float:
    """The largest relative difference of the p95 and the p99."""
    expected, found = np.quantile(recorded, [0.95, 0.99]), np.quantile(replayed, [0.95, 0.99])
    return float(np.abs(found / expected - 1).max())


def refusal(seen: Seen) -> str | None:
    """Why the number is not to be told, or None."""
    if seen.closed:
        return "users wait for their replies before they send again, so a faster service would be asked more often"
    if seen.rec.askew > MOST_ASKEW:
        return "server spans lie outside what the client saw: the clocks differ"
    if seen.unexplained:
        return "requests were not begun in the order in which they came: no count of workers explains when"
    if seen.inversion.starts.busy_share > MOST_BUSY:
        return "nearly every request found all workers busy: the service is saturated"
    if seen.off > (MOST_OFF_SAMPLED if seen.sampled else MOST_OFF):
        return f"a replay with the fault still in it misses the recorded latency by {seen.off:.0%}"
    if seen.correlation > (MOST_CORRELATION_SAMPLED if seen.blurred else MOST_CORRELATION):
        return "stages take longer in a crowd in a way that no simple resource explains"
    if abs(seen.regressed) > MOST_REGRESSED:
        return "time without load comes out differently by inversion and by regression on concurrency"
    if abs(seen.cpu_off) > MOST_CPU_OFF:
        return "requests used another CPU time than their time off calls explains"
    if seen.spread > MOST_SPREAD:
        return f"ways in which the service may work, all plausible, differ by {seen.spread:.0%} in what they predict"
    return None
