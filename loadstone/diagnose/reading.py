"""From spans to a digest, in one pass over whole traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Requests, Step, Visits
from loadstone.diagnose.operations import KEY, Operations
from loadstone.diagnose.subject import Subject
from loadstone.model.evidence import Evidence
from loadstone.model.trace import NEEDED, Defects, Trace, traces
from loadstone.stats.critical_path import critical_path, own_times

__all__ = ["digest_of"]

_COLUMNS = tuple(
    dict.fromkeys(
        (
            *NEEDED,
            *KEY,
            "status",
            "phase",
            "step",
            "request",
            "process_pid",
            "service_instance_id",
            "host_name",
            "thread_cpu_ns",
            "db_query_parameters_hash",
            "db_response_returned_rows",
            "error_type",
        )
    )
)
_ERROR = 2
_REQUEST_COLUMNS = tuple(Requests.__dataclass_fields__)[1:]
_VISIT_COLUMNS = tuple(Visits.__dataclass_fields__)


def digest_of(subject: Subject, evidence: Evidence, watch: Callable[[int], None] | None = None) -> Digest:
    """Read every span once. ``watch`` is told how many spans were read so far."""
    reading = _Reading(subject)
    for trace in traces(evidence.rows("spans", _COLUMNS)):
        reading.add(trace)
        if watch is not None:
            watch(reading.spans)
    return reading.digest()


class _Reading:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.operations = Operations()
        self.steps = [Step(place, journey, name, True) for place, (journey, name) in enumerate(subject.steps)]
        self.step_of_route: dict[int, int] = {}
        self.instances: dict[str, int] = {}
        self.requests: list[tuple[Any, ...]] = []
        self.ids: list[bytes] = []
        self.visits: list[tuple[int, ...]] = []
        self.defects = Defects()
        self.spans = 0

    def add(self, trace: Trace) -> None:
        rows, root = trace.rows, trace.root
        operation = [self.operations.number(key) for key in zip(*(rows[name] for name in KEY), strict=True)]
        number = rows["request"][root]
        step = rows["step"][root]
        own = number is not None and step is not None and 0 < step <= len(self.subject.steps)
        phase = rows["phase"][root]
        self.requests.append(
            (
                step - 1 if own else self._step(operation[root]),
                number if own else -1,
                trace.start[root],
                trace.end[root],
                trace.start[root],
                trace.end[root],
                -1 if rows["thread_cpu_ns"][root] is None else rows["thread_cpu_ns"][root],
                -1 if rows["process_pid"][root] is None else rows["process_pid"][root],
                self._instance(rows["service_instance_id"][root] or rows["host_name"][root] or ""),
                operation[root],
                len(trace),
                -1,
                rows["status"][root] == _ERROR,
                not own or phase not in self.subject.warm_up,
            )
        )
        self.ids.append(trace.trace_id)
        self._visits(trace, operation)
        self.defects.add(trace.defects)
        self.spans += len(trace)

    def _step(self, route: int) -> int:
        found = self.step_of_route.get(route)
        if found is None:
            told = self.operations.all[route]
            found = self.step_of_route[route] = len(self.steps)
            self.steps.append(Step(found, told.service or None, told.label, False))
        return found

    def _instance(self, name: str) -> int:
        return self.instances.setdefault(name, len(self.instances))

    def _visits(self, trace: Trace, operation: list[int]) -> None:
        rows, place = trace.rows, len(self.ids) - 1
        critical = [0] * len(trace)
        for at, begin, finish in critical_path(trace.start, trace.end, trace.children, trace.root):
            critical[at] += finish - begin
        own = own_times(trace.start, trace.end, trace.children)
        groups: dict[tuple[int, int], list[int]] = {}
        for at in range(len(trace)):
            above = -1 if at == trace.root else operation[trace.parent[at]]
            groups.setdefault((above, operation[at]), []).append(at)
        for (above, what), members in sorted(groups.items(), key=lambda group: trace.start[group[1][0]]):
            under: dict[int, int] = {}
            for at in members:
                under[trace.parent[at]] = under.get(trace.parent[at], 0) + 1
            known = [rows["db_response_returned_rows"][at] for at in members]
            told = [count for count in known if count is not None]
            hashes = {rows["db_query_parameters_hash"][at] for at in members} - {None}
            self.visits.append(
                (
                    place,
                    above,
                    what,
                    len(members),
                    max(under.values()),
                    sum(rows["status"][at] == _ERROR or rows["error_type"][at] is not None for at in members),
                    len(hashes),
                    sum(told) if told else -1,
                    sum(trace.end[at] - trace.start[at] for at in members),
                    _union([(trace.start[at], trace.end[at]) for at in members]),
                    sum(own[at] for at in members),
                    sum(critical[at] for at in members),
                    min(trace.start[at] for at in members),
                    max(trace.start[at] for at in members),
                    max(trace.end[at] for at in members),
                )
            )

    def digest(self) -> Digest:
        columns = list(zip(*self.requests, strict=True)) or [()] * len(_REQUEST_COLUMNS)
        order = np.argsort(np.array(columns[2], np.int64), kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        told = {
            name: _column(Requests, name, values)[order] for name, values in zip(_REQUEST_COLUMNS, columns, strict=True)
        }
        ids = np.array(self.ids, "V16")[order] if self.ids else np.empty(0, "V16")
        requests = with_client(Requests(trace_id=ids, **told), self.subject)
        seen = list(zip(*self.visits, strict=True)) or [()] * len(_VISIT_COLUMNS)
        visits = {name: _column(Visits, name, values) for name, values in zip(_VISIT_COLUMNS, seen, strict=True)}
        if len(rank):
            visits["request"] = rank[visits["request"]].astype(np.int32)
        by_request = np.lexsort((visits["first_ns"], visits["request"]))
        return Digest(
            tuple(self.operations.all),
            tuple(self.steps),
            requests,
            Visits(**{name: values[by_request] for name, values in visits.items()}),
            tuple(self.instances),
            self.defects,
            self.spans,
        )


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


def _column(table: type, name: str, values: tuple[Any, ...]) -> NDArray[Any]:
    hint = str(table.__annotations__[name])
    return np.array(values, np.bool_ if "bool" in hint else np.int32 if hint == "Ints" else np.int64)


def _union(spans: list[tuple[int, int]]) -> int:
    total, covered = 0, None
    for begin, finish in sorted(spans):
        if covered is None or begin > covered:
            total += finish - begin
            covered = finish
        elif finish > covered:
            total += finish - covered
            covered = finish
    return total
