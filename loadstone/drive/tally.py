"""Adds up a run's intervals as they come, in memory that grows with the number of steps and not with time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from loadstone.drive.facts import PlanFacts
from loadstone.drive.limits import SATURATED_SHARE
from loadstone.model.interval import Cell, Interval
from loadstone.model.slo import Slo
from loadstone.stats.histogram import Histogram

__all__ = ["Blocks", "StepTally", "Tally", "threshold_of"]

MOST_BLOCKS = 2048
"""Beyond this many blocks neighbours are joined, so that a day's run needs no more memory than half an hour's."""

COARSE_SHIFT = 3
"""Blocks keep latencies by 16 steps an octave: enough to see which blocks the run's tail came from."""

CAUGHT_UP = 0.99
"""Answering this part of what was sent is having no queue: the rest is under way."""

UNREACHABLE = frozenset({"connect", "dns", "tls"})
"""The error kinds of requests that never reached the service."""


class StepTally:
    """Measured requests of one step, or of one whole journey."""

    __slots__ = ("errors", "first_byte", "lag", "requests", "response", "results", "service")

    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        self.results: Counter[str] = Counter()
        self.response = Histogram()
        self.service = Histogram()
        self.lag = Histogram()
        self.first_byte = Histogram()

    def add(self, cell: Cell) -> None:
        self.requests += cell.count
        self.errors += cell.count if cell.error else 0
        self.results[cell.result] += cell.count
        for mine, data in (
            (self.response, cell.response),
            (self.service, cell.service),
            (self.lag, cell.lag),
            (self.first_byte, cell.first_byte),
        ):
            mine.add(data.count, data.min_ns, data.max_ns, data.sum_ns, data.buckets)


class Blocks:
    """Bad and total requests of one objective, block by block in the order of time, with the block's latencies."""

    __slots__ = ("bad", "coarse", "length", "pending", "total")

    def __init__(self) -> None:
        self.bad: list[int] = []
        self.total: list[int] = []
        self.coarse: list[Counter[int]] = []
        self.length = 1
        self.pending = 0

    def add(self, bad: int, total: int, coarse: Counter[int]) -> None:
        """Add one interval."""
        if self.pending == 0:
            if len(self.total) >= MOST_BLOCKS:
                self._halve()
            self.bad.append(bad)
            self.total.append(total)
            self.coarse.append(coarse)
        else:
            self.bad[-1] += bad
            self.total[-1] += total
            self.coarse[-1].update(coarse)
        self.pending = (self.pending + 1) % self.length

    def _halve(self) -> None:
        self.bad = [a + b for a, b in zip(self.bad[::2], self.bad[1::2], strict=True)]
        self.total = [a + b for a, b in zip(self.total[::2], self.total[1::2], strict=True)]
        self.coarse = [a + b for a, b in zip(self.coarse[::2], self.coarse[1::2], strict=True)]
        self.length *= 2

    def tail(self, share: float) -> list[int]:
        """Per block, how many of its requests belong to about the slowest ``share`` of the run."""
        whole: Counter[int] = Counter()
        for block in self.coarse:
            whole.update(block)
        wanted = share * sum(whole.values())
        taken, edge = 0, 0
        for bucket in sorted(whole, reverse=True):
            if taken and abs(taken + whole[bucket] - wanted) > abs(taken - wanted):
                break
            taken += whole[bucket]
            edge = bucket
        return [sum(count for bucket, count in block.items() if bucket >= edge) for block in self.coarse]


class Tally:
    """The whole run so far. ``steps`` has a StepTally for each step and, under a null step, each journey."""

    def __init__(self, facts: PlanFacts, slos: Sequence[Slo] = ()) -> None:
        self.facts = facts
        self.slos = tuple(slos)
        self.overall = StepTally()
        self.steps: dict[tuple[str, str | None], StepTally] = {}
        self.blocks = [Blocks() for _ in self.slos]
        self._places = [threshold_of(slo, facts) for slo in self.slos]
        self.intervals = 0
        self.end_s = 0.0
        self.measured_s = 0.0
        self.measured_intervals = 0
        self.saturated_intervals = 0
        self.offered = 0.0
        self.dropped = 0.0
        self.sent = 0.0
        self.done = 0.0
        self.levels: list[float] = []
        self._completed = 0.0
        self._completed_in_time = 0.0
        self.all_offered = 0
        self.all_started = 0
        self.all_dropped = 0
        self.all_requests = 0
        self.unreachable = 0
        self.late = 0
        self.started = 0
        self.clipped = 0
        self.stalls = 0
        self.cpu_s = 0.0
        self.rss_bytes = 0
        self.in_flight_s = 0.0
        self.in_flight_max = 0
        self.last_in_flight_max = 0
        self.service_s = 0.0
        self.response_s = 0.0
        self.observed_host_s = 0.0
        self.steal_s = 0.0
        self.pressure_s = 0.0

    @property
    def completed(self) -> float:
        """Journeys completed while the measured phases lasted.

        The interval at the schedule's end goes on a little beyond it. When by then what was sent is answered, its last
        replies belong to the schedule; when a queue is left, only its part of time does.
        """
        return self._completed if self.done >= CAUGHT_UP * self.sent else self._completed_in_time

    def add(self, interval: Interval) -> None:
        """Add one interval; they must come in order."""
        start_s = interval.t_s - interval.span_s
        scheduled_s, measured_s = self.facts.overlaps(start_s, interval.t_s)
        part = measured_s / scheduled_s if scheduled_s > 0 else 0.0
        journeys = sum(cell.count for cell in interval.cells if cell.step is None)
        self.intervals += 1
        self.end_s = max(self.end_s, interval.t_s)
        self.measured_s += measured_s
        self.offered += interval.offered * part
        self.dropped += interval.dropped * part
        self.sent += interval.sent * part
        self.done += interval.done * part
        if part > 0:
            self.levels.append(interval.in_flight.mean)
        self._completed += journeys * part
        self._completed_in_time += journeys * part * min(scheduled_s / interval.span_s, 1.0) if part else 0.0
        self.all_offered += interval.offered
        self.all_started += interval.started
        self.all_dropped += interval.dropped
        self._add_generator(interval, part)
        self._add_host(interval, part)
        counted = [cell for cell in interval.cells if self.facts.measured(cell.phase)]
        for cell in interval.cells:
            if cell.step is not None:
                self.all_requests += cell.count
                self.unreachable += cell.count if cell.error and cell.result in UNREACHABLE else 0
                self.service_s += cell.service.sum_ns / 1e9
                self.response_s += cell.response.sum_ns / 1e9
        for cell in counted:
            self.steps.setdefault((cell.journey, cell.step), StepTally()).add(cell)
            if cell.step is not None:
                self.overall.add(cell)
        if counted or part > 0:
            self._add_blocks(counted)

    def _add_generator(self, interval: Interval, part: float) -> None:
        generator = interval.generator
        self.cpu_s += generator.cpu_s
        self.rss_bytes = max(self.rss_bytes, generator.rss_bytes)
        self.clipped += generator.clipped
        self.stalls += generator.stalls
        if part >= 0.5:
            self.measured_intervals += 1
            self.saturated_intervals += generator.busiest_share > SATURATED_SHARE
        if part > 0:
            self.late += generator.late
            self.started += interval.started
        self.in_flight_s += interval.in_flight.mean * interval.span_s
        self.in_flight_max = max(self.in_flight_max, interval.in_flight.max)
        self.last_in_flight_max = interval.in_flight.max

    def _add_host(self, interval: Interval, part: float) -> None:
        if interval.host is not None and part > 0:
            self.observed_host_s += interval.span_s
            self.steal_s += (interval.host.steal_share or 0.0) * interval.span_s
            self.pressure_s += (interval.host.pressure_share or 0.0) * interval.span_s

    def _add_blocks(self, cells: Sequence[Cell]) -> None:
        for slo, blocks, place in zip(self.slos, self.blocks, self._places, strict=True):
            bad = total = 0
            coarse: Counter[int] = Counter()
            for cell in cells:
                if not covers(slo, cell):
                    continue
                total += cell.count
                if slo.objective.kind == "errors":
                    bad += cell.count if cell.error else 0
                elif place is not None:
                    bad += cell.over[place]
                    for bucket, count in cell.response.buckets:
                        coarse[bucket >> COARSE_SHIFT] += count
            blocks.add(bad, total, coarse)

    def covered(self, slo: Slo) -> Histogram:
        """The measured response times that an objective is about."""
        whole = Histogram()
        for (journey, step), tally in self.steps.items():
            if _about(slo, journey, step):
                whole.merge(tally.response)
        return whole


def covers(slo: Slo, cell: Cell) -> bool:
    """Whether a cell's requests are what the objective is about."""
    return _about(slo, cell.journey, cell.step)


def _about(slo: Slo, journey: str, step: str | None) -> bool:
    if slo.journey is not None and slo.journey != journey:
        return False
    if slo.step is not None:
        return slo.step == step
    return step is None if slo.journey is not None else step is not None


def threshold_of(slo: Slo, facts: PlanFacts) -> int | None:
    """The place of the objective's limit among the plan's thresholds; None when the plan does not count it."""
    if slo.objective.limit_s is None:
        return None
    limit_ns = round(slo.objective.limit_s * 1e9)
    for place, threshold in enumerate(facts.thresholds):
        if (threshold.journey, threshold.step, threshold.limit_ns) == (slo.journey, slo.step, limit_ns):
            return place
    return None
