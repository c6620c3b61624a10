"""The same spans in the formats that tracing backends export."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from loadstone.model.evidence import KINDS
from tests.exports.writing import BEGUN_S, Export, Made

__all__ = ["FORMATS", "jaeger", "otlp_json", "otlp_protobuf", "zipkin"]

_LANGUAGES = ("go", "java", "nodejs", "dotnet", "python")


def otlp_json(export: Export) -> bytes:
    """A line of OTLP for each service, as the collector's file exporter writes."""
    lines = [json.dumps({"resourceSpans": [_resource(service, spans)]}) for service, spans in _services(export)]
    return "\n".join(lines).encode()


def otlp_protobuf(export: Export) -> bytes:
    """TracesData."""
    data = TracesData()
    for service, spans in _services(export):
        resource = data.resource_spans.add()
        for key, value in _attributes(service).items():
            resource.resource.attributes.add(key=key).value.string_value = value
        scoped = resource.scope_spans.add()
        for one in spans:
            span = scoped.spans.add(
                trace_id=_trace(one).to_bytes(16, "big"),
                span_id=one.id.to_bytes(8, "big"),
                parent_span_id=one.parent.to_bytes(8, "big") if one.parent and not one.follows else b"",
                name=one.name,
                kind=KINDS.index(one.kind),
                start_time_unix_nano=_ns(one.start_s),
                end_time_unix_nano=_ns(one.end_s),
            )
            if one.error:
                span.status.code = 2  # type: ignore[assignment]
            if one.follows:
                span.links.add(trace_id=span.trace_id, span_id=one.parent.to_bytes(8, "big"))
            for key, tag in one.tags.items():
                told = span.attributes.add(key=key).value
                if isinstance(tag, bool):
                    told.bool_value = tag
                elif isinstance(tag, int):
                    told.int_value = tag
                elif isinstance(tag, str):
                    told.string_value = tag
                else:
                    for part in tag:
                        told.array_value.values.add(string_value=part)
    return data.SerializeToString()


def jaeger(export: Export) -> bytes:
    """What Jaeger's API answers for a search."""
    processes = {service: f"p{place}" for place, (service, _) in enumerate(_services(export), 1)}
    traces: dict[int, list[dict[str, Any]]] = {}
    for one in export.spans:
        trace = f"{_trace(one):x}"
        kind = "FOLLOWS_FROM" if one.follows else "CHILD_OF"
        tags = [_tag(key, value) for key, value in one.tags.items()]
        if one.kind not in ("internal", "unspecified"):
            tags.append(_tag("span.kind", one.kind))
        if one.error:
            tags.append(_tag("error", True))
        traces.setdefault(one.trace, []).append(
            {
                "traceID": trace,
                "spanID": f"{one.id:x}",
                "operationName": one.name,
                "references": [{"refType": kind, "traceID": trace, "spanID": f"{one.parent:x}"}] if one.parent else [],
                "startTime": _ns(one.start_s) // 1000,
                "duration": round((one.end_s - one.start_s) * 1e6),
                "tags": tags,
                "logs": [],
                "processID": processes[one.service],
                "warnings": None,
            }
        )
    told = {
        process: {"serviceName": service, "tags": [_tag("hostname", f"{service}-7d9f")]}
        for service, process in processes.items()
    }
    data = [{"traceID": spans[0]["traceID"], "spans": spans, "processes": told} for spans in traces.values()]
    return json.dumps({"data": data, "total": 0, "limit": 0, "offset": 0, "errors": None}).encode()


def zipkin(export: Export) -> bytes:
    """Zipkin v2 as Brave reports it: a called server has its client's id, names are in lower case."""
    clients = {(one.trace, one.id): one for one in export.spans if one.kind == "client"}
    shared = {
        (one.trace, one.id): one.parent
        for one in export.spans
        if one.kind == "server" and (one.trace, one.parent) in clients
    }
    spans = []
    for one in export.spans:
        own = shared.get((one.trace, one.id))
        parent = clients[one.trace, own].parent if own else shared.get((one.trace, one.parent), one.parent)
        span: dict[str, Any] = {
            "traceId": f"{_trace(one):032x}",
            "id": f"{own or one.id:016x}",
            "name": one.name.lower(),
            "timestamp": _ns(one.start_s) // 1000,
            "duration": max(1, round((one.end_s - one.start_s) * 1e6)),
            "localEndpoint": {"serviceName": one.service, "ipv4": "10.0.0.1"},
            "tags": {key: _text(value) for key, value in one.tags.items()} | ({"error": "true"} if one.error else {}),
        }
        if one.kind in ("server", "client", "producer", "consumer"):
            span["kind"] = one.kind.upper()
        if parent:
            span["parentId"] = f"{parent:016x}"
        if own:
            span["shared"] = True
        spans.append(span)
    return json.dumps(spans).encode()


FORMATS: dict[str, Callable[[Export], bytes]] = {
    "otlp json": otlp_json,
    "otlp protobuf": otlp_protobuf,
    "jaeger": jaeger,
    "zipkin": zipkin,
}


def _services(export: Export) -> list[tuple[str, list[Made]]]:
    found: dict[str, list[Made]] = {}
    for one in export.spans:
        found.setdefault(one.service, []).append(one)
    return list(found.items())


def _attributes(service: str) -> dict[str, str]:
    return {
        "service.name": service,
        "host.name": f"{service}-7d9f",
        "telemetry.sdk.language": _LANGUAGES[sum(service.encode()) % len(_LANGUAGES)],
    }


def _resource(service: str, spans: list[Made]) -> dict[str, Any]:
    scopes: dict[str, list[dict[str, Any]]] = {}
    for one in spans:
        told: dict[str, Any] = {
            "traceId": f"{_trace(one):032x}",
            "spanId": f"{one.id:016x}",
            "name": one.name,
            "kind": KINDS.index(one.kind),
            "startTimeUnixNano": str(_ns(one.start_s)),
            "endTimeUnixNano": str(_ns(one.end_s)),
            "attributes": [{"key": key, "value": _value(value)} for key, value in one.tags.items()],
            "status": {"code": 2} if one.error else {},
        }
        if one.follows:
            told["links"] = [{"traceId": told["traceId"], "spanId": f"{one.parent:016x}"}]
        elif one.parent:
            told["parentSpanId"] = f"{one.parent:016x}"
        scopes.setdefault(one.scope, []).append(told)
    return {
        "resource": {
            "attributes": [{"key": key, "value": _value(value)} for key, value in _attributes(service).items()]
        },
        "scopeSpans": [{"scope": {"name": scope}, "spans": held} for scope, held in scopes.items()],
    }


def _value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(part) for part in value]}}
    return {"stringValue": str(value)}


def _tag(key: str, value: object) -> dict[str, Any]:
    kind = "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "string"
    return {"key": key, "type": kind, "value": value if kind != "string" else _text(value)}


def _text(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)


def _trace(one: Made) -> int:
    return 0x5915_E2D0_0000_0000_0000_0000_0000_0000 | one.trace * 0x9E37_79B9


def _ns(seconds: float) -> int:
    return BEGUN_S * 1_000_000_000 + round(seconds * 1e9)
