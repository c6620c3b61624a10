"""Requests of OTLP made by the official messages, and a plain HTTP client for them."""

from __future__ import annotations

import http.client
from typing import NamedTuple

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

__all__ = ["PROTOBUF_TYPE", "Reply", "json_of", "post", "request_of"]

PROTOBUF_TYPE = {"content-type": "application/x-protobuf"}


class Reply(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def request_of(spans: int, *, first: int = 1, attribute: str = "") -> ExportTraceServiceRequest:
    """A request with so many spans, whose ids count from ``first``."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(first, first + spans):
        span = scope.spans.add(name="work", kind=2, start_time_unix_nano=10**18, end_time_unix_nano=10**18 + 5)
        span.trace_id = number.to_bytes(16, "big")
        span.span_id = number.to_bytes(8, "big")
        if attribute:
            span.attributes.add(key="db.query.text").value.string_value = attribute
    return request


def json_of(request: ExportTraceServiceRequest) -> dict[str, object]:
    """The request in OTLP's JSON, whose ids are hex where protobuf's JSON has base64."""
    found: dict[str, object] = MessageToDict(request)
    for resource in found.get("resourceSpans", []):  # type: ignore[attr-defined]
        for scope in resource["scopeSpans"]:
            for span, message in zip(scope["spans"], request.resource_spans[0].scope_spans[0].spans, strict=True):
                span["traceId"], span["spanId"] = message.trace_id.hex(), message.span_id.hex()
    return found


def post(port: int, body: bytes, headers: dict[str, str] = PROTOBUF_TYPE, path: str = "/v1/traces") -> Reply:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()
