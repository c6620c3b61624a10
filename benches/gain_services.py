"""Services of scripted truth: an event simulation, kept obvious, that shares nothing with the estimator it judges.

A request waits for a worker, then passes through its stages, each at the processor, the database or neither. Shared
resources keep what is left of each job and take from all alike; those served in order keep a list.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import numpy as np
from numpy.random import Generator

__all__ = ["CPU", "DATABASE", "OTHER", "Recording", "Request", "Service", "simulate"]

DATABASE, OTHER, CPU = 0, 1, 2


@dataclass
class Request:
    """One request: when it is sent, its class, and its stages as (resource, demand in seconds, the share of it that is
    the fault's)."""

    sent_s: float
    group: int
    stages: list[tuple[int, float, float]]
    reached_s: float = 0.0
    started_s: float = 0.0
    ended_s: float = 0.0
    worker: int = 0
    place: int = 0
    walls: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Service:
    """What serves: ``workers`` (0: no limit), ``cores`` (1 under an interpreter lock), a database ``fifo`` or
    ``sharing`` with so many ``servers`` (0: never waits). The rest is what no estimator models: others on the ``cores``
    for ``hidden_share`` of the time, ``strangers_share`` of the database's capacity taken by others, each worker with
    a queue of its own, pauses of ``pause_s`` every ``pause_every_s``."""

    workers: int
    cores: int
    database: str
    servers: int
    hidden_share: float = 0.0
    strangers_share: float = 0.0
    sticky: bool = False
    pause_s: float = 0.0
    pause_every_s: float = 0.0


@dataclass
class Recording:
    """What a simulation yields: the requests with their instants, and how busy the busiest resource was."""

    requests: list[Request]
    load: float


class _Clock:
    """Events in order of time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, when: float, then: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), then))

    def run(self) -> None:
        while self._events:
            self.now, _, then = heapq.heappop(self._events)
            then()


class _Delay:
    """Serves everybody at once."""

    def __init__(self, clock: _Clock) -> None:
        self.clock, self.busy_s, self.capacity = clock, 0.0, float("inf")

    def serve(self, demand: float, then: Callable[[], None]) -> None:
        self.clock.at(self.clock.now + demand, then)


class _InOrder(_Delay):
    """So many servers that take jobs in order."""

    def __init__(self, clock: _Clock, servers: int) -> None:
        super().__init__(clock)
        self.free, self.capacity = servers, servers
        self.line: deque[tuple[float, Callable[[], None]]] = deque()

    def serve(self, demand: float, then: Callable[[], None]) -> None:
        self.line.append((demand, then))
        self._next()

    def _next(self) -> None:
        while self.free and self.line:
            demand, then = self.line.popleft()
            self.free -= 1
            self.busy_s += demand
            self.clock.at(self.clock.now + demand, partial(self._done, then))

    def _done(self, then: Callable[[], None]) -> None:
        self.free += 1
        self._next()
        then()


class _Shared(_Delay):
    """Processors that all present share alike, none of them getting more than one."""

    def __init__(self, clock: _Clock, servers: int) -> None:
        super().__init__(clock)
        self.servers, self.capacity = servers, servers
        self.left: dict[int, list[Any]] = {}
        self.strangers = 0
        self.paused = False
        self._since, self._version, self._job = 0.0, 0, count()

    def _rate(self) -> float:
        present = len(self.left) + self.strangers
        return 0.0 if self.paused or not present else min(1.0, self.servers / present)

    def settle(self) -> None:
        """Take from every job what it was given since the last change."""
        given = (self.clock.now - self._since) * self._rate()
        for job in self.left.values():
            job[0] -= given
        self.busy_s += given * (len(self.left) + self.strangers)
        self._since = self.clock.now

    def plan(self) -> None:
        """Foresee the next end, after a change."""
        self._version += 1
        rate = self._rate()
        if self.left and rate:
            soonest = min(job[0] for job in self.left.values())
            self.clock.at(self.clock.now + max(soonest, 0.0) / rate, partial(self._end, self._version))

    def serve(self, demand: float, then: Callable[[], None]) -> None:
        self.settle()
        self.left[next(self._job)] = [demand, then]
        self.plan()

    def _end(self, version: int) -> None:
        if version != self._version:
            return
        self.settle()
        first = min(self.left, key=lambda job: self.left[job][0])
        _, then = self.left.pop(first)
        self.plan()
        then()

    def change(self, strangers: int = 0, paused: bool | None = None) -> None:
        """Others come (or go), or everything stops (or goes on)."""
        self.settle()
        self.strangers += strangers
        self.paused = self.paused if paused is None else paused
        self.plan()


class _Run:
    """One simulation."""

    def __init__(self, service: Service, requests: list[Request], fixed: bool, chance: Generator) -> None:
        self.service, self.fixed, self.chance = service, fixed, chance
        self.clock = _Clock()
        self.cpu = _Shared(self.clock, service.cores)
        kinds = {"fifo": _InOrder, "sharing": _Shared}
        self.database = kinds[service.database](self.clock, service.servers) if service.servers else _Delay(self.clock)
        self.resources = {DATABASE: self.database, OTHER: _Delay(self.clock), CPU: self.cpu}
        queues = service.workers if service.sticky else 1
        self.queues: list[deque[Request]] = [deque() for _ in range(queues)]
        self.free = [[place] for place in range(queues)] if service.sticky else [list(range(service.workers))]
        self.held_s = 0.0
        self.left = len(requests)
        for place, request in enumerate(requests):
            request.place = place
            self.clock.at(request.reached_s, partial(self._reach, request))
        if service.hidden_share:
            self.clock.at(0.0, self._hidden)
        if service.pause_s:
            self.clock.at(service.pause_every_s, self._pause)

    def _reach(self, request: Request) -> None:
        queue = int(self.chance.integers(len(self.queues))) if self.service.sticky else 0
        self.queues[queue].append(request)
        self._begin(queue)

    def _begin(self, queue: int) -> None:
        while self.queues[queue] and (self.free[queue] or not self.service.workers):
            request = self.queues[queue].popleft()
            request.worker = self.free[queue].pop() if self.service.workers else 0
            request.started_s = self.clock.now
            self._stage(request, 0, queue)

    def _stage(self, request: Request, place: int, queue: int) -> None:
        if place == len(request.stages):
            request.ended_s = self.clock.now
            self.held_s += request.ended_s - request.started_s
            self.left -= 1
            if self.service.workers:
                self.free[queue].append(request.worker)
            self._begin(queue)
            return
        resource, demand, share = request.stages[place]
        begun = self.clock.now

        def over() -> None:
            request.walls.append((begun, self.clock.now))
            self._stage(request, place + 1, queue)

        demand = demand * (1 - share) if self.fixed else demand
        if demand > 0:
            self.resources[resource].serve(demand, over)
        else:
            over()

    def _hidden(self) -> None:
        """One more on the processor for a while, then not."""
        if self.left:
            on = self.chance.exponential(0.4 * self.service.hidden_share)
            off = self.chance.exponential(0.4 * (1 - self.service.hidden_share))
            self.cpu.change(strangers=1)
            self.clock.at(self.clock.now + on, lambda: self.cpu.change(strangers=-1))
            self.clock.at(self.clock.now + on + off, self._hidden)

    def _pause(self) -> None:
        if self.left:
            self.cpu.change(paused=True)
            self.clock.at(self.clock.now + self.service.pause_s, lambda: self.cpu.change(paused=False))
            self.clock.at(self.clock.now + self.service.pause_every_s, self._pause)

    def strangers(self, mean_s: float) -> None:
        """Calls of others at the database, for its share of time."""

        def call() -> None:
            if self.left:
                self.database.serve(self.chance.exponential(mean_s), lambda: None)
                gap = mean_s / (self.service.strangers_share * self.service.servers)
                self.clock.at(self.clock.now + self.chance.exponential(gap), call)

        self.clock.at(0.0, call)


def simulate(service: Service, requests: list[Request], seed: int, fixed: bool = False) -> Recording:
    """Serve the requests, in order of ``sent_s``; ``fixed`` leaves out the fault's share of each stage.

    A request is on its way for a tenth of a millisecond and some more, and its reply as well.
    """
    made = [Request(request.sent_s, request.group, request.stages) for request in requests]
    chance = np.random.default_rng([seed, 1])
    ways = 1e-4 + chance.exponential(5e-5, (len(made), 2))
    for request, (there, _) in zip(made, ways, strict=True):
        request.reached_s = request.sent_s + there
    run = _Run(service, made, fixed, np.random.default_rng([seed, 2]))
    if service.strangers_share:
        calls = [demand for request in made for resource, demand, _ in request.stages if resource == DATABASE]
        run.strangers(float(np.mean(calls)))
    run.clock.run()
    span_s = max(request.ended_s for request in made) - made[0].reached_s
    loads = [run.cpu.busy_s / run.cpu.capacity, run.database.busy_s / run.database.capacity]
    if service.workers:
        loads.append(run.held_s / service.workers)
    for request, (_, back) in zip(made, ways, strict=True):
        request.ended_s += back
    return Recording(made, max(loads) / span_s)
