"""OTLP's JSON and protobuf, in the shapes that are met."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue

from loadstone.errors import SpecError
from loadstone.gather.imports import spans_of
from tests.gather.imports.reading import NOW, REDACTION, otlp, read, rows, span, write

SNAKE = {
    "resource_spans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"string_value": "shop"}}]},
            "scope_spans": [
                {
                    "scope": {"name": "lib"},
                    "spans": [
                        {
                            "trace_id": f"{7:032x}",
                            "span_id": f"{1:016x}",
                            "name": "work",
                            "kind": "SPAN_KIND_SERVER",
                            "start_time_unix_nano": NOW + 1_000_000,
                            "end_time_unix_nano": NOW + 1_000_500,
                            "attributes": [{"key": "a_b", "value": {"int_value": "7"}}],
                        }
                    ],
                }
            ],
        }
    ]
}


def test_a_span_of_the_plainest_form(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, otlp(span(), resource={"service.name": "shop", "host.name": "h1"}))
    assert row == {
        "trace_id": (7).to_bytes(16, "big"),
        "span_id": (1).to_bytes(8, "big"),
        "start_ns": NOW + 1_000_000,
        "end_ns": NOW + 1_000_500,
        "kind": 2,
        "status": 0,
        "service": "shop",
        "host_name": "h1",
        "name": "work",
        "scope": "lib",
    }


def shapes() -> dict[str, object]:
    plain = otlp(span(1), span(2, 1), resource={"service.name": "shop"})
    each = plain["resourceSpans"][0]
    old = json.loads(
        json.dumps(plain)
        .replace("scopeSpans", "instrumentationLibrarySpans")
        .replace('"scope"', '"instrumentationLibrary"')
    )
    alone = [otlp(span(1), resource={"service.name": "shop"}), otlp(span(2, 1), resource={"service.name": "shop"})]
    late = {"scopeSpans": [{"spans": part["spans"], "scope": part["scope"]} for part in each["scopeSpans"]]}
    return {
        "resourceSpans": plain,
        "batches": {"batches": [each]},
        "instrumentationLibrarySpans": old,
        "an array of requests": alone,
        "a request a line": "\n".join(json.dumps(document) for document in alone) + "\n",
        "requests printed one after the other": "\n".join(json.dumps(document, indent=2) for document in alone),
        "a ResourceSpans a line": json.dumps(each) + "\n",
        "within an answer": {"result": plain},
        "the resource comes last": {"resourceSpans": [late | {"resource": each["resource"]}]},
    }


@pytest.mark.parametrize("shape", shapes())
def test_every_shape_says_the_same(tmp_path: Path, shape: str) -> None:
    content = shapes()[shape]
    found = rows(tmp_path, content)
    assert found == rows(tmp_path, shapes()["resourceSpans"])
    assert [(row["service"], row["scope"], row["name"]) for row in found] == [("shop", "lib", "work")] * 2
    path = write(tmp_path, gzip.compress(write(tmp_path, content).read_bytes()))
    assert read(path)[0] == found


def test_resources_and_scopes_end_with_their_lists(tmp_path: Path) -> None:
    first = otlp(span(1), resource={"service.name": "shop"})["resourceSpans"][0]
    bare: dict[str, Any] = {"scopeSpans": [{"spans": [span(2)]}]}
    found = rows(tmp_path, {"resourceSpans": [first, bare]})
    assert [(row.get("service"), row.get("scope")) for row in found] == [("shop", "lib"), (None, None)]


def test_names_with_underscores(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, SNAKE)
    assert (row["service"], row["kind"], row["start_ns"], row["end_ns"]) == (
        "shop",
        2,
        NOW + 1_000_000,
        NOW + 1_000_500,
    )
    assert row["attributes"] == {"a_b": 7}


@pytest.mark.parametrize(
    ("trace", "own"),
    [
        (f"{7:032x}", f"{1:016x}"),
        (f"{7:032X}", f"0x{1:016x}"),
        (base64.b64encode((7).to_bytes(16, "big")).decode(), base64.b64encode((1).to_bytes(8, "big")).decode()),
        (
            base64.b64encode((7).to_bytes(16, "big")).decode().rstrip("="),
            base64.b64encode((1).to_bytes(8, "big")).decode(),
        ),
        (f"{7:016x}", "1"),
    ],
)
def test_ids_are_hex_or_base64(tmp_path: Path, trace: str, own: str) -> None:
    (row,) = rows(tmp_path, otlp(span(traceId=trace, spanId=own)))
    assert (row["trace_id"], row["span_id"]) == ((7).to_bytes(16, "big"), (1).to_bytes(8, "big"))


@pytest.mark.parametrize(("unit", "per_s"), [("s", 1), ("ms", 10**3), ("µs", 10**6), ("ns", 10**9)])
@pytest.mark.parametrize("as_text", [True, False])
def test_units_are_guessed_by_magnitude_and_told(tmp_path: Path, unit: str, per_s: int, as_text: bool) -> None:
    start, end = NOW // 10**9 * per_s, (NOW // 10**9 + 2) * per_s
    write(tmp_path, otlp(span(startTimeUnixNano=str(start) if as_text else start, endTimeUnixNano=end)))
    (row,), notes = read(tmp_path / "traces")
    assert (row["start_ns"], row["end_ns"]) == (NOW, NOW + 2 * 10**9)
    assert notes == (
        ()
        if unit == "ns"
        else ("1 span had times in another unit than nanoseconds, which was guessed by their magnitude.",)
    )


def test_every_type_of_value(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "t": {"stringValue": "x"},
        "empty": {"stringValue": ""},
        "i": {"intValue": "9007199254740993"},
        "j": {"intValue": 5},
        "b": {"boolValue": False},
        "d": {"doubleValue": 1.5},
        "nan": {"doubleValue": "NaN"},
        "l": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "a"}]}},
        "m": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}},
        "raw": {"bytesValue": base64.b64encode(b"secret").decode()},
    }
    (row,) = rows(tmp_path, otlp(span(attributes=[{"key": key, "value": value} for key, value in told.items()])))
    raw = row["attributes"].pop("raw")
    assert raw.startswith("#")
    assert row["attributes"] == {
        "t": "x",
        "empty": "",
        "i": 9007199254740993,
        "j": 5,
        "b": False,
        "d": 1.5,
        "nan": "NaN",
        "l": [1, "a"],
        "m": {"k": True},
    }


def test_events_links_and_the_status(tmp_path: Path) -> None:
    (row,) = rows(
        tmp_path,
        otlp(
            span(
                status={"code": "STATUS_CODE_ERROR", "message": "no user 'ann'"},
                events=[
                    {
                        "timeUnixNano": str(NOW),
                        "name": "exception",
                        "attributes": [
                            {"key": "exception.type", "value": {"stringValue": "KeyError"}},
                            {"key": "exception.message", "value": {"stringValue": "no user 'ann'"}},
                        ],
                    }
                ],
                links=[{"traceId": f"{9:032x}", "spanId": f"{3:016x}", "attributes": []}],
            )
        ),
    )
    assert row["status"] == 2
    assert row["error_type"] == "KeyError"
    assert row["events"][0]["time_ns"] == NOW
    assert row["events"][0]["attributes"]["exception.type"] == "KeyError"
    assert row["links"] == [{"trace_id": f"{9:032x}", "span_id": f"{3:016x}"}]
    assert "ann" not in json.dumps(row, default=str)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ('{"resourceSpans":[{"scopeSpans":[{"spans":[\n{"traceId": 3.5}]}]}]}', 2, "invalid type"),
        ('{"resourceSpans":[{"scopeSpans":[{"spans":[\n{},\n{"name": oops}]}]}]}', 3, "expected value"),
        ('{"resourceSpans":[{"scopeSpans":[{"spans":[\n{"attributes": "none"}]}]}]}', 2, "expected a sequence"),
        ('{"resourceSpans":[{"scopeSpans":[{"spans":[\n{"traceId": "1"},\n', 1, "ends within"),
    ],
)
def test_damage_is_told_with_its_line(tmp_path: Path, text: str, line: int, found: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SpecError) as error:
        read(path)
    assert f"{path}:{line}: " in str(error.value)
    assert found in str(error.value)


def test_no_span_at_all(tmp_path: Path) -> None:
    for content, found in ((otlp(), "no span"), (otlp(span(spanId="")), "1 spans, none with an id and a start")):
        with pytest.raises(SpecError, match=found):
            rows(tmp_path, content)


def request(spans: int = 3) -> ExportTraceServiceRequest:
    """A request with something in every field that is kept."""
    made = ExportTraceServiceRequest()
    resource = made.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    resource.resource.attributes.add(key="process.pid").value.int_value = 77
    scope = resource.scope_spans.add()
    scope.scope.name = "lib"
    for number in range(1, spans + 1):
        each = scope.spans.add(name=f"work {number}", kind=number % 6)
        each.trace_id, each.span_id = (7).to_bytes(16, "big"), number.to_bytes(8, "big")
        each.parent_span_id = (number - 1).to_bytes(8, "big") if number > 1 else b""
        each.start_time_unix_nano, each.end_time_unix_nano = NOW + number, NOW + number + 5
        each.attributes.add(key="app.count").value.int_value = -number
        each.attributes.add(key="app.list").value.array_value.values.add().double_value = 0.5
        each.attributes.add(key="http.response.status_code").value.int_value = 200 + number
        event = each.events.add(name="said", time_unix_nano=NOW + number)
        event.attributes.add(key="ok").value.bool_value = True
        each.links.add(trace_id=(9).to_bytes(16, "big"), span_id=(8).to_bytes(8, "big"))
        each.status.code = number % 3  # type: ignore[assignment]
    return made


def test_protobuf_in_each_framing_says_what_json_says(tmp_path: Path) -> None:
    body = request().SerializeToString()
    length = len(body)
    found = rows(tmp_path, body)
    assert [(row["kind"], row["status"], row["process_pid"]) for row in found] == [(1, 1, 77), (2, 2, 77), (3, 0, 77)]
    assert found[1]["attributes"] == {"app.count": -2, "app.list": [0.5]}
    assert found == rows(tmp_path, MessageToJson(request()))  # base64 ids, as protobuf's JSON has them
    assert rows(tmp_path, length.to_bytes(4, "big") + body) == found
    assert rows(tmp_path, (bytes([length & 127 | 128, length >> 7]) + body) * 2) == found * 2
    assert rows(tmp_path, body + body) == found * 2
    assert rows(tmp_path, gzip.compress(body)) == found


def test_protobuf_that_is_cut_short(tmp_path: Path) -> None:
    body = request().SerializeToString()
    with pytest.raises(SpecError, match=r"byte \d+: .*\n.*OTLP"):
        rows(tmp_path, body[:-7])
    with pytest.raises(SpecError, match=r"byte \d+: "):
        rows(tmp_path, body[:-7] + b"\xff" * 7)


values = st.recursive(
    st.one_of(
        st.text(max_size=20).map(lambda text: AnyValue(string_value=text)),
        st.integers(-(2**63), 2**63 - 1).map(lambda number: AnyValue(int_value=number)),
        st.integers(-10_000, 10_000).map(lambda number: number / 2).map(lambda number: AnyValue(double_value=number)),
        st.booleans().map(lambda truth: AnyValue(bool_value=truth)),
        st.binary(max_size=8).map(lambda data: AnyValue(bytes_value=data)),
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda many: AnyValue(array_value=ArrayValue(values=many))),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    st.dictionaries(st.text(min_size=1, max_size=12), values, max_size=5),
    st.integers(1, 2**64 - 1),
    st.integers(10**17, 2**63 - 1),
    st.text(max_size=10),
)
def test_both_encodings_are_read_alike(
    tmp_path: Path, attributes: dict[str, AnyValue], own: int, start: int, name: str
) -> None:
    made = request(1)
    each = made.resource_spans[0].scope_spans[0].spans[0]
    each.span_id, each.start_time_unix_nano, each.name = own.to_bytes(8, "big"), start, name
    for key, value in attributes.items():
        each.attributes.add(key=key, value=value)
    told = []
    for format, content in (("otlp protobuf", made.SerializeToString()), ("otlp json", MessageToJson(made))):
        imported = spans_of(write(tmp_path, content), format, REDACTION)
        told.append([{key: list(column) for key, column in batch.items()} for batch in imported.columns])
    assert repr(told[0]) == repr(told[1])
