"""Zipkin's v2 JSON (zipkin.io/zipkin-api, zipkin2-api.yaml): an array of spans, an array of traces that are arrays of
spans, or a span a line. Times are microseconds; client and server may share a span's id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from loadstone.gather.imports.decoding import Decoder
from loadstone.gather.imports.ids import SPAN, TRACE, identifier
from loadstone.gather.imports.names import KINDS
from loadstone.gather.imports.pieces import pieces
from loadstone.gather.imports.shared import parted
from loadstone.gather.imports.span import NO_RESOURCE, Resource, Seen, Span
from loadstone.gather.imports.times import nanoseconds, number_of, unit_of

__all__ = ["spans"]

HELD = 20_000
"""Spans among which halves of shared ones look for each other."""

Id = str | int | None
Number = int | float | str | None


class _Endpoint(msgspec.Struct, rename="camel"):
    service_name: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    port: Number = None


class _Annotation(msgspec.Struct):
    timestamp: Number = None
    value: str | None = None


class _Span(msgspec.Struct, rename="camel"):
    trace_id: Id = None
    id: Id = None
    parent_id: Id = None
    name: str | None = None
    kind: str | None = None
    timestamp: Number = None
    duration: Number = None
    local_endpoint: _Endpoint | None = None
    remote_endpoint: _Endpoint | None = None
    annotations: list[_Annotation] | None = None
    tags: dict[str, Any] | None = None


def spans(path: Path, seen: Seen) -> Iterator[Span]:
    """Every span of the file."""
    reader = _Reader(path, seen)
    held: list[Span] = []
    for piece in pieces(path, frozenset(("",))):
        if piece.data is not None:
            span = reader.made(piece.data, piece.offset)
            if (len(held) >= HELD and span.trace_id != held[-1].trace_id) or len(held) >= 2 * HELD:
                yield from parted(held, seen)
                held = []
            held.append(span)
    yield from parted(held, seen)


class _Reader:
    def __init__(self, path: Path, seen: Seen) -> None:
        self._seen = seen
        self._span = Decoder(path, _Span, seen, "a span of Zipkin v2", also=("shared", "debug"))
        self._resources: dict[str, Resource] = {}

    def made(self, data: bytes, offset: int) -> Span:
        """One span."""
        read = self._span.decode(data, offset)
        attributes = dict(read.tags or {})
        start, duration = number_of(read.timestamp), number_of(read.duration)
        if not start and read.annotations:  # the half that did not start the span knows its annotations alone
            start = min((at for each in read.annotations if (at := number_of(each.timestamp))), default=None)
        unit = unit_of(start, "µs", self._seen) if start else 1_000
        start_ns, length = nanoseconds(start, unit) if start else None, nanoseconds(duration, unit)
        code = str(attributes.pop("otel.status_code", "")).upper()
        scope = attributes.pop("otel.scope.name", None) or attributes.pop("otel.library.name", None)
        span = Span(
            identifier(read.trace_id, TRACE) or b"",
            identifier(read.id, SPAN) or b"",
            identifier(read.parent_id, SPAN),
            start_ns,
            start_ns + length if start_ns is not None and length is not None else None,
            KINDS.get((read.kind or "").lower(), 0),
            read.name or "",
            attributes,
            self._resource(read.local_endpoint),
            {"OK": 1, "ERROR": 2}.get(code, 0),
            str(scope) if scope else None,
            str(attributes.pop("otel.status_description", "") or ""),
        )
        if read.remote_endpoint:
            _other_side(span, read.remote_endpoint)
        if read.annotations:
            span.events = [
                (nanoseconds(number_of(each.timestamp), unit), each.value or "", {}) for each in read.annotations
            ]
        return span

    def _resource(self, endpoint: _Endpoint | None) -> Resource:
        name = endpoint.service_name if endpoint else None
        if not name:
            return NO_RESOURCE
        known = self._resources.get(name)
        if known is None:
            if len(self._resources) > 1_000:
                self._resources.clear()
            known = self._resources[name] = Resource({"service.name": name})
        return known


def _other_side(span: Span, endpoint: _Endpoint) -> None:
    if endpoint.service_name:
        span.attributes.setdefault("peer.service", endpoint.service_name)
    address = endpoint.ipv4 or endpoint.ipv6
    if address:
        span.attributes.setdefault("network.peer.address", address)
    if endpoint.port and (port := number_of(endpoint.port)):
        span.attributes.setdefault("network.peer.port", int(port))
