"""The slow and obvious way from spans to a digest: Python's trees, one trace after the other."""

from __future__ import annotations

import json
from typing import Any

from loadstone.diagnose.digest import Requests, Visits
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.traces.operations import KEY, OperationKey, templated
from loadstone.model.evidence import KINDS, Evidence
from loadstone.model.trace import NEEDED, Defects, Trace, traces
from loadstone.stats.critical_path import critical_path, own_times

__all__ = ["SlowDigest", "folded"]

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
            "url_query",
            "db_query_parameters_hash",
            "db_response_returned_rows",
            "error_type",
            "attributes",
        )
    )
)
_ERROR = 2
_CLIENT, _SERVER, _CONSUMER = KINDS.index("client"), KINDS.index("server"), KINDS.index("consumer")


class SlowDigest:
    """Rows of requests and visits as dictionaries, operations by their keys instead of numbers."""

    def __init__(self, subject: Subject, evidence: Evidence) -> None:
        self.subject = subject
        self.defects = Defects()
        self.spans = 0
        made: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        for trace in traces(evidence.rows("spans", _COLUMNS)):
            keys = [folded(key) for key in zip(*(trace.rows[name] for name in KEY), strict=True)]
            of, tops = _pieces(trace)
            for top in sorted(tops, key=trace.start.__getitem__):
                places = [place for place in range(len(trace)) if of[place] == top]
                visits = list(_visits(trace, keys, top, places))
                made.append((self._request(trace, keys, top) | {"spans": len(places)}, visits))
            self.defects.add(trace.defects)
            self.spans += len(trace)
        made.sort(key=lambda one: one[0]["start_ns"])
        self.requests = [request for request, _ in made]
        self.visits = [{"request": place} | visit for place, (_, visits) in enumerate(made) for visit in visits]
        assert not made or set(self.requests[0]) == set(Requests.__dataclass_fields__) - {"sent_ns", "done_ns"}
        assert not made or set(self.visits[0]) == set(Visits.__dataclass_fields__)

    def _request(self, trace: Trace, keys: list[OperationKey], root: int) -> dict[str, Any]:
        rows = trace.rows
        step, number = rows["step"][root], rows["request"][root]
        driven = number is not None and number >= 0 and step is not None and 0 < step <= len(self.subject.steps)
        own = driven and root == trace.root
        size = json.loads(rows["attributes"][root] or "{}").get("http.response.body.size", -1)
        return {
            "trace_id": (trace.trace_id or b"").rjust(16, b"\0"),
            "step": step - 1 if own else keys[root],
            "number": number if own else -1,
            "start_ns": trace.start[root],
            "end_ns": trace.end[root],
            "cpu_ns": _or(rows["thread_cpu_ns"][root], -1),
            "process": _or(rows["process_pid"][root], -1),
            "instance": rows["service_instance_id"][root] or rows["host_name"][root] or "",
            "route": keys[root],
            "bytes_out": size if rows["kind"][root] == _SERVER else -1,
            "error": rows["status"][root] == _ERROR,
            "measured": not driven or rows["phase"][root] not in self.subject.warm_up,
        }


def folded(key: OperationKey) -> OperationKey:
    """The key without what varies from request to request."""
    service, kind, name, scope, system, statement, method, route, path, address, file, line, function = key
    path = None if path is None or kind != _CLIENT else templated(path)
    if kind in (_SERVER, _CONSUMER) and method is not None and route is None and key[8] is not None:
        path = templated(key[8])
    if name is not None and method is not None and kind in (_CLIENT, _SERVER):
        name = None
    return service, kind, name, scope, system, statement, method, route, path, address, file, line, function


def _pieces(trace: Trace) -> tuple[list[int], list[int]]:
    """Of each span the one where its request begins, and all of those."""
    of = [trace.root] * len(trace)
    tops = [trace.root]
    waiting = [trace.root]
    for above in waiting:
        # Children as the columns had them, so that of requests with one start the first there is the first here.
        for place in sorted(trace.children[above]):
            waiting.append(place)
            alone = place in trace.adrift and trace.rows["parent_id"][place] is None
            begins = trace.rows["kind"][place] in (_SERVER, _CONSUMER)
            if begins and (alone or trace.start[place] >= trace.end[of[above]]):
                tops.append(place)
                of[place] = place
            else:
                of[place] = of[above]
    return of, tops


def _visits(trace: Trace, keys: list[OperationKey], root: int, places: list[int]) -> list[dict[str, Any]]:
    rows = trace.rows
    critical = [0] * len(trace)
    within = set(places)
    waited = [[place for place in below if place in within] for below in trace.waited]
    children = [[place for place in below if place in within] for below in trace.children]
    for at, begin, finish in critical_path(trace.start, trace.end, waited, root):
        critical[at] += finish - begin
    own = own_times(trace.start, trace.end, children)
    groups: dict[Any, list[int]] = {}
    for at in places:
        above = None if at == root else keys[trace.parent[at]]
        groups.setdefault((above, keys[at]), []).append(at)
    made = []
    for (above, what), members in groups.items():
        under = [trace.parent[at] for at in members]
        told = [rows["db_response_returned_rows"][at] for at in members]
        counted = [count for count in told if count is not None and count >= 0]
        start, end = [trace.start[at] for at in members], [trace.end[at] for at in members]
        visit = {
            "parent": above,
            "operation": what,
            "count": len(members),
            "most": max(map(under.count, under)),
            "errors": sum(rows["status"][at] == _ERROR or rows["error_type"][at] is not None for at in members),
            "parameters": len({_parameters(rows, at) for at in members} - {None}),
            "rows": sum(counted) if counted else -1,
            "total_ns": sum(trace.end[at] - trace.start[at] for at in members),
            "busy_ns": _union(sorted(zip(start, end, strict=True))),
            "own_ns": sum(own[at] for at in members),
            "critical_ns": sum(critical[at] for at in members),
            "first_ns": min(start),
            "last_ns": max(start),
            "end_ns": max(end),
        }
        made.append((min(start), members[0], visit))
    return [visit for _, _, visit in sorted(made, key=lambda one: one[:2])]


def _parameters(rows: dict[str, list[Any]], at: int) -> object:
    if rows["db_query_parameters_hash"][at] is not None:
        return rows["db_query_parameters_hash"][at]
    if rows["kind"][at] == _CLIENT and rows["url_path"][at] is not None:
        return rows["url_path"][at], rows["url_query"][at]
    return None


def _union(spans: list[tuple[int, int]]) -> int:
    total, covered = 0, None
    for begin, finish in spans:
        if covered is None or begin > covered:
            total += finish - begin
            covered = finish
        elif finish > covered:
            total += finish - covered
            covered = finish
    return total


def _or(value: int | None, other: int) -> int:
    return other if value is None else value
