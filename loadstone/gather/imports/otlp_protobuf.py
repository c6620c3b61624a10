"""OTLP in protobuf (opentelemetry-proto, trace/v1/trace.proto): a request, several one after the other, or each after
its length. Messages of attributes are remembered by their bytes, as spans repeat them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loadstone.gather.imports.reading import head_of
from loadstone.gather.imports.span import Resource, Seen, Span
from loadstone.gather.imports.times import nanoseconds, unit_of
from loadstone.gather.imports.wire import Value, Wrong, fields, messages, signed
from loadstone.gather.profile.imports.wrong import at_byte

__all__ = ["framing_of", "spans"]

DEPTH = 48
_REMEMBERED = 50_000
_SHORT = 512
_HEAD = 4096
_INNER = (0x0A, 0x12, 0x1A, 0xC2)
"""First bytes of a ResourceSpans: resource, scope_spans, schema_url, and 1000 (instrumentation_library_spans)."""


def spans(path: Path, seen: Seen) -> Iterator[Span]:
    """Every span of the file, with its resource and scope."""
    reader = _Reader(seen)
    for data, offset in messages(path, framing_of(head_of(path, _HEAD)) or "one"):
        try:
            yield from reader.resource_spans(data)
        except Wrong as error:
            found = f"in the message that begins there, {error}"
            raise at_byte(path, offset, found, "an OTLP export request in protobuf") from error


def framing_of(head: bytes) -> str | None:
    """How the messages of an OTLP file are framed, None where it is none."""
    if _request(head):
        return "one"
    if _request(head[4:]) and int.from_bytes(head[:4], "big") >= 2:
        return "fixed"
    for place in range(min(len(head), 5)):
        if head[place] < 128:
            return "varint" if _request(head[place + 1 :]) else None
    return None


def _request(head: bytes) -> bool:
    if head[:1] != b"\x0a":
        return False
    for place in range(1, min(len(head), 6)):
        if head[place] < 128:
            inner = head[place + 1 :]
            return (head[place] == 0 and place == 1) or (bool(inner) and inner[0] in _INNER)
    return False


class _Reader:
    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._attributes: dict[bytes, tuple[str, Any]] = {}
        self._resources: dict[bytes, Resource] = {}

    def resource_spans(self, data: bytes) -> Iterator[Span]:
        found = fields(data)
        resource = self._resource(b"".join(_blob(value) for number, value in found if number == 1))
        for number, value in found:
            if number in (2, 1000):
                yield from self._scope_spans(_blob(value), resource)

    def _resource(self, data: bytes) -> Resource:
        known = self._resources.get(data)
        if known is None:
            if len(self._resources) > 1_000:
                self._resources.clear()
            known = self._resources[data] = Resource(
                dict(self._attribute(_blob(value)) for number, value in fields(data) if number == 1)
            )
        return known

    def _scope_spans(self, data: bytes, resource: Resource) -> Iterator[Span]:
        found = fields(data)
        scope = None
        for number, value in found:
            if number == 1:
                scope = next((self._text(inner) for name, inner in fields(_blob(value)) if name == 1), None) or None
        for number, value in found:
            if number == 2:
                yield self._span(_blob(value), resource, scope)

    def _span(self, data: bytes, resource: Resource, scope: str | None) -> Span:
        span = Span(b"", b"", None, None, None, 0, "", {}, resource, 0, scope)
        start = end = 0
        events, links = [], []
        for number, value in fields(data):
            if number == 9:
                name, told = self._attribute(_blob(value))
                if told is not None:
                    span.attributes[name] = told
            elif number == 1:
                span.trace_id = _id(value, 16)
            elif number == 2:
                span.span_id = _id(value, 8)
            elif number == 4:
                span.parent_id = _id(value, 8) or None
            elif number == 5:
                span.name = self._text(value)
            elif number == 6:
                span.kind = value if isinstance(value, int) and value <= 5 else 0
            elif number == 7:
                start = _number(value)
            elif number == 8:
                end = _number(value)
            elif number == 11:
                events.append(_blob(value))
            elif number == 13:
                links.append(_blob(value))
            elif number == 15:
                for inner, told in fields(_blob(value)):
                    if inner == 2:
                        span.message = self._text(told)
                    elif inner == 3:
                        span.status = told if isinstance(told, int) and told <= 2 else 0
        unit = unit_of(start, "ns", self._seen) if start else 1
        span.start_ns = nanoseconds(start, unit) if start else None
        span.end_ns = nanoseconds(end, unit) if end else None
        span.events = [self._event(event, unit) for event in events]
        span.links = [self._link(link) for link in links]
        return span

    def _event(self, data: bytes, unit: int) -> tuple[int | None, str, dict[str, Any]]:
        at, name, attributes = 0, "", {}
        for number, value in fields(data):
            if number == 1:
                at = _number(value)
            elif number == 2:
                name = self._text(value)
            elif number == 3:
                key, told = self._attribute(_blob(value))
                attributes[key] = told
        return nanoseconds(at, unit), name, attributes

    def _link(self, data: bytes) -> tuple[bytes, bytes, dict[str, Any]]:
        trace, span, attributes = b"", b"", {}
        for number, value in fields(data):
            if number == 1:
                trace = _id(value, 16)
            elif number == 2:
                span = _id(value, 8)
            elif number == 4:
                key, told = self._attribute(_blob(value))
                attributes[key] = told
        return trace, span, attributes

    def _attribute(self, data: bytes) -> tuple[str, Any]:
        known = self._attributes.get(data)
        if known is None:
            known = self._pair(data, 0)
            if len(data) <= _SHORT:
                if len(self._attributes) >= _REMEMBERED:
                    self._attributes.clear()
                self._attributes[data] = known
        return known

    def _pair(self, data: bytes, depth: int) -> tuple[str, Any]:
        key, told = "", None
        for number, value in fields(data):
            if number == 1:
                key = self._text(value)
            elif number == 2:
                told = self._value(_blob(value), depth)
        return key, told

    def _value(self, data: bytes, depth: int) -> object:
        if depth > DEPTH:
            raise Wrong(0, "values too deep within each other")
        told: object = None
        for number, value in fields(data):
            if number == 1:
                told = self._text(value)
            elif number == 2:
                told = value != 0
            elif number == 3:
                told = signed(_number(value))
            elif number == 4:
                told = struct.unpack("<d", _number(value).to_bytes(8, "little"))[0]
            elif number == 5:
                told = [self._value(_blob(inner), depth + 1) for name, inner in fields(_blob(value)) if name == 1]
            elif number == 6:
                told = dict(self._pair(_blob(inner), depth + 1) for name, inner in fields(_blob(value)) if name == 1)
            elif number == 7:
                told = _blob(value)
        return told

    def _text(self, value: Value) -> str:
        data = _blob(value)
        try:
            return data.decode()
        except UnicodeDecodeError:
            self._seen.repaired += 1
            return data.decode("utf-8", "replace")


def _blob(value: Value) -> bytes:
    if isinstance(value, int):
        raise Wrong(0, f"the number {value} where bytes should be")
    return value


def _number(value: Value) -> int:
    if isinstance(value, bytes):
        raise Wrong(0, f"{len(value)} bytes where a number should be")
    return value


def _id(value: Value, size: int) -> bytes:
    """An id of that size; b"" for another, and for zeros throughout."""
    data = _blob(value)
    return data if len(data) == size and any(data) else b""
