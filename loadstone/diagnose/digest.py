"""A digest: what many traces add up to, in columns. Faults, critical path, tail and prediction read it, not spans.

One pass over the spans makes it (``traces/reading.py``). It is as large as the number of different operations in
each request, not as the number of spans, so that ten million spans fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from loadstone.model.trace import Defects

__all__ = ["NO_STEP", "Digest", "Family", "Operation", "Requests", "Step", "Visits"]

Family = Literal[
    "server", "database", "key-value", "transaction", "connect", "pool", "http", "rpc", "messaging", "inside"
]
"""What a span is about. ``database`` is a statement, ``transaction`` BEGIN and its like, ``connect`` opening a
connection, ``pool`` waiting for one, ``http`` and ``rpc`` calls of other services, ``inside`` any other work."""

NO_STEP = -1

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Operation:
    """What spans have in common that do the same: family, service, label and the line of code they come from.

    ``label`` is what a reader calls it: a normalised statement, "GET users/{}" with its host, a span's name.
    ``statement`` is the text as it was kept, None for what is no statement.
    """

    number: int
    family: Family
    kind: str
    service: str
    label: str
    name: str
    statement: str | None = None
    system: str | None = None
    scope: str | None = None
    address: str | None = None
    file: str | None = None
    line: int | None = None
    function: str | None = None

    @property
    def where(self) -> str | None:
        """``file:line``."""
        if self.file is None:
            return None
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Step:
    """Requests that are compared with each other: a step of a journey, or, in traces that are not our own, all that
    begin with the same operation (``journey`` is then its service)."""

    number: int
    journey: str | None
    name: str
    own: bool

    @property
    def label(self) -> str:
        """``journey.step``."""
        return self.name if self.journey is None else f"{self.journey}.{self.name}"


@dataclass(frozen=True, slots=True)
class Requests:
    """One row a request, in order of its start: a trace's root, and each server or consumer span in it that has no
    parent or that begins after the request it lies in has ended (a queue's worker, the next page of a session); those
    share a trace id. Instants are the host's wall clock in nanoseconds.

    ``step`` is a place in the digest's steps. ``measured`` is false in warm-up. ``number`` is the request's number in
    the run, -1 where it is not ours; ``cpu_ns`` the root's thread CPU time, -1 unknown; ``process`` the root's pid,
    -1 unknown; ``instance`` a place in ``Digest.instances``. ``sent_ns`` and ``done_ns`` are the client's, the root's
    own start and end where the client is unknown. ``bytes_out`` of the reply (the client's count, or as the root span
    told it), -1 unknown. ``route`` is the root's
    operation. ``spans`` counts them all.
    """

    trace_id: NDArray[np.void]
    step: Ints
    number: Longs
    start_ns: Longs
    end_ns: Longs
    sent_ns: Longs
    done_ns: Longs
    cpu_ns: Longs
    process: Ints
    instance: Ints
    route: Ints
    spans: Ints
    bytes_out: Longs
    error: NDArray[np.bool_]
    measured: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.step)

    @property
    def duration_s(self) -> NDArray[np.float64]:
        """The root span's."""
        return np.asarray((self.end_ns - self.start_ns) / 1e9, np.float64)

    def hex(self, places: Sequence[int] | Ints) -> tuple[str, ...]:
        """Trace ids as text."""
        return tuple(self.trace_id[place].tobytes().hex() for place in places)


@dataclass(frozen=True, slots=True)
class Visits:
    """One row for each (request, parent operation, operation), sorted by request, then first start.

    Of the ``count`` spans: ``total_ns`` their durations added up, ``busy_ns`` the time that at least one was running,
    ``own_ns`` the time that no child covers, ``critical_ns`` their part of the critical path; ``errors`` that failed;
    ``parameters`` different known parameter hashes, of a client's call different targets (0: none known); ``rows``
    returned in all, -1 unknown; ``most`` under one single parent span. ``first_ns`` and ``last_ns`` are the first and
    the last start, ``end_ns`` the last end. ``parent`` is -1 at the root.
    """

    request: Ints
    parent: Ints
    operation: Ints
    count: Ints
    most: Ints
    errors: Ints
    parameters: Ints
    rows: Longs
    total_ns: Longs
    busy_ns: Longs
    own_ns: Longs
    critical_ns: Longs
    first_ns: Longs
    last_ns: Longs
    end_ns: Longs

    def __len__(self) -> int:
        return len(self.request)


@dataclass(frozen=True)
class Digest:
    """Everything that spans told. ``every`` is 1 where every trace was read, n where one in n was (``spans`` counts
    those of the traces that were kept). ``keys`` finds an operation again by what its spans tell of it."""

    operations: tuple[Operation, ...]
    steps: tuple[Step, ...]
    requests: Requests
    visits: Visits
    instances: tuple[str, ...] = ()
    defects: Defects = field(default_factory=Defects)
    spans: int = 0
    every: int = 1
    keys: Mapping[tuple[Any, ...], int] = field(default_factory=dict, repr=False)

    @cached_property
    def span_s(self) -> float:
        """Seconds from the first measured request's start to the last one's end, at least one nanosecond."""
        start, end = self.requests.start_ns[self.requests.measured], self.requests.end_ns[self.requests.measured]
        return max(1, int(end.max() - start.min())) / 1e9 if len(start) else 1e-9

    @cached_property
    def _by_step(self) -> dict[int, Ints]:
        places = np.flatnonzero(self.requests.measured).astype(np.int32)
        steps = self.requests.step[places]
        order = np.argsort(steps, kind="stable")
        bounds = np.searchsorted(steps[order], np.arange(len(self.steps) + 1))
        return {step: places[order[bounds[step] : bounds[step + 1]]] for step in range(len(self.steps))}

    def requests_of(self, step: int) -> Ints:
        """Places of the measured requests of a step, in order of start."""
        return self._by_step[step]

    @cached_property
    def visit_step(self) -> Ints:
        """The step of each visit's request; NO_STEP for one that is not measured."""
        step = np.where(self.requests.measured, self.requests.step, NO_STEP).astype(np.int32)
        return step[self.visits.request]

    @cached_property
    def _visits_by_step(self) -> dict[int, Ints]:
        order = np.argsort(self.visit_step, kind="stable").astype(np.int32)
        bounds = np.searchsorted(self.visit_step[order], np.arange(len(self.steps) + 1))
        return {step: order[bounds[step] : bounds[step + 1]] for step in range(len(self.steps))}

    def visits_of(self, step: int) -> Ints:
        """Places of the visits of a step's measured requests."""
        return self._visits_by_step[step]

    @cached_property
    def _groups(self) -> dict[int, tuple[tuple[int, int, Ints], ...]]:
        return {}

    def groups(self, step: int) -> tuple[tuple[int, int, Ints], ...]:
        """(parent, operation, places of visits) of a step, each pair of operations once. Sorted once a step."""
        known = self._groups.get(step)
        if known is None:
            known = self._groups[step] = tuple(self._grouped(step))
        return known

    def _grouped(self, step: int) -> Iterator[tuple[int, int, Ints]]:
        places = self.visits_of(step)
        if not len(places):
            return
        width = len(self.operations) + 1
        key = (self.visits.parent[places].astype(np.int64) + 1) * width + self.visits.operation[places]
        order = np.argsort(key, kind="stable")
        key, places = key[order], places[order]
        bounds = [0, *(np.flatnonzero(np.diff(key)) + 1).tolist(), len(key)]
        for first, last in pairwise(bounds):
            pair = int(key[first])
            yield pair // width - 1, pair % width, places[first:last]
