"""Jaeger's JSON, as its UI and ``/api/traces`` give it (github.com/jaegertracing/jaeger, model/json/model.go):
``{"data": [{"traceID", "spans", "processes"}]}``, one trace, or an array of them. Times are microseconds."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from loadstone.gather.imports.decoding import Decoder
from loadstone.gather.imports.ids import SPAN, TRACE, identifier
from loadstone.gather.imports.names import KINDS
from loadstone.gather.imports.pieces import Piece, pieces
from loadstone.gather.imports.shared import parted
from loadstone.gather.imports.span import NO_RESOURCE, Resource, Seen, Span
from loadstone.gather.imports.times import nanoseconds, number_of, unit_of

__all__ = ["spans"]

HELD = 50_000
"""Spans that are held until their trace's processes have come and halves have found each other."""

Id = str | int | None
Number = int | float | str | None


class _Tag(msgspec.Struct):
    key: str = ""
    type: str | None = None
    value: Any = None


class _Log(msgspec.Struct):
    timestamp: Number = None
    fields: list[_Tag] | None = None


class _Reference(msgspec.Struct, rename={"trace_id": "traceID", "span_id": "spanID", "kind": "refType"}):
    kind: str | None = None
    trace_id: Id = None
    span_id: Id = None


class _Process(msgspec.Struct, rename="camel"):
    service_name: str | None = None
    tags: list[_Tag] | None = None


class _Span(
    msgspec.Struct,
    rename={
        "trace_id": "traceID",
        "span_id": "spanID",
        "parent_id": "parentSpanID",
        "name": "operationName",
        "start": "startTime",
        "process_id": "processID",
    },
):
    trace_id: Id = None
    span_id: Id = None
    parent_id: Id = None
    name: str | None = None
    references: list[_Reference] | None = None
    start: Number = None
    duration: Number = None
    tags: list[_Tag] | None = None
    logs: list[_Log] | None = None
    process_id: str | None = None
    process: _Process | None = None
    warnings: list[str] | None = None


_ALSO = ("flags", "startTimeMillis", "tag", "spanIDs", "depth", "hasChildren", "relativeStartTime")
_WANTED = frozenset(("spans", "processes"))
_WHOLE = ("int64", "int", "long")


def spans(path: Path, seen: Seen) -> Iterator[Span]:
    """Every span of the file, its references as parent and links."""
    reader = _Reader(path, seen)
    held: list[Piece] = []
    processes: dict[str, msgspec.Raw] = {}
    read_processes = Decoder(path, dict[str, msgspec.Raw], seen, "processes of Jaeger: a name and a process each")
    for piece in pieces(path, _WANTED):
        if piece.key == "processes" and piece.data is not None:
            processes = read_processes.decode(piece.data, piece.offset)
            reader.at = piece.offset
        elif piece.data is not None:
            held.append(piece)
            if processes and len(held) == HELD:
                yield from reader.trace(held, processes)
                held = []
        else:
            yield from reader.trace(held, processes)
            held, processes = [], {}


class _Reader:
    def __init__(self, path: Path, seen: Seen) -> None:
        self._seen = seen
        self._span = Decoder(path, _Span, seen, "a span of Jaeger", also=_ALSO)
        self._process = Decoder(path, _Process, seen, "a process of Jaeger")
        self._resources: dict[bytes, Resource] = {}
        self.at = 0  # where the processes stand that are read

    def trace(self, held: list[Piece], processes: dict[str, msgspec.Raw]) -> Iterator[Span]:
        """The spans of one trace, in batches of those that are held together."""
        resources = {name: self._resource(bytes(raw)) for name, raw in processes.items()}
        for first in range(0, len(held), HELD):
            batch = held[first : first + HELD]
            yield from parted([self._made(piece, resources) for piece in batch], self._seen)

    def _resource(self, raw: bytes) -> Resource:
        known = self._resources.get(raw)
        if known is None:
            if len(self._resources) > 1_000:
                self._resources.clear()
            known = self._resources[raw] = _resource_of(self._process.decode(raw, self.at))
        return known

    def _made(self, piece: Piece, resources: dict[str, Resource]) -> Span:
        read = self._span.decode(piece.data or b"", piece.offset)
        attributes = _attributes(read.tags)
        resource = resources.get(read.process_id or "")
        if resource is None:
            resource = _resource_of(read.process) if read.process else NO_RESOURCE
        start, duration = number_of(read.start), number_of(read.duration)
        unit = unit_of(start, "µs", self._seen) if start else 1_000
        start_ns, length = nanoseconds(start, unit) if start is not None else None, nanoseconds(duration, unit)
        code = str(attributes.pop("otel.status_code", "")).upper()
        scope = attributes.pop("otel.scope.name", None) or attributes.pop("otel.library.name", None)
        attributes.pop("internal.span.format", None)
        span = Span(
            identifier(read.trace_id, TRACE) or b"",
            identifier(read.span_id, SPAN) or b"",
            identifier(read.parent_id, SPAN),
            start_ns,
            start_ns + length if start_ns is not None and length is not None else None,
            KINDS.get(str(attributes.pop("span.kind", "")).lower(), 0),
            read.name or "",
            attributes,
            resource,
            {"OK": 1, "ERROR": 2}.get(code, 0),
            str(scope) if scope else None,
            str(attributes.pop("otel.status_description", "") or ""),
        )
        if read.references:
            self._refer(span, read.references)
        if read.logs:
            span.events = [_event(log, unit) for log in read.logs]
        for warning in read.warnings or ():
            self._seen.warnings[warning[:60].rstrip("0123456789.µms ")] += 1
        return span

    def _refer(self, span: Span, references: list[_Reference]) -> None:
        """The first CHILD_OF within the trace is the parent; all else is a link."""
        links: list[tuple[bytes, bytes, dict[str, Any]]] = []
        for reference in references:
            trace = identifier(reference.trace_id, TRACE) or span.trace_id
            other = identifier(reference.span_id, SPAN)
            if other is None:
                continue
            kind = (reference.kind or "CHILD_OF").upper()
            if kind == "CHILD_OF" and trace == span.trace_id and span.parent_id in (None, other):
                span.parent_id = other
            else:
                links.append((trace, other, {"opentracing.ref_type": kind.lower()}))
        span.links = links


def _resource_of(process: _Process) -> Resource:
    tags = _attributes(process.tags)
    if process.service_name:
        tags["service.name"] = process.service_name
    for name, other in (("hostname", "host.name"), ("pid", "process.pid"), ("client-uuid", "service.instance.id")):
        if name in tags:
            tags.setdefault(other, tags.pop(name))
    return Resource(tags)


def _attributes(tags: list[_Tag] | None) -> dict[str, Any]:
    return {tag.key: _plain(tag.type, tag.value) for tag in tags or ()}


def _plain(kind: str | None, value: object) -> object:
    """A tag's value in its type: Jaeger writes an int64 as a text where JavaScript could not hold it."""
    if kind is None or kind == "string" or not isinstance(value, str):
        return value
    if kind in _WHOLE or kind.startswith("float") or kind == "double":
        number = number_of(value)
        return value if number is None else int(number) if kind in _WHOLE else float(number)
    if kind == "bool":
        return value.lower() == "true"
    if kind == "binary":
        try:
            return base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            return value.encode()
    return value


def _event(log: _Log, unit: int) -> tuple[int | None, str, dict[str, Any]]:
    fields = _attributes(log.fields)
    name = fields.pop("event", None) or fields.pop("message", None) or "log"
    return nanoseconds(number_of(log.timestamp), unit), str(name), fields
