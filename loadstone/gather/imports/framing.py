"""How the requests of a file of OTLP in protobuf are told apart, if it is one."""

from __future__ import annotations

__all__ = ["framing_of"]

_INNER = (0x0A, 0x12, 0x1A, 0xC2)
"""First bytes of a ResourceSpans: resource, scope_spans, schema_url, and 1000 (instrumentation_library_spans)."""


def framing_of(head: bytes) -> str | None:
    """``one`` for a request, or several one after the other, which protobuf takes for one; ``fixed`` where each follows
    its length in four bytes, big-endian (the collector's file exporter); ``varint`` where it follows its length as
    protobuf writes it (``writeDelimitedTo``); None for what is no OTLP."""
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
