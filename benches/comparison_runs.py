"""Runs of two sides, simulated: requests through a queue of workers, on a host whose speed wanders.

A comparison is judged by what it says where the truth is known. So both sides are queues first come first served (with
one worker by Lindley's recursion, Proceedings of the Cambridge Philosophical Society 48, 1952; with several by when
each is free again), all runs of a batch at once. Both sides of a pair have the same arrivals and the same mix of two
steps, and service times of their own. What comes out are the ``SideRun`` that ``loadstone prove`` would have read from
the archive, so that the very function that judges real runs judges these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loadstone.model.side_run import Side, SideRun, StepMeasured
from loadstone.stats.histogram import LAST_BUCKET, NS, SUB_BUCKETS, TOP_NS, Histogram

__all__ = ["LAWS", "STEPS", "Batch", "Change", "Scene", "batch", "buckets_of", "histogram_of", "responses"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]

STEPS = (("browse", "list", 0.7, 0.8), ("browse", "detail", 0.3, 4.4 / 3))
"""Journey, step, share of requests, mean service time in means of all."""

LAG_S = 1e-4
"""Mean of what a request waits for in the generator: response is service and this."""

RARE_SHARE = 0.1


def _exponential(random: np.random.Generator, size: tuple[int, ...]) -> Floats:
    return random.standard_exponential(size)


def _lognormal(random: np.random.Generator, size: tuple[int, ...]) -> Floats:
    return np.exp(0.5 * random.standard_normal(size) - 0.125)


def _rare(random: np.random.Generator, size: tuple[int, ...]) -> Floats:
    """Two kinds: one request in fifty does ten times the work."""
    return (1 + 9 * (random.random(size) < 0.02)) * np.exp(0.3 * random.standard_normal(size) - 0.045) / 1.18


LAWS: dict[str, Draw] = {"lognormal": _lognormal, "exponential": _exponential, "rare slow kind": _rare}
"""Service times of mean 1. Squared coefficients of variation, without the steps' own: .28, 1 and 1.6."""


@dataclass(frozen=True)
class Change:
    """What side B does otherwise. ``service`` multiplies its service times: the queue behind them then grows by more.
    ``rare`` multiplies those of one request in ten. ``response`` multiplies whole responses and leaves the queue as it
    is, so that the truth at every quantile is that factor."""

    service: float = 1.0
    rare: float = 1.0
    response: float = 1.0


@dataclass(frozen=True)
class Scene:
    """What is simulated. ``load`` is the share of time that a worker of side A works; ``rate_per_s`` requests a
    second arrive for ``measured_s`` after ``warm_up_s``. ``drift`` is the standard deviation of the host's log speed
    from run to run, ``memory`` its correlation between neighbours in time; ``step`` makes it a random walk of such
    steps instead. A run is disturbed with chance ``disturbed``: a quarter of its requests take half as long again."""

    law: str = "lognormal"
    workers: int = 4
    load: float = 0.7
    rate_per_s: float = 100.0
    measured_s: float = 60.0
    warm_up_s: float = 5.0
    drift: float = 0.0
    memory: float = 0.8
    walk: bool = False
    disturbed: float = 0.0
    change: Change = field(default_factory=Change)

    @property
    def mean_s(self) -> float:
        """Side A's mean service time."""
        return self.load * self.workers / self.rate_per_s

    @property
    def measured(self) -> int:
        """Measured requests of a run."""
        return round(self.rate_per_s * self.measured_s)


@dataclass(frozen=True)
class Batch:
    """Comparisons simulated together: ``response_s`` is float64[requests, comparisons, pairs, sides] without warm-up,
    ``step`` the place in ``STEPS`` int8[requests, comparisons, pairs], ``work_s`` the workers' whole time in each
    run. ``orders`` is AB or BA, a tuple of each comparison's pairs."""

    scene: Scene
    seed: int
    response_s: Floats
    step: NDArray[np.int8]
    work_s: Floats
    orders: tuple[tuple[str, ...], ...]
    lag_s: Floats

    def runs(self) -> Iterator[list[SideRun]]:
        """Each comparison's runs in the order of time."""
        for place, order in enumerate(self.orders):
            yield self._runs_of(place, order)

    def _runs_of(self, place: int, order: Sequence[str]) -> list[SideRun]:
        response = np.rint(self.response_s[:, place] * NS).astype(np.int64)
        service = np.rint((self.response_s[:, place] - self.lag_s[:, place]) * NS).astype(np.int64)
        runs = []
        for pair, sides in enumerate(order):
            steps = self.step[:, place, pair]
            for which, side in enumerate(sides):
                column = "AB".index(side)
                runs.append(
                    self._run(
                        f"{self.seed}-{place}-{pair}{side}",
                        side="A" if column == 0 else "B",
                        pair=pair,
                        place=2 * pair + which,
                        steps=steps,
                        response=response[:, pair, column],
                        service=service[:, pair, column],
                        work_s=float(self.work_s[place, pair, column]),
                    )
                )
        return runs

    def _run(
        self,
        run: str,
        side: Side,
        pair: int,
        place: int,
        steps: NDArray[np.int8],
        response: Ints,
        service: Ints,
        work_s: float,
    ) -> SideRun:
        scene = self.scene
        measured = []
        for which, (journey, step, _, _) in enumerate(STEPS):
            mine = steps == which
            count = int(mine.sum())
            measured.append(
                StepMeasured(
                    journey, step, count, 0, {"200": count}, histogram_of(response[mine]), histogram_of(service[mine])
                )
            )
        whole_response, whole_service = Histogram(), Histogram()
        for one in measured:
            whole_response.merge(one.response)
            whole_service.merge(one.service)
        count = len(response)
        whole = StepMeasured(None, None, count, 0, {"200": count}, whole_response, whole_service)
        return SideRun(
            run=run,
            side=side,
            pair=pair,
            place=place,
            seed=self.seed + pair,
            started_ns=round(place * (scene.measured_s + scene.warm_up_s) * NS),
            measured_s=scene.measured_s,
            offered_per_s=scene.rate_per_s,
            achieved_per_s=count / scene.measured_s,
            whole=whole,
            steps=tuple(measured),
            all_requests=count + round(scene.rate_per_s * scene.warm_up_s),
            service_cpu_s=work_s,
            service_rss_bytes=100_000_000 + 4096 * (place % 7),
        )


def batch(scene: Scene, orders: Sequence[Sequence[str]], seed: int) -> Batch:
    """Simulate comparisons, each in its own order of as many pairs."""
    random = np.random.default_rng(seed)
    comparisons, pairs = len(orders), len(orders[0])
    warm = round(scene.rate_per_s * scene.warm_up_s)
    size = (warm + scene.measured, comparisons, pairs)
    arrivals = np.cumsum(random.standard_exponential(size), axis=0) / scene.rate_per_s
    step = (random.random(size) < STEPS[1][2]).astype(np.int8)
    means = np.array([mean for *_, mean in STEPS])[step] * scene.mean_s
    services = LAWS[scene.law](random, (*size, 2)) * means[..., None]
    services *= _host(scene, orders, random)
    services[..., 1] *= scene.change.service
    if scene.change.rare != 1:
        services[..., 1] *= np.where(random.random(size) < RARE_SHARE, scene.change.rare, 1.0)
    if scene.disturbed:
        _disturb(services, scene, random)
    found = responses(services, arrivals, scene.workers)[warm:]
    found[..., 1] *= scene.change.response
    lag = LAG_S * random.standard_exponential(found.shape)
    kept = tuple(tuple(order) for order in orders)
    return Batch(scene, seed, found + lag, step[warm:], services.sum(axis=0), kept, lag)


def responses(services: Floats, arrivals: Floats, workers: int) -> Floats:
    """Response times of a queue first come first served: ``services`` is float64[requests, ..., sides], ``arrivals``
    (instants) float64[requests, ...]."""
    if workers == 1:
        done = np.cumsum(services, axis=0)
        return done + np.maximum.accumulate(arrivals[..., None] - (done - services), axis=0) - arrivals[..., None]
    shape = services.shape
    flat = services.reshape(len(services), -1)
    instants = np.broadcast_to(arrivals[..., None], shape).reshape(len(services), -1)
    free = np.zeros((workers, flat.shape[1]))
    columns = np.arange(flat.shape[1])
    found = np.empty_like(flat)
    for place in range(len(flat)):
        which = free.argmin(axis=0)
        done = np.maximum(free[which, columns], instants[place])
        done += flat[place]
        free[which, columns] = done
        np.subtract(done, instants[place], out=found[place])
    return found.reshape(shape)


def _host(scene: Scene, orders: Sequence[Sequence[str]], random: np.random.Generator) -> Floats:
    """How many times as long work takes in each run: float64[comparisons, pairs, sides], by the place in time."""
    comparisons, pairs = len(orders), len(orders[0])
    shocks = scene.drift * random.standard_normal((comparisons, 2 * pairs))
    if scene.walk:
        level = np.cumsum(shocks, axis=1)
        level -= level.mean(axis=1, keepdims=True)
    else:
        level = shocks.copy()
        for place in range(1, 2 * pairs):
            level[:, place] = scene.memory * level[:, place - 1]
            level[:, place] += np.sqrt(1 - scene.memory**2) * shocks[:, place]
    by_place = np.exp(level).reshape(comparisons, pairs, 2)
    turned = np.array([[sides == "BA" for sides in order] for order in orders])
    return np.where(turned[..., None], by_place[..., ::-1], by_place)


def _disturb(services: Floats, scene: Scene, random: np.random.Generator) -> None:
    """A quarter of the requests of a disturbed run take half as long again, from a random one on."""
    requests = len(services)
    hit = random.random(services.shape[1:]) < scene.disturbed
    begins = random.integers(0, requests - requests // 4, services.shape[1:])
    for where in zip(*np.nonzero(hit), strict=True):
        begin = int(begins[where])
        services[(slice(begin, begin + requests // 4), *where)] *= 1.5


def buckets_of(values_ns: Ints) -> Ints:
    """``bucket_of`` for many values at once."""
    values = np.clip(values_ns, 0, TOP_NS)
    _, exponents = np.frexp(values.astype(np.float64))  # the bit length: exact below 2^53
    shifts = np.maximum(exponents.astype(np.int64) - 8, 0)
    return np.asarray(np.where(values < SUB_BUCKETS, values, SUB_BUCKETS * shifts + (values >> shifts)))


def histogram_of(values_ns: Ints) -> Histogram:
    """The histogram of values in nanoseconds."""
    histogram = Histogram()
    if len(values_ns):
        counts = np.bincount(buckets_of(values_ns), minlength=LAST_BUCKET + 1)
        filled = np.nonzero(counts)[0]
        histogram.add(
            len(values_ns),
            int(values_ns.min()),
            int(values_ns.max()),
            int(values_ns.sum()),
            zip(filled.tolist(), counts[filled].tolist(), strict=True),
        )
    return histogram
