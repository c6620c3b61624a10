"""Spans that a client and a server share: Zipkin's RPC spans have one id in both processes (B3 propagation).

The server's half gets an id of its own and the client's half for a parent. What the server's process did below keeps
its place: spans of that service move under the server's half.
"""

from __future__ import annotations

from loadstone.gather.imports.ids import derived
from loadstone.gather.imports.span import Seen, Span

__all__ = ["parted"]

_SERVER, _CLIENT = 2, 3


def parted(spans: list[Span], seen: Seen) -> list[Span]:
    """The same spans, halves told apart. A server's half whose client is not among them stays what it is."""
    clients = {(span.trace_id, span.span_id) for span in spans if span.kind == _CLIENT}
    halves: dict[tuple[bytes, bytes], tuple[bytes, str]] = {}
    if clients:
        for span in spans:
            key = (span.trace_id, span.span_id)
            if span.kind == _SERVER and key in clients:
                own = derived(*key)
                halves[key] = (own, _service(span))
                span.span_id, span.parent_id = own, span.span_id
                seen.split += 1
    if halves:
        for span in spans:
            half = halves.get((span.trace_id, span.parent_id)) if span.parent_id else None
            if half and span.span_id != half[0] and _service(span) == half[1]:
                span.parent_id = half[0]
    return spans


def _service(span: Span) -> str:
    return str(span.resource.attributes.get("service.name", ""))
