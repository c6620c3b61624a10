"""What the trace receiver takes of the CPU for a span: real HTTP, bodies of 512 spans with ten attributes each.

``python -m benches.receiver [--spans 500000]`` prints CPU microseconds a span of the receiver's process, by its own
``getrusage``, its start left out: protobuf, protobuf in gzip, and JSON. It asserts nothing. Three runs of each, in
turn; the middle one counts.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from loadstone.gather.otlp.supervisor import Receiver

__all__ = ["Case", "bodies", "cases", "main", "measure"]

SPANS_A_BODY = 512  # OTEL_BSP_MAX_EXPORT_BATCH_SIZE
BODIES = 64  # different ones, sent in turn
RUNS = 3


class Case(msgspec.Struct, frozen=True):
    """One way of sending: its name, its headers, its bodies."""

    name: str
    headers: dict[str, str]
    bodies: tuple[bytes, ...]


def bodies(count: int) -> Iterator[ExportTraceServiceRequest]:
    """Requests as an instrumented web service sends them: a server span and its statements."""
    for number in range(count):
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = "shop"
        scope = resource.scope_spans.add()
        scope.scope.name = "opentelemetry.instrumentation.sqlalchemy"
        for place in range(SPANS_A_BODY):
            _fill(scope.spans.add(), number * SPANS_A_BODY + place + 1)
        yield request


def _fill(span: Span, number: int) -> None:
    span.trace_id = (number // 8 << 64 | 0x1234_5678).to_bytes(16, "big")
    span.span_id = number.to_bytes(8, "big")
    span.parent_span_id = (number - number % 8 + 1).to_bytes(8, "big")
    span.name, span.kind = "SELECT shop", Span.SPAN_KIND_CLIENT
    span.start_time_unix_nano = 1_795_000_000_000_000_000 + number * 1_000_003
    span.end_time_unix_nano = span.start_time_unix_nano + 250_000 + number % 977
    texts = {
        "db.system.name": "postgresql",
        "db.namespace": "shop",
        "db.operation.name": "SELECT",
        "db.query.text": f"SELECT id, name, price FROM product WHERE category = {number % 50} ORDER BY id LIMIT 20",
        "server.address": "127.0.0.1",
        "code.file.path": "/srv/shop/catalogue.py",
        "code.function.name": "Catalogue.page",
    }
    for key, text in texts.items():
        span.attributes.add(key=key).value.string_value = text
    for key, value in {"server.port": 5432, "code.line.number": 88, "thread.id": 140_000 + number % 8}.items():
        span.attributes.add(key=key).value.int_value = value


def as_json(request: ExportTraceServiceRequest) -> bytes:
    """OTLP's JSON: ids in hex, 64-bit integers as texts."""
    spans = [
        {
            "traceId": span.trace_id.hex(),
            "spanId": span.span_id.hex(),
            "parentSpanId": span.parent_span_id.hex(),
            "name": span.name,
            "kind": int(span.kind),
            "startTimeUnixNano": str(span.start_time_unix_nano),
            "endTimeUnixNano": str(span.end_time_unix_nano),
            "attributes": [
                {
                    "key": pair.key,
                    "value": {"stringValue": pair.value.string_value}
                    if pair.value.HasField("string_value")
                    else {"intValue": str(pair.value.int_value)},
                }
                for pair in span.attributes
            ],
        }
        for span in request.resource_spans[0].scope_spans[0].spans
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def cases() -> tuple[Case, ...]:
    """Protobuf, protobuf in gzip, JSON."""
    requests = list(bodies(BODIES))
    plain = tuple(request.SerializeToString() for request in requests)
    protobuf = {"content-type": "application/x-protobuf"}
    return (
        Case("protobuf", protobuf, plain),
        Case("protobuf, gzip", protobuf | {"content-encoding": "gzip"}, tuple(gzip.compress(body) for body in plain)),
        Case("JSON", {"content-type": "application/json"}, tuple(as_json(request) for request in requests)),
    )


def measure(case: Case, spans: int) -> float:
    """CPU seconds of the receiver's process for a span."""
    with tempfile.TemporaryDirectory(prefix="loadstone-bench-") as name:
        receiver = Receiver(Path(name))
        try:
            sent = _send(receiver.port, case.headers, case.bodies, spans)
        finally:
            ended = receiver.end()
        if ended.report is None or ended.report.counts.spans != sent:
            raise SystemExit(f"bench: {sent} spans were sent, the receiver tells of {ended.report}")
        return ended.report.cpu_s / sent


def _send(port: int, headers: Mapping[str, str], texts: tuple[bytes, ...], spans: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = 0
    while sent < spans:
        connection.request("POST", "/v1/traces", texts[sent // SPANS_A_BODY % len(texts)], dict(headers))
        reply = connection.getresponse()
        reply.read()
        if reply.status != 200:
            raise SystemExit(f"bench: the receiver answered {reply.status}")
        sent += SPANS_A_BODY
    connection.close()
    return sent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benches.receiver", description=__doc__)
    parser.add_argument("--spans", type=int, default=500_000, help="in each run")
    spans = parser.parse_args().spans
    measured: dict[str, list[float]] = {}
    every = cases()
    for _ in range(RUNS):
        for case in every:
            measured.setdefault(case.name, []).append(measure(case, spans))
    for case in every:
        size = statistics.mean(map(len, case.bodies)) / SPANS_A_BODY
        runs = ", ".join(f"{1e6 * value:.2f}" for value in measured[case.name])
        middle = 1e6 * statistics.median(measured[case.name])
        print(f"{case.name:16} {middle:6.2f} us of CPU a span   ({runs})   {size:.0f} bytes a span on the wire")


if __name__ == "__main__":
    main()
