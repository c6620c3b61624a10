"""Files of traces for tests, and what the importer makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from loadstone.gather.imports import detect, spans_of
from loadstone.model.evidence import TABLES
from loadstone.model.redaction import Redaction

__all__ = ["NOW", "REDACTION", "jaeger", "jaeger_span", "otlp", "read", "rows", "span", "write", "zipkin"]

REDACTION = Redaction("0" * 32)
NOW = 1_760_000_000_000_000_000
"""An instant in nanoseconds."""

Rows = list[dict[str, Any]]


def write(tmp_path: Path, content: object, name: str = "traces") -> Path:
    """A file of that content: bytes, a text, or a document of JSON."""
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def read(path: Path, redaction: Redaction = REDACTION) -> tuple[Rows, tuple[str, ...]]:
    """The file's spans, one dict each without what is missing, and the notes."""
    imported = spans_of(path, detect(path), redaction)
    found: Rows = []
    for batch in imported.columns:
        assert batch.keys() <= TABLES["spans"].keys()
        lists = {name: np.ma.asarray(values).tolist() for name, values in batch.items()}
        assert len({len(values) for values in lists.values()}) == 1
        for values in zip(*lists.values(), strict=True):
            row = {name: value for name, value in zip(lists, values, strict=True) if value is not None}
            found.append(
                row | {name: json.loads(row[name]) for name in ("attributes", "events", "links") if name in row}
            )
    return found, imported.notes()


def rows(tmp_path: Path, content: object) -> Rows:
    """The spans of a file of that content."""
    return read(write(tmp_path, content))[0]


def otlp(*spans: dict[str, Any], resource: dict[str, Any] | None = None) -> dict[str, Any]:
    """A document of OTLP."""
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in (resource or {}).items()]
    return {
        "resourceSpans": [
            {"resource": {"attributes": attributes}, "scopeSpans": [{"scope": {"name": "lib"}, "spans": list(spans)}]}
        ]
    }


def span(number: int = 1, parent: int = 0, **fields: object) -> dict[str, Any]:
    """A span of OTLP."""
    made: dict[str, Any] = {
        "traceId": f"{7:032x}",
        "spanId": f"{number:016x}",
        "name": "work",
        "kind": 2,
        "startTimeUnixNano": str(NOW + number * 1_000_000),
        "endTimeUnixNano": str(NOW + number * 1_000_000 + 500),
    }
    if parent:
        made["parentSpanId"] = f"{parent:016x}"
    return made | fields


def jaeger(*spans: dict[str, Any], processes: dict[str, Any] | None = None) -> dict[str, Any]:
    """An answer of Jaeger's API with one trace."""
    told = {"p1": {"serviceName": "shop", "tags": []}} if processes is None else processes
    return {"data": [{"traceID": "7", "spans": list(spans), "processes": told, "warnings": None}], "total": 0}


def jaeger_span(number: int = 1, parent: int = 0, **fields: object) -> dict[str, Any]:
    """A span of Jaeger."""
    references = [{"refType": "CHILD_OF", "traceID": "7", "spanID": f"{parent:x}"}] if parent else []
    return {
        "traceID": "7",
        "spanID": f"{number:x}",
        "operationName": "work",
        "references": references,
        "startTime": NOW // 1000 + number,
        "duration": 250,
        "tags": [],
        "logs": [],
        "processID": "p1",
        "warnings": None,
    } | fields


def zipkin(number: int = 1, parent: int = 0, **fields: object) -> dict[str, Any]:
    """A span of Zipkin."""
    made: dict[str, Any] = {
        "traceId": f"{7:016x}",
        "id": f"{number:016x}",
        "name": "get",
        "kind": "SERVER",
        "timestamp": NOW // 1000 + number,
        "duration": 250,
        "localEndpoint": {"serviceName": "shop"},
    }
    if parent:
        made["parentId"] = f"{parent:016x}"
    return made | fields
