"""Traces for the page: which of a run's are kept, and each as a waterfall with its critical path."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec

from loadstone.model.evidence import KINDS, STATUSES, Evidence
from loadstone.model.evidence_view import SpanView, TraceRow, TraceView
from loadstone.model.trace import NEEDED, Trace, traces
from loadstone.stats.critical_path import critical_path, own_times

__all__ = ["KEPT", "LONGEST", "chosen", "trace_view", "trace_views"]

KEPT = 30
"""Traces that a page lists: a few of each step, more than anybody opens."""

LONGEST = 2_000
"""Spans of a trace that a page carries, some 600 kB; a larger trace loses its shortest spans, and says so."""

_VALUE = 300  # characters of an attribute's value; a stack trace is longer, and its beginning tells enough
_STATEMENT = 2_000
_ATTRIBUTES = 40

_ENTRY = (KINDS.index("server"), KINDS.index("consumer"))
_ERROR = STATUSES.index("error")

_NAMED = {
    "service_instance_id": "service.instance.id",
    "host_name": "host.name",
    "process_pid": "process.pid",
    "thread_id": "thread.id",
    "scope": "otel.scope.name",
    "http_request_method": "http.request.method",
    "http_route": "http.route",
    "url_path": "url.path",
    "url_query": "url.query",
    "http_response_status_code": "http.response.status_code",
    "db_system_name": "db.system.name",
    "db_query_parameters_hash": "db.query.parameters (hash)",
    "db_response_returned_rows": "db.response.returned_rows",
    "server_address": "server.address",
    "error_type": "error.type",
}
"""Columns shown among a span's attributes, by their name in OpenTelemetry's semantic conventions."""

_SHOWN = (
    *NEEDED,
    "status",
    "step",
    "request",
    "service",
    "name",
    "thread_cpu_ns",
    "db_query_text",
    "code_file_path",
    "code_line_number",
    "code_function_name",
    "attributes",
    "events",
    *_NAMED,
)


class _Group:
    """The traces of one step, or of one name where they are not ours: id, length and failure of each."""

    def __init__(self) -> None:
        self.ids = bytearray()
        self.lengths = array("q")
        self.failed: list[int] = []

    def add(self, trace_id: bytes, length: int, *, failed: bool) -> None:
        if failed:
            self.failed.append(len(self.lengths))
        self.ids += trace_id
        self.lengths.append(length)

    def ranked(self, *, ours: bool) -> Iterator[tuple[bytes, str]]:
        """Trace ids and why each is worth a look, the best first."""
        order = sorted(range(len(self.lengths)), key=self.lengths.__getitem__)
        slowest = order[::-1][:KEPT]
        middle = len(order) // 2
        typical = [order[middle]] if order else []
        failed = sorted(self.failed, key=self.lengths.__getitem__, reverse=True)[:KEPT]
        ranks = [(slowest, "slowest"), (typical, "typical"), (failed, "failed")]
        if not ours:
            ranks.append((list(range(min(KEPT, len(order)))), "first"))
        for place in range(KEPT):
            for places, why in ranks:
                if place < len(places):
                    at = 16 * places[place]
                    yield bytes(self.ids[at : at + 16]), why


def chosen(evidence: Evidence) -> list[tuple[bytes, str]]:
    """Trace ids to keep and why: of every step in turn the slowest, a typical, a failed one, until there are enough."""
    groups: dict[object, _Group] = {}
    entries = _entries(evidence, f"kind IN {_ENTRY} OR parent_id IS NULL")
    first = next(entries, None)
    found = _entries(evidence, "") if first is None else chain([first], entries)  # without a beginning: any span
    for trace_id, step, name, length, failed in found:
        key = (0, step) if step is not None else (1, name)
        groups.setdefault(key, _Group()).add(trace_id, length, failed=failed)
    sizes = sorted(groups, key=lambda key: (-len(groups[key].lengths), str(key)))
    ranked = [groups[key].ranked(ours=key[0] == 0) for key in sizes]  # type: ignore[index]
    kept: dict[bytes, str] = {}
    while ranked and len(kept) < KEPT:
        for one in list(ranked):
            best = next(one, None)
            if best is None:
                ranked.remove(one)
            elif len(kept) < KEPT:
                kept.setdefault(*best)
    return list(kept.items())


def trace_views(
    evidence: Evidence,
    wanted: Iterable[tuple[bytes, str]],
    steps: Sequence[tuple[str, str]],
    origin_ns: int,
    longest: int = LONGEST,
    first: Collection[str] = (),
) -> dict[bytes, TraceView]:
    """The traces drawn, by their ids. ``steps`` are the plan's (journey, step), ``origin_ns`` the run's time 0.

    Of a trace that is too long, the spans with the ids ``first`` (hex) are the last to be left out.
    """
    why = dict(wanted)
    if not why:
        return {}
    listed = ", ".join(f"unhex('{trace_id.hex()}')" for trace_id in why)
    found = traces(evidence.rows("spans", _SHOWN, where=f"trace_id IN ({listed})"))
    return {trace.trace_id: trace_view(trace, why[trace.trace_id], steps, origin_ns, longest, first) for trace in found}


def trace_view(
    trace: Trace,
    why: str,
    steps: Sequence[tuple[str, str]],
    origin_ns: int,
    longest: int = LONGEST,
    first: Collection[str] = (),
) -> TraceView:
    """A trace of ``_SHOWN`` columns as a waterfall."""
    rows, begun = trace.rows, min(trace.start)
    own = own_times(trace.start, trace.end, trace.children)
    path = critical_path(trace.start, trace.end, trace.waited, trace.root)
    critical = [0] * len(trace)
    for place, start, end in path:
        critical[place] += end - start
    shown = _shown(trace, critical, longest, first)
    walked = [(place, depth) for place, depth in trace.walk() if place in shown]
    at = {place: index for index, (place, _) in enumerate(walked)}
    spans = tuple(
        SpanView(
            id=(rows["span_id"][place] or b"").hex(),
            parent=None if place == trace.root else at[trace.parent[place]],
            depth=depth,
            name=rows["name"][place] or "",
            service=rows["service"][place] or "",
            kind=_named(KINDS, rows["kind"][place]),
            start_s=(trace.start[place] - begun) / 1e9,
            duration_s=(trace.end[place] - trace.start[place]) / 1e9,
            self_s=own[place] / 1e9,
            critical_s=critical[place] / 1e9,
            error=rows["status"][place] == _ERROR,
            statement=_clip(rows["db_query_text"][place], _STATEMENT),
            where=_where(rows["code_file_path"][place], rows["code_line_number"][place]),
            function=rows["code_function_name"][place],
            attributes=_attributes(rows, place),
        )
        for place, depth in walked
    )
    sections = tuple(
        (at[_upward(trace, place, at)], (start - begun) / 1e9, (end - begun) / 1e9) for place, start, end in path
    )
    return TraceView(_row(trace, why, steps, origin_ns), spans, sections, len(trace) - len(spans))


def _row(trace: Trace, why: str, steps: Sequence[tuple[str, str]], origin_ns: int) -> TraceRow:
    rows, root = trace.rows, trace.root
    number = rows["step"][root]
    journey, step = steps[number - 1] if number is not None and 0 < number <= len(steps) else (None, None)
    return TraceRow(
        trace_id=trace.trace_id.hex(),
        why=why,
        name=rows["name"][root] or "",
        journey=journey,
        step=step,
        request=rows["request"][root],
        at_s=(trace.start[root] - origin_ns) / 1e9,
        duration_s=trace.duration_ns / 1e9,
        spans=len(trace),
        error=_failed(rows["status"][root], rows["http_response_status_code"][root]),
    )


def _entries(evidence: Evidence, where: str) -> Iterator[tuple[bytes, int | None, str, int, bool]]:
    """Each trace once: id, step, name, length and failure of its longest span that no other span called."""
    columns = ("trace_id", "start_ns", "end_ns", "status", "step", "name", "http_response_status_code")
    last: tuple[bytes, int | None, str, int, bool] | None = None
    for batch in evidence.rows("spans", columns, where=where):
        for trace_id, start, end, status, step, name, code in zip(
            *(batch[column].tolist() for column in columns), strict=True
        ):
            if trace_id is None:
                continue
            length = max(0, (end or 0) - (start or 0))
            one = trace_id, step, name or "", length, _failed(status, code)
            if last is None or last[0] != trace_id:
                if last is not None:
                    yield last
                last = one
            elif length > last[3]:
                last = one
    if last is not None:
        yield last


def _shown(trace: Trace, critical: Sequence[int], longest: int, first: Collection[str]) -> set[int]:
    """Spans that are drawn, with all of their ancestors: ``first``, then what was waited for, then the longest."""
    if len(trace) <= longest:
        return set(range(len(trace)))
    ids = trace.rows["span_id"]
    wanted = [bool(first) and (ids[place] or b"").hex() in first for place in range(len(trace))]
    order = sorted(
        range(len(trace)),
        key=lambda place: (not wanted[place], -critical[place], trace.start[place] - trace.end[place], place),
    )
    shown = {trace.root}
    for place in order:
        line = []
        while place not in shown:
            line.append(place)
            place = trace.parent[place]
        if len(shown) + len(line) <= longest:
            shown.update(line)
        if len(shown) == longest:
            break
    return shown


def _upward(trace: Trace, place: int, at: dict[int, int]) -> int:
    """The span itself, or its next ancestor that is drawn."""
    while place not in at:
        place = trace.parent[place]
    return place


def _attributes(rows: dict[str, list[Any]], place: int) -> dict[str, str]:
    told = {name: str(value) for column, name in _NAMED.items() if (value := rows[column][place]) is not None}
    cpu = rows["thread_cpu_ns"][place]
    if cpu is not None:
        told["thread CPU time"] = f"{cpu / 1e6:.3f} ms"
    text = rows["attributes"][place]
    if text:
        told |= _values(text)
    if rows["events"][place]:
        told["events"] = rows["events"][place]
    return {name: _clip(value, _VALUE) or "" for name, value in list(told.items())[:_ATTRIBUTES]}


def _values(text: str) -> dict[str, str]:
    try:
        values = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {"attributes": text}
    if not isinstance(values, dict):
        return {"attributes": text}
    return {
        str(name): value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in values.items()
    }


def _failed(status: int | None, code: int | None) -> bool:
    return status == _ERROR or (code is not None and code >= 500)


def _named(words: Sequence[str], number: int | None) -> str:
    return words[number] if number is not None and 0 <= number < len(words) else words[0]


def _where(path: str | None, line: int | None) -> str | None:
    return path if path is None or line is None else f"{path}:{line}"


def _clip(text: str | None, longest: int) -> str | None:
    return text if text is None or len(text) <= longest else f"{text[: longest - 1]}…"
