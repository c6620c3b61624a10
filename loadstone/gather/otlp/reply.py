"""Answers of the receiver in the two encodings of OTLP/HTTP, written by hand: two messages of two fields each.

``ExportTraceServiceResponse`` (trace_service.proto) holds ``partial_success {rejected_spans = 1, error_message = 2}``
as field 1; those for metrics and logs differ in names alone. ``google.rpc.Status`` holds code = 1 and message = 2.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.gather.otlp.spool import JSON

__all__ = ["Rejected", "exported", "refused"]

Rejected = Literal["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"]
"""Name of the count in JSON, by signal; in protobuf it is field 1 for all."""

# google/rpc/code.proto, as the HTTP mapping there pairs them.
_CODES = {400: 3, 404: 5, 405: 12, 408: 4, 413: 3, 415: 3, 429: 8, 500: 13, 503: 14}


def exported(kind: int, rejected: int = 0, message: str = "", count: Rejected = "rejectedSpans") -> bytes:
    """The answer to a request that was taken; with a message, taken in part or with a remark."""
    if kind == JSON:
        if not rejected and not message:
            return b"{}"
        return msgspec.json.encode({"partialSuccess": {count: str(rejected), "errorMessage": message}})
    if not rejected and not message:
        return b""
    return _bytes(1, (_number(1, rejected) if rejected else b"") + _bytes(2, message.encode()))


def refused(kind: int, status: int, message: str) -> bytes:
    """The answer to a request that was not taken: a ``google.rpc.Status``."""
    code = _CODES.get(status, 2)
    if kind == JSON:
        return msgspec.json.encode({"code": code, "message": message})
    return _number(1, code) + _bytes(2, message.encode())


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
