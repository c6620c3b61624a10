"""The fake engine's inside: events of a plan's load on a simulated service, in simulated time.

Arrivals, users, think times and what follows a step come from the plan, work and stalls from the script; a rate has no
bursts here. Requests are served first come, first served by the script's workers, or all at once without a limit; a
stall stops all work.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator
from typing import Any

import msgspec

from loadstone.drive.booking import Booking, Request
from loadstone.drive.facts import PlanFacts
from loadstone.drive.script import Script
from loadstone.errors import SpecError
from loadstone.model.interval import Interval, Sample

__all__ = ["simulate"]

STATUS_ERRORS = 400


class _Walk:
    """One journey under way: whose, at which operation, and when its next step is intended."""

    __slots__ = ("arrival", "journey", "lag_s", "last", "made", "place", "service_s", "start_s", "user")

    def __init__(self, journey: int, arrival: int, user: int | None, start_s: float, place: int) -> None:
        self.journey = journey
        self.arrival = arrival
        self.user = user
        self.place = place
        self.made = 0
        self.start_s = start_s
        self.last: Request | None = None
        self.service_s = 0.0
        self.lag_s = 0.0


class _Service:
    """Workers, first come, first served, and stalls that stop all of them."""

    def __init__(self, script: Script) -> None:
        self._stalls = sorted((stall.start_s, stall.length_s) for stall in script.stalls)
        self._free = [0.0] * script.workers if script.workers else None

    def done(self, sent_s: float, work_s: float) -> float:
        """When a request sent now, in order of sending, is answered."""
        if self._free is None:
            return self._through(sent_s, work_s)
        end = self._through(max(sent_s, self._free[0]), work_s)
        heapq.heapreplace(self._free, end)
        return end

    def _through(self, begin_s: float, work_s: float) -> float:
        end = begin_s + work_s
        for start, length in self._stalls:
            if begin_s >= start + length:
                continue
            if end <= start:
                break
            end += start + length - max(begin_s, start)
            begin_s = max(begin_s, start + length)
        return end


def simulate(plan: bytes, script: Script, origin_ns: int) -> tuple[tuple[Interval, ...], tuple[Sample, ...]]:
    """Run the whole plan; the intervals in order, and the samples kept."""
    try:
        document = msgspec.json.decode(plan, type=dict[str, Any])
        facts = PlanFacts.of(plan)
    except Exception as error:
        raise SpecError(str(error)) from error
    return _Simulation(document, facts, script, origin_ns).run()


class _Simulation:
    def __init__(self, document: dict[str, Any], facts: PlanFacts, script: Script, origin_ns: int) -> None:
        self.journeys: list[dict[str, Any]] = document["journeys"]
        self.facts = facts
        self.script = script
        self.draw = random.Random(script.seed)
        self.arrivals_draw = random.Random(facts.seed)
        self.service = _Service(script)
        self.booking = Booking(document, facts, script, origin_ns)
        self.spans = facts.spans()
        self.events: list[tuple[float, int, _Walk]] = []
        self.arrival = 0
        self.sequence = 0

    def run(self) -> tuple[tuple[Interval, ...], tuple[Sample, ...]]:
        if self.facts.open_model:
            for at in self._arrivals():
                self._arrive(at, None)
        elif self.facts.arrivals == "closed":
            users = 0
            for phase, span in zip(self.facts.phases, self.spans, strict=True):
                for user in range(users, phase.users or 0):
                    self._arrive(span.start_s, user)
                users = max(users, phase.users or 0)
        else:
            for journey in range(len(self.journeys)):
                self._push(0.0, self._walk(journey, None, 0.0))
                self.booking.started(0.0)
        while self.events:
            at, _, walk = heapq.heappop(self.events)
            self._step(at, walk)
        return self.booking.close()

    def _arrivals(self) -> Iterator[float]:
        for phase, span in zip(self.facts.phases, self.spans, strict=True):
            rate = phase.rate_per_s or 0.0
            if rate <= 0:
                continue
            at, number = span.start_s, 0
            while True:
                number += 1
                if self.facts.arrivals == "even":
                    at = span.start_s + (number - 1) / rate
                else:
                    at += self.arrivals_draw.expovariate(rate)
                if at >= span.end_s:
                    break
                yield at

    def _arrive(self, at: float, user: int | None) -> None:
        self.booking.offered(at)
        if self.script.dropped_share and self.draw.random() < self.script.dropped_share:
            self.booking.dropped(at)
            return
        self.booking.started(at)
        weights = [journey["weight"] for journey in self.journeys]
        journey = self.arrivals_draw.choices(range(len(weights)), weights)[0] if len(weights) > 1 else 0
        self._push(at, self._walk(journey, user, at))

    def _walk(self, journey: int, user: int | None, start_s: float) -> _Walk:
        self.arrival += 1
        start = self.journeys[journey].get("start")
        place = 0
        if start is not None and self.facts.arrivals != "once":
            names = [op.get("step") for op in self.journeys[journey]["ops"]]
            place = names.index(self.arrivals_draw.choices(list(start), list(start.values()))[0])
        return _Walk(journey, self.arrival, user, start_s, place)

    def _chosen(self, journey: int, shares: dict[str, float]) -> int:
        """The place of one of the steps; behind the last one where none of them was meant."""
        ops = self.journeys[journey]["ops"]
        point = self.arrivals_draw.random()
        for place, op in enumerate(ops):
            point -= shares.get(op.get("step"), 0.0)
            if point < 0:
                return place
        return len(ops)

    def _follow(self, walk: _Walk, op: dict[str, Any]) -> None:
        """Go to what follows a request; each journey run once takes the steps in their order."""
        walk.made += 1
        following = None if self.facts.arrivals == "once" else op.get("next")
        if walk.made >= self.journeys[walk.journey].get("most", math.inf):
            walk.place = len(self.journeys[walk.journey]["ops"])
        elif following is None:
            walk.place += 1
        else:
            walk.place = self._chosen(walk.journey, following)

    def _push(self, at: float, walk: _Walk) -> None:
        self.sequence += 1
        heapq.heappush(self.events, (at, self.sequence, walk))

    def _step(self, at: float, walk: _Walk) -> None:
        """Do the walk's next operation, intended at ``at``."""
        ops = self.journeys[walk.journey]["ops"]
        op = ops[walk.place]
        if op["op"] == "think":
            walk.place += 1
            self._next(at + _think(op, self.draw), walk)
            return
        if op["op"] != "request":
            raise SpecError(f"the fake engine does not know the operation {op['op']!r}")
        request = self._request(at, walk, op)
        self.booking.request(request)
        walk.service_s += request.done_s - request.sent_s
        walk.lag_s += request.sent_s - request.intended_s
        walk.last = request
        self._follow(walk, op)
        pause = op.get("pause")
        self._next(request.done_s, walk, _think(pause, self.draw) if pause and self.facts.arrivals != "once" else 0.0)

    def _request(self, at: float, walk: _Walk, op: dict[str, Any]) -> Request:
        script = self.script
        sent = at + script.lag_s
        done = self.service.done(sent, script.work(self.draw, op["step"]))
        failed = script.error_share > 0 and self.draw.random() < script.error_share
        result = script.error_result if failed else "200"
        if done - sent > script.timeout_s:
            done, result = sent + script.timeout_s, "timeout"
        error = not result.isdigit() or int(result) >= STATUS_ERRORS
        return Request(
            journey=self.journeys[walk.journey]["name"],
            step=op["step"],
            number=op["number"],
            arrival=walk.arrival,
            intended_s=at,
            sent_s=sent,
            first_byte_s=sent + (done - sent) * script.first_byte_share if result.isdigit() else None,
            done_s=done,
            result=result,
            error=error,
            method=op.get("method", "GET"),
        )

    def _next(self, at: float, walk: _Walk, pause_s: float = 0.0) -> None:
        """Go on with the walk, or end it, and let a user of a closed population begin anew."""
        over = walk.place >= len(self.journeys[walk.journey]["ops"])
        failed = walk.last is not None and walk.last.error
        if not over and not failed:
            self._push(at + pause_s, walk)
            return
        if walk.last is not None:
            self.booking.journey(at, walk.last, walk.start_s, walk.service_s, walk.lag_s)
        if walk.user is not None and at < self.facts.duration_s and self._present(walk.user, at):
            self._arrive(at, walk.user)

    def _present(self, user: int, at: float) -> bool:
        return any(
            user < (phase.users or 0) and span.start_s <= at < span.end_s
            for phase, span in zip(self.facts.phases, self.spans, strict=True)
        )


def _think(op: dict[str, Any], draw: random.Random) -> float:
    kind = op["distribution"]
    if kind == "constant":
        return float(op["value_ns"]) / 1e9
    if kind == "exponential":
        return draw.expovariate(1e9 / op["mean_ns"]) if op["mean_ns"] else 0.0
    if kind == "uniform":
        return draw.uniform(op["low_ns"], op["high_ns"]) / 1e9
    if kind == "lognormal":
        return float(op["median_ns"]) / 1e9 * draw.lognormvariate(0.0, op["sigma"])
    raise SpecError(f"the fake engine does not know the think time {kind!r}")
