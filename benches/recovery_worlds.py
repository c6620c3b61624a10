"""Models of traffic whose law is known, logs of them as servers write, and what a fit should find."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from loadstone.model.estimate import Estimate
from loadstone.model.traffic import Traffic
from loadstone.traffic.fit import MemoryHits, generate
from tests.traffic.fit.worlds import SHOP, poisson

__all__ = ["WORLDS", "World", "truths"]

NS = 1e9
BUILD_UP_S = 600.0


class World(NamedTuple):
    """``rate_per_s`` visits begin, for ``seconds``; instants are rounded down to ``grain_s``; ``lasts_s`` is the
    longest that a request takes (evenly from a tenth of it), 0 where the log tells no durations; ``at_start`` the
    start is written and rounded, not the end. ``peak_s`` is the
    window that the fit looks for: all of the log, unless the choice of the busiest one is to be measured too."""

    says: str
    traffic: Traffic
    rate_per_s: float
    seconds: float
    grain_s: float
    lasts_s: float
    peak_s: float
    at_start: bool = False

    def log(self, seed: int) -> MemoryHits:
        """One log: it begins when visits have built up, and ends with visits on their way."""
        rng = np.random.default_rng((seed, 7))
        hits = generate(self.traffic, seed, self.seconds + BUILD_UP_S, rate_per_s=self.rate_per_s)
        rows = hits.rows
        took = np.round(rng.uniform(self.lasts_s / 10, self.lasts_s, len(rows.time_ns)) * NS).astype(np.int64)
        end = rows.time_ns + _delays(rows.client, rows.time_ns, took) + took
        order = np.argsort(end, kind="stable")
        rows, end, took = type(rows)._make(column[order] for column in rows), end[order], took[order]
        grain = round(self.grain_s * NS)
        logged = (end - took) // grain * grain if self.at_start else end // grain * grain - took
        rows = rows._replace(time_ns=logged, duration_ns=took) if self.lasts_s else rows._replace(time_ns=logged)
        inside = (rows.time_ns >= BUILD_UP_S * NS) & (rows.time_ns < (self.seconds + BUILD_UP_S) * NS)
        return MemoryHits(type(rows)._make(column[inside] for column in rows), hits.routes(), as_logged=True)


def _delays(client: np.ndarray, time_ns: np.ndarray, took: np.ndarray) -> np.ndarray:
    """People think from the end of a reply: each request comes later by what those before it in its visit took."""
    order = np.lexsort((time_ns, client))
    sums = np.cumsum(took[order]) - took[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = client[order][1:] != client[order][:-1]
    begin = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    delays = np.empty(len(order), dtype=np.int64)
    delays[order] = sums - sums[begin]
    return delays


WORLDS = {
    "exact": World("a clock of milliseconds, no durations, bursts, 4 h", SHOP, 0.6, 14_400.0, 1e-3, 0.0, 14_400.0),
    "seconds": World("a clock of whole seconds, bursts, 4 h", SHOP, 0.6, 14_400.0, 1.0, 0.0, 14_400.0),
    "durations": World(
        "whole seconds at the end of requests, durations of up to .4 s, Poisson arrivals, 3 h",
        poisson(SHOP),
        0.6,
        10_800.0,
        1.0,
        0.4,
        10_800.0,
    ),
    "starts": World(
        "the same, with whole seconds at the start of requests",
        poisson(SHOP),
        0.6,
        10_800.0,
        1.0,
        0.4,
        10_800.0,
        at_start=True,
    ),
    "few": World(
        "some 400 visits in 100 min, whole seconds, Poisson arrivals", poisson(SHOP), 0.067, 6000.0, 1.0, 0.0, 6000.0
    ),
    "busiest": World(
        "as *seconds*, the busiest of 4 hours described: where it is not busier by its law, the choice itself takes "
        "the highest of equal rates",
        SHOP,
        0.6,
        14_400.0,
        1.0,
        0.0,
        3600.0,
    ),
}


def truths(world: World) -> dict[tuple[str, str], float]:
    """By kind and place: what the model says, or what follows from it (visits to each route: the chain's fundamental
    matrix, Kemeny and Snell, Finite Markov Chains, 1960)."""
    told: dict[tuple[str, str], float] = {}
    asked: dict[str, float] = {}
    for one in world.traffic.visits:
        routes = sorted({name for step in one.transitions for name in (step.before, step.after) if name})
        number = {name: at for at, name in enumerate(routes)}
        begin, table = np.zeros(len(routes)), np.zeros((len(routes), len(routes)))
        for step in one.transitions:
            told["what follows what", f"{one.name}: {step.before} > {step.after}"] = step.probability.value
            if step.after is not None and step.before is None:
                begin[number[step.after]] = step.probability.value
            elif step.after is not None and step.before is not None:
                table[number[step.before], number[step.after]] = step.probability.value
        visited = np.linalg.solve(np.eye(len(routes)) - table.T, begin)
        told["requests of a visit", one.name] = float(visited.sum())
        told["share of a class of visits", one.name] = one.share.value
        for name, at in number.items():
            asked[name] = asked.get(name, 0.0) + one.share.value * float(visited[at])
        for pace in one.paces:
            told["think time, median", f"{one.name}: {pace.route}"] = pace.median_s.value
            told["think time, sigma", f"{one.name}: {pace.route}"] = pace.sigma.value
    total = sum(asked.values())
    told |= {("share of a route", name): each / total for name, each in asked.items()}
    told["share of reads", ""] = sum(each for name, each in asked.items() if name.startswith("GET")) / total
    told["visits a second", ""] = world.rate_per_s
    told["requests a second", ""] = world.rate_per_s * total
    for popular in world.traffic.popularity:
        told["popularity, exponent", popular.route] = popular.exponent.value
        told["popularity, shift", popular.route] = popular.shift.value
    indexes = {each.window_s: each.index.value for each in world.traffic.arrivals.dispersion}
    for window in (1.0, 10.0, 60.0):
        told[f"dispersion, {window:g} s", ""] = indexes.get(window, 1.0)
    return told


def tilted(traffic: Traffic, share: float) -> Traffic:
    """The same with other shares of its first two classes of visits."""
    first, second, *rest = traffic.visits
    changed = (replace(first, share=Estimate(share)), replace(second, share=Estimate(1 - share)), *rest)
    return replace(traffic, visits=changed)
