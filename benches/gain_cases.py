"""Simulated services drawn at random, their faults, and what a tracer would have recorded of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benches.gain_services import CPU, DATABASE, OTHER, Recording, Request, Service
from loadstone.stats.gain import Removal, Timeline

__all__ = ["MODELLED", "STRESS", "Case", "draw_case", "draw_requests", "observed", "response_times"]

MODELLED = ("workers", "sharing", "gil", "pool", "database sharing")
STRESS = ("hidden cpu", "shared database", "sticky queues", "gc pauses")
FAULTS = ("n+1", "slow statement", "hot function", "slow call")
SHARES = (0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True)
class Class:
    """A class of requests: its weight, and its stages as (resource, mean demand in seconds)."""

    weight: float
    stages: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Case:
    """A service, its classes, how demands vary (``sigma`` of a lognormal, or exponential where 0), its fault, the share
    of requests that have it, and the requests a second."""

    kind: str
    service: Service
    classes: tuple[Class, ...]
    sigma: float
    fault: str
    faulty_share: float
    size: float
    rate_per_s: float
    seed: int


def draw_case(seed: int) -> Case:
    """The case of a number: every fifth is of a kind that no estimator models."""
    chance = np.random.default_rng([seed, 7])
    kind = STRESS[seed // 5 % 4] if seed % 5 == 4 else MODELLED[(seed - seed // 5) % 5]
    service = _service(kind, chance)
    classes = tuple(_class(kind, chance) for _ in range(int(chance.integers(1, 4))))
    case = Case(
        kind,
        service,
        classes,
        float(chance.choice([0.0, 0.3, 0.6, 0.9])),
        str(chance.choice(FAULTS)),
        float(chance.choice(SHARES)),
        float(np.exp(chance.uniform(np.log(1.0), np.log(6.0)))),
        1.0,
        seed,
    )
    # The rate at which the busiest resource would be busy for this share of the time, could it be held so long.
    sample = draw_requests(case, 1000, seed)
    busy = dict.fromkeys((DATABASE, OTHER, CPU), 0.0)
    for request in sample:
        for resource, demand, _ in request.stages:
            busy[resource] += demand / len(sample)
    limits = [busy[CPU] / service.cores]
    if service.servers:
        limits.append(busy[DATABASE] / service.servers)
    if service.workers:
        limits.append(sum(busy.values()) / service.workers)
    target = float(chance.uniform(0.2, 0.9))
    target *= 1 - 0.6 * service.hidden_share / service.cores
    target *= 1 - service.strangers_share
    return replace(case, rate_per_s=target / max(limits))


def _service(kind: str, chance: Generator) -> Service:
    cores = int(chance.integers(1, 5))
    database = "sharing" if chance.random() < 0.5 else "fifo"
    servers = int(chance.integers(2, 9)) if chance.random() < 0.7 else 0
    plain = Service(int(chance.integers(2, 17)), cores, database, servers)
    match kind:
        case "sharing":
            return replace(plain, workers=0)
        case "gil":
            return replace(plain, cores=1, workers=int(chance.choice([0, 4, 8, 16])))
        case "pool":
            workers, servers = int(chance.choice([0, 16])), int(chance.integers(1, 5))
            return replace(plain, workers=workers, database="fifo", servers=servers)
        case "database sharing":
            workers, servers = int(chance.choice([0, 16])), int(chance.integers(1, 4))
            return replace(plain, workers=workers, database="sharing", servers=servers)
        case "hidden cpu":
            return replace(plain, cores=max(cores, 2), hidden_share=float(chance.uniform(0.2, 0.7)))
        case "shared database":
            return replace(plain, servers=int(chance.integers(1, 5)), strangers_share=float(chance.uniform(0.1, 0.5)))
        case "sticky queues":
            return replace(plain, sticky=True)
        case "gc pauses":
            return replace(plain, pause_s=float(chance.uniform(0.02, 0.1)), pause_every_s=float(chance.uniform(1, 5)))
    return plain


def _class(kind: str, chance: Generator) -> Class:
    cpu = float(np.exp(chance.uniform(np.log(2e-3), np.log(12e-3))))
    stages: list[tuple[int, float]] = [(CPU, cpu / 2)]
    heavy = 4.0 if kind in ("pool", "database sharing") else 1.0
    for _ in range(int(chance.integers(1, 5))):
        stages += [(DATABASE, heavy * float(np.exp(chance.uniform(np.log(5e-4), np.log(6e-3))))), (CPU, cpu / 6)]
    if chance.random() < 0.4:
        stages += [(OTHER, float(np.exp(chance.uniform(np.log(2e-3), np.log(2e-2))))), (CPU, cpu / 3)]
    return Class(float(chance.uniform(0.2, 1)), tuple(stages))


def draw_requests(case: Case, requests: int, seed: int) -> list[Request]:
    """Poisson arrivals of requests of the case's classes; the same seed gives the same."""
    chance = np.random.default_rng([seed, 3])
    arrived = np.cumsum(chance.exponential(1 / case.rate_per_s, requests))
    weights = np.array([each.weight for each in case.classes])
    groups = chance.choice(len(weights), requests, p=weights / weights.sum())
    faulty = chance.random(requests) < case.faulty_share
    made = []
    for at, group, sick in zip(arrived, groups, faulty, strict=True):
        own = case.classes[group].stages
        demands = [mean * _vary(case, chance) for _, mean in own]
        stages = [(resource, demand, 0.0) for (resource, _), demand in zip(own, demands, strict=True)]
        if sick:
            stages[2:2] = _fault(case, sum(mean for _, mean in own), chance)
        made.append(Request(float(at), int(group), stages))
    return made


def _vary(case: Case, chance: Generator) -> float:
    return float(chance.lognormal(-(case.sigma**2) / 2, case.sigma) if case.sigma else chance.exponential())


def _fault(case: Case, whole: float, chance: Generator) -> list[tuple[int, float, float]]:
    """Stages that a fault puts before the first statement, about ``size`` times the request's own demand if it is rare,
    half of that if everybody has it."""
    size = case.size * whole * (1.0 if case.faulty_share < 0.2 else 0.5)
    match case.fault:
        case "n+1":
            calls = int(chance.integers(8, 25))
            one = size / calls
            return [
                stage
                for _ in range(calls)
                for stage in ((DATABASE, 0.75 * one * _vary(case, chance), 1.0), (CPU, 0.25 * one, 1.0))
            ]
        case "slow statement":
            return [(DATABASE, size * _vary(case, chance), 0.95)]
        case "hot function":
            return [(CPU, size * _vary(case, chance), 1.0)]
    return [(OTHER, size * _vary(case, chance), 0.9)]


def response_times(requests: list[Request]) -> NDArray[np.float64]:
    """Response times in seconds."""
    return np.array([request.ended_s - request.sent_s for request in requests])


def observed(recording: Recording, traced_share: float, seed: int, cpu_known: bool) -> tuple[Timeline, Removal]:
    """What is recorded of a simulation: every request at the client, a share of them traced; and what the fix would
    take away of that, as far as traces tell."""
    chance = np.random.default_rng([seed, 5])
    requests = recording.requests
    n = len(requests)
    traced = chance.random(n) < traced_share
    cpu, removed = np.full(n, -1, np.int64), np.zeros(n)
    rows: list[tuple[int, float, float, int, float]] = []
    for place in np.flatnonzero(traced):
        request = requests[place]
        if cpu_known:
            cpu[place] = round(1e9 * sum(demand for resource, demand, _ in request.stages if resource == CPU))
        for (resource, _, share), (begin, end) in zip(request.stages, request.walls, strict=True):
            if resource == CPU:
                removed[place] += share * (end - begin) * 1e9
            else:
                rows.append((int(place), begin, end, resource, share))
    table = np.array(rows) if rows else np.zeros((0, 5))

    def ns(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.round(seconds * 1e9).astype(np.int64)

    started = ns(np.array([request.started_s for request in requests]))
    timeline = Timeline(
        ns(np.array([request.sent_s for request in requests])),
        np.where(traced, started, -1),
        ns(np.array([request.ended_s for request in requests])),
        np.array([request.group for request in requests], np.int32),
        cpu,
        np.where(traced, np.array([request.worker for request in requests], np.int32), -1).astype(np.int32),
        table[:, 0].astype(np.int64),
        ns(table[:, 1]),
        ns(table[:, 2]),
        table[:, 3].astype(np.int8),
    )
    return timeline, Removal(table[:, 4], removed)
