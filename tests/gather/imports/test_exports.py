"""Spans of OpenTelemetry's SDK, exported as its exporter does, field by field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, StatusCode, set_span_in_context

from tests.gather.imports.reading import read, write

KINDS = {SpanKind.INTERNAL: 1, SpanKind.SERVER: 2, SpanKind.CLIENT: 3, SpanKind.PRODUCER: 4, SpanKind.CONSUMER: 5}


def exported() -> Sequence[ReadableSpan]:
    """What a small service would export."""
    kept = InMemorySpanExporter()
    resource = Resource({"service.name": "shop", "service.instance.id": "a-1", "host.name": "h1", "deployment": "blue"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("shop.tracing", "1.2")
    with tracer.start_as_current_span("GET /items/{id}", kind=SpanKind.SERVER) as server:
        server.set_attributes(
            {"http.request.method": "GET", "http.route": "/items/{id}", "http.response.status_code": 500}
        )
        server.set_attribute("app.sizes", [1, 2])
        server.add_event("cache miss", {"key": "k1"})
        within = set_span_in_context(server)
        database = tracer.start_span(
            "SELECT items", within, SpanKind.CLIENT, links=[Link(server.get_span_context(), {"why": "test"})]
        )
        database.set_attributes({"db.system": "postgresql", "db.statement": "SELECT * FROM items WHERE id = 7"})
        database.record_exception(KeyError("ann"))
        database.set_status(StatusCode.ERROR, "no item 'ann'")
        database.end()
        for kind in (SpanKind.INTERNAL, SpanKind.PRODUCER, SpanKind.CONSUMER):
            tracer.start_span(kind.name.lower(), within, kind).end()
    return kept.get_finished_spans()


def as_json(spans: Sequence[ReadableSpan]) -> str:
    """OTLP's JSON: protobuf's, with ids in hex and enums as numbers."""
    document: dict[str, Any] = MessageToDict(encode_spans(spans), use_integers_for_enums=True)
    by_name = {span.name: span for span in spans}
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for told in scope["spans"]:
                span = by_name[told["name"]]
                told["traceId"], told["spanId"] = f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"
                if span.parent:
                    told["parentSpanId"] = f"{span.parent.span_id:016x}"
                for link, seen in zip(told.get("links", ()), span.links, strict=True):
                    link["traceId"], link["spanId"] = f"{seen.context.trace_id:032x}", f"{seen.context.span_id:016x}"
    return json.dumps(document)


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_every_field_arrives(tmp_path: Path, encoding: str) -> None:
    spans = exported()
    body: object = as_json(spans) if encoding == "json" else encode_spans(spans).SerializeToString()
    found, notes = read(write(tmp_path, body))
    assert notes == ()
    rows = {row["name"]: row for row in found}
    assert len(rows) == len(spans) == 5
    for span in spans:
        row = rows[span.name]
        assert row["trace_id"] == span.context.trace_id.to_bytes(16, "big")
        assert row["span_id"] == span.context.span_id.to_bytes(8, "big")
        assert row.get("parent_id") == (span.parent.span_id.to_bytes(8, "big") if span.parent else None)
        assert (row["start_ns"], row["end_ns"]) == (span.start_time, span.end_time)
        assert row["kind"] == KINDS[span.kind]
        assert row["status"] == span.status.status_code.value
        assert (row["service"], row["service_instance_id"], row["host_name"]) == ("shop", "a-1", "h1")
        assert row["scope"] == "shop.tracing"
        assert row["attributes"]["resource"]["deployment"] == "blue"
        assert [(event["time_ns"], event["name"]) for event in row.get("events", ())] == [
            (event.timestamp, event.name) for event in span.events
        ]
    server, database = rows["GET /items/{id}"], rows["SELECT items"]
    assert (server["http_request_method"], server["http_route"], server["http_response_status_code"]) == (
        "GET",
        "/items/{id}",
        500,
    )
    assert server["attributes"]["app.sizes"] == [1, 2]
    assert server["events"][0]["attributes"] == {"key": "k1"}
    assert (database["db_system_name"], database["db_query_text"]) == ("postgresql", "SELECT * FROM items WHERE id = ?")
    assert database["error_type"] == "KeyError"
    assert database["links"] == [
        {"trace_id": server["trace_id"].hex(), "span_id": server["span_id"].hex(), "attributes": {"why": "test"}}
    ]
    assert "ann" not in json.dumps(database, default=str)
