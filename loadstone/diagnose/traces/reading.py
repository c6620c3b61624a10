"""From spans to a digest, in one pass over whole traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Requests, Step, Visits
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.traces.operations import KEY_SQL, Operations
from loadstone.diagnose.traces.whole import whole
from loadstone.model.evidence import KINDS, STATUSES, Evidence, Keyed
from loadstone.model.trace import Defects
from loadstone.stats.paths import DEFECTS, ERROR, FAILED, Spans, digested

__all__ = ["KEYS", "MOST_VISITS", "NUMBERS", "digest_of", "spans_of"]

MOST_VISITS = 20_000_000
"""Visits that are held: 92 bytes each, 1.8 GB. Where there are more, every other trace is left out, as often as need
be: a digest of 4 GB of memory still tells shares to a thousandth."""

_CLIENT, _SERVER = KINDS.index("client"), KINDS.index("server")

NUMBERS = {
    "start": "coalesce(start_ns, -1)",
    "end": "coalesce(end_ns, -1)",
    "kind": "CAST(coalesce(kind, -1) AS BIGINT)",
    "flags": (
        f"CASE WHEN status = {STATUSES.index('error')} THEN {FAILED}::BIGINT ELSE 0 END + "
        f"CASE WHEN error_type IS NULL THEN 0 ELSE {ERROR}::BIGINT END"
    ),
    "rows": "coalesce(db_response_returned_rows, -1)",
    "host": "CASE WHEN host_name IS NULL THEN 0::UBIGINT ELSE hash(host_name) END",
    "service": "CASE WHEN service IS NULL THEN 0::UBIGINT ELSE hash(service) END",
    "parameters": (
        "CASE WHEN db_query_parameters_hash IS NOT NULL THEN hash(db_query_parameters_hash) "
        f"WHEN kind = {_CLIENT} AND url_path IS NOT NULL THEN hash(url_path, url_query) ELSE 0::UBIGINT END"
    ),
}
"""What of a span the tree, its times and its visits are made from."""

_OF_ROOTS = {
    "request": "coalesce(request, -1)",
    "step": "CAST(coalesce(step, 0) AS BIGINT)",
    "phase": "CAST(coalesce(phase, -1) AS BIGINT)",
    "process": "CAST(coalesce(process_pid, -1) AS BIGINT)",
    "cpu": "coalesce(thread_cpu_ns, -1)",
}
_SIZE = "http.response.body.size"
_BYTES = (
    f"CASE WHEN kind = {_SERVER} AND contains(attributes, '\"{_SIZE}\"') "
    f"THEN coalesce(TRY_CAST(json_extract_string(attributes, '$.\"{_SIZE}\"') AS BIGINT), -1) ELSE -1 END"
)

KEYS = {
    "operation": KEY_SQL,
    "instance": ("coalesce(nullif(service_instance_id, ''), host_name, '')",),
}


def digest_of(subject: Subject, evidence: Evidence, watch: Callable[[int], None] | None = None) -> Digest:
    """Read every span once. ``watch`` is told how many spans were read so far."""
    reading = _Reading(subject)
    numbers = NUMBERS | _OF_ROOTS
    if subject.client is None:
        numbers |= {"bytes": _BYTES}
    read = 0
    for batch in whole(evidence.keyed(numbers, KEYS), reading.meet):
        reading.add(batch)
        read += len(batch)
        if watch is not None:
            watch(read)
    return reading.digest()


def spans_of(batch: Keyed, operation: NDArray[np.int64]) -> Spans:
    """A batch of whole traces as the paths are found in it."""
    told = batch.numbers
    return Spans(
        trace=batch.trace,
        span=batch.span,
        parent=batch.parent,
        host=told["host"],
        service=told["service"],
        parameters=told["parameters"],
        start=told["start"],
        end=told["end"],
        kind=told["kind"],
        flags=told["flags"],
        operation=operation,
        rows=told["rows"],
    )


class _Reading:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.operations = Operations()
        self.operation_of_code: list[int] = []
        self.steps = [Step(place, journey, name, True) for place, (journey, name) in enumerate(subject.steps)]
        self.step_of_route: dict[int, int] = {}
        self.instances: list[str] = []
        self.requests: dict[str, list[NDArray[Any]]] = {}
        self.visits: dict[str, list[NDArray[Any]]] = {}
        self.trace_ids: list[tuple[NDArray[np.uint64], NDArray[np.void]]] = []
        self.defects = Defects()
        self.spans = 0
        self.held = 0
        self.every = 1

    def meet(self, batch: Keyed) -> None:
        """Note what the codes and the traces' hashes stand for."""
        self.operation_of_code += map(self.operations.number, batch.words["operation"])
        self.instances += (name for (name,) in batch.words["instance"])
        if batch.trace_ids is not None:
            self.trace_ids.append(batch.trace_ids)

    def add(self, batch: Keyed) -> None:
        """Digest whole traces."""
        if self.every > 1:
            batch = batch.chosen(batch.trace % np.uint64(self.every) == 0)
            if not len(batch):
                return
        operation = np.array(self.operation_of_code, np.int64)[batch.codes["operation"]]
        summed = digested(spans_of(batch, operation))
        for name, count in zip(DEFECTS, summed.defects, strict=True):
            setattr(self.defects, name, getattr(self.defects, name) + count)
        self.spans += int(summed.requests["spans"].sum())
        self._requests(batch, operation, summed.requests)
        for name, column in summed.visits.items():
            self.visits.setdefault(name, []).append(column)
        self.held += len(summed.visits["parent"])
        while self.held > MOST_VISITS:
            self._halve()

    def _requests(self, batch: Keyed, operation: NDArray[np.int64], found: dict[str, NDArray[Any]]) -> None:
        root = found["root"]
        told = {name: batch.numbers[name][root] for name in _OF_ROOTS}
        driven = (told["request"] >= 0) & (told["step"] > 0) & (told["step"] <= len(self.subject.steps))
        own = driven & (found["main"] == 1)
        route = operation[root]
        made = {
            "trace": batch.trace[root],
            "step": np.where(own, told["step"] - 1, self._steps(route, ~own)).astype(np.int32),
            "number": np.where(own, told["request"], -1),
            "start_ns": found["start_ns"],
            "end_ns": found["end_ns"],
            "cpu_ns": told["cpu"],
            "process": told["process"].astype(np.int32),
            "instance": batch.codes["instance"][root].astype(np.int32),
            "route": route.astype(np.int32),
            "spans": found["spans"],
            "bytes_out": batch.numbers["bytes"][root] if "bytes" in batch.numbers else np.full(len(root), -1, np.int64),
            "error": (batch.numbers["flags"][root] & FAILED).astype(np.bool_),
            "measured": ~driven | ~np.isin(told["phase"], list(self.subject.warm_up)),
            "visits": found["visits"],
        }
        for name, column in made.items():
            self.requests.setdefault(name, []).append(column)

    def _steps(self, route: NDArray[np.int64], where: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The step of each route that is not our own request's."""
        steps = np.zeros(len(route), np.int64)
        routes, first = np.unique(route[where], return_index=True)
        for one in routes[np.argsort(first)].tolist():
            found = self.step_of_route.get(one)
            if found is None:
                told = self.operations.all[one]
                found = self.step_of_route[one] = len(self.steps)
                self.steps.append(Step(found, told.service or None, told.label, False))
            steps[route == one] = found
        return steps

    def _halve(self) -> None:
        """Let go of every other trace, those held and those to come."""
        self.every *= 2
        keep = _joined(self.requests, "trace") % np.uint64(self.every) == 0
        visits = np.repeat(keep, _joined(self.requests, "visits"))
        self.requests = {name: [_joined(self.requests, name)[keep]] for name in list(self.requests)}
        self.visits = {name: [_joined(self.visits, name)[visits]] for name in list(self.visits)}
        self.held = int(visits.sum())
        self.spans = int(self.requests["spans"][0].sum())

    def digest(self) -> Digest:
        """All that was added."""
        if not self.requests:
            return Digest((), tuple(self.steps), _no(Requests), _no(Visits))
        made = {name: _joined(self.requests, name) for name in list(self.requests)}
        order = np.argsort(made["start_ns"], kind="stable")
        count, trace = made.pop("visits"), made.pop("trace")
        made = {name: column[order] for name, column in made.items()}
        made |= {"sent_ns": made["start_ns"].copy(), "done_ns": made["end_ns"].copy()}
        first = np.cumsum(count, dtype=np.int64) - count
        count, first = count[order], first[order]
        place = np.arange(int(count.sum())) + np.repeat(first - (np.cumsum(count, dtype=np.int64) - count), count)
        request = np.repeat(np.arange(len(order), dtype=np.int32), count)
        visits: dict[str, NDArray[Any]] = {}
        for name in list(self.visits):
            visits[name] = _joined(self.visits, name)[place]
            del self.visits[name]
        return Digest(
            tuple(self.operations.all),
            tuple(self.steps),
            with_client(Requests(trace_id=self._ids(trace[order]), **made), self.subject),
            Visits(request=request, **visits),
            tuple(self.instances),
            self.defects,
            self.spans,
            self.every,
            self.operations.numbers,
        )

    def _ids(self, trace: NDArray[np.uint64]) -> NDArray[np.void]:
        words = np.concatenate([words for words, _ in self.trace_ids])
        ids = np.concatenate([ids for _, ids in self.trace_ids])
        order = np.argsort(words, kind="stable")
        return ids[order[np.searchsorted(words[order], trace)]]


def with_client(requests: Requests, subject: Subject) -> Requests:
    """The client's instants and sizes, where it kept the request."""
    client = subject.client
    if client is None or not len(client.number) or not len(requests):
        return requests
    place = np.minimum(np.searchsorted(client.number, requests.number), len(client.number) - 1)
    known = (client.number[place] == requests.number) & (requests.number >= 0) & (client.sent_ns[place] >= 0)
    requests.sent_ns[known] = client.sent_ns[place[known]]
    requests.done_ns[known] = client.done_ns[place[known]]
    requests.bytes_out[known] = client.bytes_in[place[known]]
    return requests


def _joined(columns: dict[str, list[NDArray[Any]]], name: str) -> NDArray[Any]:
    """The column in one piece, which takes the place of its pieces."""
    if len(columns[name]) > 1:
        columns[name] = [np.concatenate(columns[name])]
    return columns[name][0]


def _no(table: type) -> Any:  # noqa: ANN401
    """The table without a row."""
    kinds = {"Ints": np.int32, "Longs": np.int64}
    made: dict[str, NDArray[Any]] = {}
    for name, hint in table.__annotations__.items():
        kind = kinds.get(str(hint), np.bool_ if "bool" in str(hint) else "V16")
        made[name] = np.empty(0, kind)
    return table(**made)
