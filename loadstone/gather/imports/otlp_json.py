"""OTLP in JSON (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"): one document, an array of them, or a
document a line as the collector's file exporter writes them; also Tempo's ``batches`` and the older
``instrumentationLibrarySpans``. Ids are hex, or base64 as protobuf's own JSON has them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from loadstone.gather.imports.decoding import Decoder
from loadstone.gather.imports.ids import SPAN, TRACE, identifier
from loadstone.gather.imports.pieces import Piece, pieces
from loadstone.gather.imports.span import NO_RESOURCE, Resource, Seen, Span
from loadstone.gather.imports.times import nanoseconds, number_of, unit_of

__all__ = ["spans"]

_SCOPES = ("scope", "instrumentationLibrary", "instrumentation_library")
_WANTED = frozenset(("resource", "spans", *_SCOPES))
_RESOURCE_SPANS = ("resourceSpans", "resource_spans", "batches")
_SCOPE_SPANS = (
    "scopeSpans",
    "scope_spans",
    "instrumentationLibrarySpans",
    "instrumentation_library_spans",
)
Number = int | float | str | None


class _Array(msgspec.Struct):
    values: list[_Value] = []


class _List(msgspec.Struct):
    values: list[_Attribute] = []


class _Value(msgspec.Struct, rename="camel"):
    string_value: str | None = None
    int_value: Number = None
    bool_value: bool | None = None
    double_value: Number = None
    array_value: _Array | None = None
    kvlist_value: _List | None = None
    bytes_value: str | None = None


class _Attribute(msgspec.Struct):
    key: str = ""
    value: _Value | None = None


class _Resource(msgspec.Struct):
    attributes: list[_Attribute] = []


class _Scope(msgspec.Struct):
    name: str | None = None
    version: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    time_unix_nano: Number = None
    name: str | None = None
    attributes: list[_Attribute] = []


class _Link(msgspec.Struct, rename="camel"):
    trace_id: str | int | None = None
    span_id: str | int | None = None
    attributes: list[_Attribute] = []


class _Status(msgspec.Struct):
    code: int | str | None = None
    message: str | None = None


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str | int | None = None
    span_id: str | int | None = None
    parent_span_id: str | int | None = None
    name: str | None = None
    kind: int | str | None = None
    start_time_unix_nano: Number = None
    end_time_unix_nano: Number = None
    attributes: list[_Attribute] = []
    events: list[_Event] = []
    links: list[_Link] = []
    status: _Status | None = None


_ALSO = ("traceState", "flags", "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")
_KINDS = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
_STATUSES = {"OK": 1, "ERROR": 2}


def spans(path: Path, seen: Seen) -> Iterator[Span]:
    """Every span of the file, with its resource and scope."""
    yield from _Reader(path, seen).read()


class _Reader:
    def __init__(self, path: Path, seen: Seen) -> None:
        self._path = path
        self._seen = seen
        self._span = Decoder(path, _Span, seen, "a span of OTLP", also=_ALSO, snake="trace_id")
        self._resource_of = Decoder(path, _Resource, seen, "a resource of OTLP", also=_ALSO, snake="string_value")
        self._scope_of = Decoder(path, _Scope, seen, "a scope of OTLP", also=("attributes", *_ALSO))
        self._resources: dict[bytes, Resource] = {}
        self._resource: Resource | None = None
        self._scope: str | None = None
        self._waiting: list[tuple[Piece, str | None]] = []

    def read(self) -> Iterator[Span]:
        for piece in pieces(self._path, _WANTED):
            key, data, offset = piece
            if data is None:
                if key in _SCOPE_SPANS:
                    self._scope = None
                elif key in _RESOURCE_SPANS or not key:
                    yield from self._waited()
                    self._resource, self._scope = None, None
            elif key == "spans":
                if self._resource is None:  # comes later, if it does: nearly all write it first
                    self._waiting.append((piece, self._scope))
                else:
                    yield self._made(data, offset, self._resource, self._scope)
            elif key == "resource":
                self._resource = self._known(data, offset)
                yield from self._waited()
            else:
                self._scope = self._scope_of.decode(data, offset).name or None
                first = next((at for at, waiting in enumerate(self._waiting) if waiting[1] is None), None)
                if first is not None and self._resource is None:  # spans of this scope stood before it
                    self._waiting[first:] = [(waiting, self._scope) for waiting, _ in self._waiting[first:]]
        yield from self._waited()

    def _waited(self) -> Iterator[Span]:
        waiting, self._waiting = self._waiting, []
        for piece, scope in waiting:
            if piece.data is not None:
                yield self._made(piece.data, piece.offset, self._resource or NO_RESOURCE, scope)

    def _known(self, data: bytes, offset: int) -> Resource:
        known = self._resources.get(data)
        if known is None:
            known = Resource(_attributes(self._resource_of.decode(data, offset).attributes))
            if len(self._resources) > 1_000:
                self._resources.clear()
            self._resources[data] = known
        return known

    def _made(self, data: bytes, offset: int, resource: Resource, scope: str | None) -> Span:
        read = self._span.decode(data, offset)
        start, end = number_of(read.start_time_unix_nano), number_of(read.end_time_unix_nano)
        unit = unit_of(start, "ns", self._seen) if start else 1
        status = read.status
        code = status.code if status else None
        span = Span(
            identifier(read.trace_id, TRACE) or b"",
            identifier(read.span_id, SPAN) or b"",
            identifier(read.parent_span_id, SPAN),
            nanoseconds(start, unit) if start else None,
            nanoseconds(end, unit) if end else None,
            _numbered(read.kind, _KINDS, 5),
            read.name or "",
            _attributes(read.attributes),
            resource,
            _numbered(code, _STATUSES, 2),
            scope,
            (status.message or "") if status else "",
        )
        if read.events:
            span.events = [
                (nanoseconds(number_of(event.time_unix_nano), unit), event.name or "", _attributes(event.attributes))
                for event in read.events
            ]
        if read.links:
            span.links = [
                (
                    identifier(link.trace_id, TRACE) or b"",
                    identifier(link.span_id, SPAN) or b"",
                    _attributes(link.attributes),
                )
                for link in read.links
            ]
        return span


def _numbered(value: int | str | None, names: dict[str, int], last: int) -> int:
    """A value of an enum: its number, or its name (``SPAN_KIND_SERVER``, ``STATUS_CODE_ERROR``)."""
    if isinstance(value, str):
        if value.isdecimal():
            return _numbered(int(value), names, last)
        return names.get(value.rpartition("_")[2].upper(), 0)
    return value if value is not None and 0 <= value <= last else 0


def _attributes(attributes: list[_Attribute]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attributes:
        value = attribute.value
        if value is not None:
            text = value.string_value
            found[attribute.key] = text if text is not None else _plain(value)
    return found


def _plain(value: _Value) -> object:
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        number = number_of(value.int_value)
        return int(number) if number is not None else str(value.int_value)
    if value.bool_value is not None:
        return value.bool_value
    if value.double_value is not None:
        return float(number) if (number := number_of(value.double_value)) is not None else str(value.double_value)
    if value.array_value is not None:
        return [_plain(inner) for inner in value.array_value.values]
    if value.kvlist_value is not None:
        return _attributes(value.kvlist_value.values)
    if value.bytes_value is not None:
        try:
            return base64.b64decode(value.bytes_value, validate=True)
        except (ValueError, binascii.Error):
            return value.bytes_value
    return None
