"""Jaeger's JSON, as its API and its UI write it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from loadstone.errors import SpecError
from tests.gather.imports.reading import NOW, jaeger, jaeger_span, read, rows, write


def tag(key: str, kind: str, value: object) -> dict[str, object]:
    return {"key": key, "type": kind, "value": value}


def test_a_span(tmp_path: Path) -> None:
    processes = {
        "p1": {
            "serviceName": "shop",
            "tags": [tag("hostname", "string", "h1"), tag("pid", "int64", "77"), tag("zone", "string", "b")],
        }
    }
    tags = [
        tag("span.kind", "string", "client"),
        tag("otel.status_code", "string", "OK"),
        tag("otel.scope.name", "string", "lib"),
    ]
    (row,) = rows(tmp_path, jaeger(jaeger_span(2, 1, tags=tags), processes=processes))
    assert row == {
        "trace_id": (7).to_bytes(16, "big"),
        "span_id": (2).to_bytes(8, "big"),
        "parent_id": (1).to_bytes(8, "big"),
        "start_ns": NOW + 2_000,
        "end_ns": NOW + 252_000,
        "kind": 3,
        "status": 1,
        "service": "shop",
        "host_name": "h1",
        "process_pid": 77,
        "name": "work",
        "scope": "lib",
        "attributes": {"resource": {"zone": "b"}},
    }


def test_tags_have_types(tmp_path: Path) -> None:
    tags = [
        tag("big", "int64", "9007199254740993"),
        tag("small", "int64", 5),
        tag("half", "float64", "0.5"),
        tag("yes", "bool", "true"),
        tag("no", "bool", False),
        tag("raw", "binary", base64.b64encode(b"secret").decode()),
        tag("untyped", "", "x"),
    ]
    (row,) = rows(tmp_path, jaeger(jaeger_span(tags=tags)))
    assert row["attributes"].pop("raw").startswith("#")
    assert row["attributes"] == {
        "big": 9007199254740993,
        "small": 5,
        "half": 0.5,
        "yes": True,
        "no": False,
        "untyped": "x",
    }


def test_shapes(tmp_path: Path) -> None:
    document = jaeger(jaeger_span(1), jaeger_span(2, 1))
    found = rows(tmp_path, document)
    assert [row["service"] for row in found] == ["shop", "shop"]
    trace = document["data"][0]
    assert rows(tmp_path, trace) == found
    assert rows(tmp_path, [trace]) == found
    assert rows(tmp_path, json.dumps(document, sort_keys=True)) == found  # processes before spans
    assert rows(tmp_path, json.dumps(trace) + "\n" + json.dumps(trace) + "\n") == found * 2


def test_processes_are_each_traces_own(tmp_path: Path) -> None:
    first, second = jaeger(jaeger_span(1))["data"][0], jaeger(jaeger_span(2))["data"][0]
    second["processes"] = {"p1": {"serviceName": "cart"}}
    third = jaeger(jaeger_span(3))["data"][0] | {"processes": {}}
    found = rows(tmp_path, {"data": [first, second, third]})
    assert [row.get("service") for row in found] == ["shop", "cart", None]


def test_follows_from_and_other_parents_are_links(tmp_path: Path) -> None:
    references = [
        {"refType": "FOLLOWS_FROM", "traceID": "7", "spanID": "5"},
        {"refType": "CHILD_OF", "traceID": "7", "spanID": "3"},
        {"refType": "CHILD_OF", "traceID": "7", "spanID": "4"},
        {"refType": "CHILD_OF", "traceID": "9", "spanID": "6"},
    ]
    (row,) = rows(tmp_path, jaeger(jaeger_span(1, references=references)))
    assert row["parent_id"] == (3).to_bytes(8, "big")
    assert [(int(link["trace_id"], 16), int(link["span_id"], 16), link["attributes"]) for link in row["links"]] == [
        (7, 5, {"opentracing.ref_type": "follows_from"}),
        (7, 4, {"opentracing.ref_type": "child_of"}),
        (9, 6, {"opentracing.ref_type": "child_of"}),
    ]


def test_logs_errors_and_warnings(tmp_path: Path) -> None:
    logs = [
        {
            "timestamp": NOW // 1000 + 3,
            "fields": [
                tag("event", "string", "error"),
                tag("error.kind", "string", "KeyError"),
                tag("error.object", "string", "no 'ann'"),
            ],
        },
        {"timestamp": NOW // 1000 + 4, "fields": [tag("message", "string", "retried")]},
    ]
    warnings = ["clock skew adjustment disabled; not applying calculated delta of 3.5ms"]
    path = write(tmp_path, jaeger(jaeger_span(tags=[tag("error", "bool", True)], logs=logs, warnings=warnings)))
    (row,), notes = read(path)
    assert (row["status"], row["error_type"]) == (2, "KeyError")
    assert [(event["time_ns"], event["name"]) for event in row["events"]] == [
        (NOW + 3_000, "error"),
        (NOW + 4_000, "retried"),
    ]
    assert "ann" not in path.with_name("x").name + json.dumps(row["events"])
    assert any("warns on 1 span: 'clock skew" in note for note in notes)


def test_a_message_as_error_is_an_error_and_masked(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, jaeger(jaeger_span(tags=[tag("error", "string", "no user 'ann'")])))
    assert row["status"] == 2
    assert "ann" not in row["attributes"]["error.message"]
    (row,) = rows(tmp_path, jaeger(jaeger_span(tags=[tag("error", "bool", False)])))
    assert row["status"] == 0


def test_client_and_server_with_one_id(tmp_path: Path) -> None:
    kinds = [[tag("span.kind", "string", kind)] for kind in ("client", "server")]
    processes = {"p1": {"serviceName": "shop"}, "p2": {"serviceName": "cart"}}
    path = write(
        tmp_path,
        jaeger(
            jaeger_span(1, tags=kinds[0]),
            jaeger_span(1, tags=kinds[1], processID="p2"),
            jaeger_span(2, 1, processID="p2"),
            processes=processes,
        ),
    )
    (client, server, below), notes = read(path)
    assert client["span_id"] == (1).to_bytes(8, "big") != server["span_id"]
    assert server["parent_id"] == client["span_id"]
    assert below["parent_id"] == server["span_id"]
    assert notes == ("1 span shared an id with their client's and got one of their own.",)


def test_missing_durations_and_negative_ones(tmp_path: Path) -> None:
    path = write(
        tmp_path, jaeger(jaeger_span(1, duration=None), jaeger_span(2, duration=-5), jaeger_span(3, startTime=None))
    )
    found, notes = read(path)
    assert [row.get("end_ns") for row in found] == [None, NOW + 2_000 - 5_000]
    assert notes == (
        "1 span had no start and were left out.",
        "1 span had no end: they were not finished, or their durations are missing.",
        "1 span ended before they started; their times were kept.",
    )


def test_a_trace_that_is_none(tmp_path: Path) -> None:
    path = write(tmp_path, '{"data":[{"traceID":"1","spans":[\n{"spanID": "1", "tags": 5}],"processes":{}}]}')
    with pytest.raises(SpecError) as error:
        read(path)
    assert f"{path}:2: Expected array | null, got int" in str(error.value)
    assert "a span of Jaeger" in str(error.value)
