"""The replay, slow and obvious: every instant looks at everybody."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from loadstone.stats.gain.replay import Discipline, Model

__all__ = ["Job", "demand_of", "served"]


@dataclass
class Job:
    """One request under way: the stages still before it, the first of them under way or waiting."""

    arrives: float
    stages: list[tuple[int, float]]
    left: float = 0.0
    entered: float = 0.0
    began: float | None = None
    ended: float | None = None


def served(arrivals: list[float], stages: list[list[tuple[int, float]]], model: Model) -> list[tuple[float, float]]:
    """When each request was begun and ended."""
    jobs = [Job(at, [stage for stage in each if stage[1] > 0]) for at, each in zip(arrivals, stages, strict=True)]
    disciplines = {0: model.database, 1: Discipline(0), 2: model.cpu}
    now = 0.0
    while any(job.ended is None for job in jobs):
        _begin(jobs, model, now)
        rates = dict(enumerate(_rates(jobs, disciplines)))
        steps = [job.arrives - now for job in jobs if job.arrives > now]
        steps += [jobs[place].left / rate for place, rate in rates.items() if rate > 0]
        if not steps:
            break
        step = min(steps)
        now = min((job.arrives for job in jobs if job.arrives - now == step), default=now + step)
        for place, rate in rates.items():
            job = jobs[place]
            if rate > 0:
                job.left = 0.0 if job.left / rate == step else job.left - rate * step
                if job.left <= 1e-15:
                    _next(job, now)
    return [(job.began or 0.0, job.ended or 0.0) for job in jobs]


def _begin(jobs: list[Job], model: Model, now: float) -> None:
    for job in jobs:
        inside = sum(other.began is not None and other.ended is None for other in jobs)
        if job.began is None and job.arrives <= now and (not model.workers or inside < model.workers):
            job.began = now
            if job.stages:
                job.left, job.entered = job.stages[0][1], now
            else:
                job.ended = now


def _next(job: Job, now: float) -> None:
    job.stages.pop(0)
    if job.stages:
        job.left, job.entered = job.stages[0][1], now
    else:
        job.ended = now


def _rates(jobs: list[Job], disciplines: dict[int, Discipline]) -> list[float]:
    """At what rate each job's stage goes on just now."""
    rates = [0.0] * len(jobs)
    for resource, discipline in disciplines.items():
        there = [
            place
            for place, job in enumerate(jobs)
            if job.began is not None and job.ended is None and job.stages[0][0] == resource
        ]
        there.sort(key=lambda place: jobs[place].entered)
        for rank, place in enumerate(there):
            match discipline.kind:
                case 0:
                    rates[place] = 1.0
                case 1:
                    rates[place] = 1.0 if rank < discipline.servers else 0.0
                case _:
                    rates[place] = min(1.0, discipline.servers / len(there))
    return rates


def demand_of(start: float, end: float, others: list[tuple[float, float]], servers: float) -> float:
    """The integral of min(1, servers / present) over [start, end], others being there from start to end each."""
    cuts = sorted({start, end, *(cut for other in others for cut in other if start < cut < end)})
    total = 0.0
    for low, high in pairwise(cuts):
        present = 1 + sum(begin <= low and high <= end_ for begin, end_ in others)
        total += (high - low) * min(1.0, servers / present)
    return total
