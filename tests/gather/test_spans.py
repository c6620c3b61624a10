"""The door to the decoder of spans, held against OpenTelemetry's own protobuf classes on generated requests."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from loadstone.errors import EvidenceError, SpecError
from loadstone.gather.otlp.spool import HEADER, JSON, PROTOBUF
from loadstone.gather.spans import Decoded, Decoding, check, decode_spool
from loadstone.model.evidence import TABLES, Columns
from loadstone.model.redaction import Redaction

REDACTION = Redaction("000102030405060708090a0b0c0d0e0f", frozenset({"page"}))
START = 1_700_000_000_000_000_000

# No slash and no colon: texts that look like addresses are masked, which tests/model/test_redaction.py looks at.
texts = st.text(st.characters(codec="utf-8", exclude_characters="/:@"), max_size=12)
names = st.from_regex(r"app\.[a-z]{1,6}", fullmatch=True)
values: st.SearchStrategy[AnyValue] = st.recursive(
    st.one_of(
        texts.map(lambda value: AnyValue(string_value=value)),
        st.booleans().map(lambda value: AnyValue(bool_value=value)),
        st.integers(-(1 << 63), (1 << 63) - 1).map(lambda value: AnyValue(int_value=value)),
        st.floats(allow_nan=False, allow_infinity=False).map(lambda value: AnyValue(double_value=value)),
        st.binary(max_size=8).map(lambda value: AnyValue(bytes_value=value)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: _list(items)),
        st.dictionaries(names, inner, max_size=3).map(lambda members: _map(members)),
    ),
    max_leaves=6,
)
attributes = st.dictionaries(names, values, max_size=6)


def _list(items: Iterable[AnyValue]) -> AnyValue:
    made = AnyValue()
    made.array_value.SetInParent()
    made.array_value.values.extend(items)
    return made


def _map(members: dict[str, AnyValue]) -> AnyValue:
    made = AnyValue()
    made.kvlist_value.SetInParent()
    made.kvlist_value.values.extend(KeyValue(key=key, value=value) for key, value in members.items())
    return made


def _pairs(members: dict[str, AnyValue]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value) for key, value in members.items()]


@st.composite
def requests(draw: st.DrawFn) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    identifier = st.binary(min_size=8, max_size=8).filter(any)
    instant = st.integers(START, START + (1 << 40))
    for _ in range(draw(st.integers(0, 2))):
        resource = request.resource_spans.add()
        resource.resource.attributes.extend(_pairs(draw(attributes)))
        service = draw(texts)
        resource.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value=service)))
        for _ in range(draw(st.integers(0, 2))):
            scope = resource.scope_spans.add()
            scope.scope.name = draw(names)
            for _ in range(draw(st.integers(0, 3))):
                span = scope.spans.add()
                span.trace_id = draw(identifier) * 2
                span.span_id = draw(identifier)
                span.parent_span_id = draw(st.one_of(st.just(b""), identifier))
                span.name = draw(texts)
                span.kind = draw(st.integers(0, 5))  # type: ignore[assignment]
                span.start_time_unix_nano, span.end_time_unix_nano = draw(instant), draw(instant)
                span.attributes.extend(_pairs(draw(attributes)))
                span.status.code = draw(st.integers(0, 2))  # type: ignore[assignment]
                for _ in range(draw(st.integers(0, 2))):
                    event = span.events.add(time_unix_nano=draw(instant), name=draw(texts))
                    event.attributes.extend(_pairs(draw(attributes)))
                for _ in range(draw(st.integers(0, 2))):
                    link = span.links.add(trace_id=draw(identifier) * 2, span_id=draw(identifier))
                    link.attributes.extend(_pairs(draw(attributes)))
    return request


def _plain(value: AnyValue) -> Any:  # noqa: ANN401
    """The value as Python's own types."""
    match value.WhichOneof("value"):
        case "array_value":
            return [_plain(each) for each in value.array_value.values]
        case "kvlist_value":
            return {each.key: _plain(each.value) for each in value.kvlist_value.values}
        case None:
            return None
        case name:
            return getattr(value, name)


def _kept(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return REDACTION.attributes({pair.key: _plain(pair.value) for pair in pairs})


def _expected(request: ExportTraceServiceRequest) -> list[dict[str, Any]]:
    """Every span as its row, worked out from the objects of protobuf, slowly."""
    rows = []
    for resource in request.resource_spans:
        common = _kept(resource.resource.attributes)
        service = common.pop("service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                own = _kept(span.attributes) | ({"resource": common} if common else {})
                events = [
                    {"time_ns": event.time_unix_nano, "name": event.name}
                    | ({"attributes": kept} if (kept := _kept(event.attributes)) else {})
                    for event in span.events
                ]
                links = [
                    {"trace_id": link.trace_id.hex(), "span_id": link.span_id.hex()}
                    | ({"attributes": kept} if (kept := _kept(link.attributes)) else {})
                    for link in span.links
                ]
                rows.append(
                    {
                        "trace_id": span.trace_id,
                        "span_id": span.span_id,
                        "parent_id": span.parent_span_id or None,
                        "start_ns": span.start_time_unix_nano,
                        "end_ns": span.end_time_unix_nano,
                        "kind": span.kind,
                        "status": span.status.code,
                        "service": service or None,
                        "name": span.name or None,
                        "scope": scope.scope.name,
                        "attributes": own or None,
                        "events": events or None,
                        "links": links or None,
                    }
                )
    return rows


def _rows(batches: Iterable[Columns]) -> list[dict[str, Any]]:
    rows = []
    for batch in batches:
        columns = {name: np.ma.filled(values.astype(object), None).tolist() for name, values in batch.items()}
        for place in range(len(batch["span_id"])):
            row = {name: columns[name][place] if name in columns else None for name in TABLES["spans"]}
            for name in ("attributes", "events", "links"):
                told = row[name]
                row[name] = None if told is None else json.loads(told)
            rows.append(row)
    return rows


def _spool(path: Path, *bodies: tuple[int, bytes]) -> Path:
    path.write_bytes(b"".join(HEADER.pack(len(body), kind, 0, 1) + body for kind, body in bodies))
    return path


def _as_json(request: ExportTraceServiceRequest, hexadecimal: bool) -> bytes:
    """OTLP's JSON: protobuf's own mapping, with ids in hex where asked."""
    made = json_format.MessageToDict(request)

    def with_ids(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, list):
            return [with_ids(each) for each in value]
        if isinstance(value, dict):
            return {
                key: base64.b64decode(each).hex()
                if key in ("traceId", "spanId", "parentSpanId") and isinstance(each, str)
                else with_ids(each)
                for key, each in value.items()
            }
        return value

    return json.dumps(with_ids(made) if hexadecimal else made).encode()


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(requests())
def test_every_field_of_protobuf_is_what_the_official_classes_read(
    tmp_path: Path, request_: ExportTraceServiceRequest
) -> None:
    body = request_.SerializeToString()
    expected = _expected(request_)
    assert check(body, PROTOBUF) == (len(expected), None)
    found = _rows(decode_spool(_spool(tmp_path / "spool", (PROTOBUF, body)), REDACTION))
    assert [{name: row[name] for name in expected[0]} for row in found] == expected if expected else not found


@quick
@given(requests(), st.booleans())
def test_every_field_of_json_is_what_the_official_classes_read(
    tmp_path: Path, request_: ExportTraceServiceRequest, hexadecimal: bool
) -> None:
    body = _as_json(request_, hexadecimal)
    expected = _expected(request_)
    assert check(body, JSON) == (len(expected), None)
    found = _rows(decode_spool(_spool(tmp_path / "spool", (JSON, body)), REDACTION))
    assert [{name: row[name] for name in expected[0]} for row in found] == expected if expected else not found


def _request(*attributes: tuple[str, str | int], **fields: Any) -> ExportTraceServiceRequest:  # noqa: ANN401
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(
            trace_id=b"t" * 16, span_id=b"s" * 8, start_time_unix_nano=START, end_time_unix_nano=START + 5, **fields
        )
    )
    for key, value in attributes:
        kept = AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)
        span.attributes.append(KeyValue(key=key, value=kept))
    return request


def _decoded(tmp_path: Path, request: ExportTraceServiceRequest) -> dict[str, Any]:
    (row,) = _rows(decode_spool(_spool(tmp_path / "spool", (PROTOBUF, request.SerializeToString())), REDACTION))
    return row


@pytest.mark.parametrize(
    ("name", "value", "column", "expected"),
    [
        ("http.method", "GET", "http_request_method", "GET"),
        ("http.request.method", "GET", "http_request_method", "GET"),
        ("http.status_code", 503, "http_response_status_code", 503),
        ("http.response.status_code", 503, "http_response_status_code", 503),
        ("http.route", "/p/{id}", "http_route", "/p/{id}"),
        ("http.target", "/p?page=2", "url_path", "/p"),
        ("http.target", "/p?page=2", "url_query", "page=2"),
        ("url.query", "page=2", "url_query", "page=2"),
        ("url.full", "http://bob:pw@shop/p?page=2", "url_path", "/p"),
        ("db.system", "mssql", "db_system_name", "microsoft.sql_server"),
        ("db.statement", "SELECT 5", "db_query_text", "SELECT ?"),
        ("db.query.text", "SELECT 5", "db_query_text", "SELECT ?"),
        ("db.response.returned_rows", 7, "db_response_returned_rows", 7),
        ("net.peer.name", "db", "server_address", "db"),
        ("server.address", "db", "server_address", "db"),
        ("code.filepath", "/a.py", "code_file_path", "/a.py"),
        ("code.file.path", "/a.py", "code_file_path", "/a.py"),
        ("code.lineno", 7, "code_line_number", 7),
        ("code.line.number", 7, "code_line_number", 7),
        ("code.function", "f", "code_function_name", "f"),
        ("code.function.name", "m.f", "code_function_name", "m.f"),
        ("exception.type", "KeyError", "error_type", "KeyError"),
        ("error.type", "KeyError", "error_type", "KeyError"),
        ("thread.id", 1 << 40, "thread_id", 1 << 40),
        ("loadstone.thread_cpu_ns", 99, "thread_cpu_ns", 99),
    ],
)
def test_names_old_and_new_end_in_one_column(
    tmp_path: Path, name: str, value: str | int, column: str, expected: str | int
) -> None:
    row = _decoded(tmp_path, _request((name, value), kind=3))
    assert row[column] == expected
    assert row["attributes"] is None


PLANTED = "hunter2secret"


@pytest.mark.parametrize(
    "name",
    [
        "url.query",
        "db.query.parameter.0",
        "http.request.header.authorization",
        "http.request.header.cookie",
        "http.response.header.x-session",
        "enduser.id",
        "user.email",
        "client.address",
        "app.password",
        "exception.message",
    ],
)
def test_no_secret_comes_through(tmp_path: Path, name: str) -> None:
    row = _decoded(tmp_path, _request((name, f"'{PLANTED}'"), name=f"GET /p?q={PLANTED}"))
    assert PLANTED not in repr(row)


def test_no_secret_comes_through_elsewhere(tmp_path: Path) -> None:
    request = _request(
        ("db.system", "postgresql"),
        ("db.statement", f"SELECT '{PLANTED}' /* {PLANTED} */"),
        ("http.url", f"https://u:{PLANTED}@shop/p?a={PLANTED}#{PLANTED}"),
        ("peer", f"postgresql://u:{PLANTED}@db/shop"),
        name=f"SELECT '{PLANTED}'",
    )
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.status.message = f"no user '{PLANTED}'"
    event = span.events.add(name="exception")
    for key in ("exception.message", "exception.stacktrace"):
        event.attributes.append(KeyValue(key=key, value=AnyValue(string_value=f"KeyError: '{PLANTED}'")))
    link = span.links.add(trace_id=b"t" * 16, span_id=b"s" * 8)
    link.attributes.append(KeyValue(key="http.request.header.cookie", value=AnyValue(string_value=PLANTED)))
    command = KeyValue(key="process.command_args", value=_list([AnyValue(string_value=f"--password={PLANTED}")]))
    request.resource_spans[0].resource.attributes.append(command)
    assert PLANTED not in repr(_decoded(tmp_path, request))


def test_equal_literals_hash_equally_and_parameters_count(tmp_path: Path) -> None:
    def hash_of(statement: str, *parameters: int) -> str:
        pairs = [(f"db.query.parameter.{place}", value) for place, value in enumerate(parameters)]
        found = _decoded(tmp_path, _request(("db.query.text", statement), *pairs))["db_query_parameters_hash"]
        assert isinstance(found, str)
        return found

    assert hash_of("SELECT 5") == REDACTION.statement("SELECT 5")[1] == hash_of("SELECT  5")
    assert hash_of("SELECT ?", 5) == hash_of("SELECT ?", 5) != hash_of("SELECT ?", 6)
    assert _decoded(tmp_path, _request(("db.query.text", "SELECT ?")))["db_query_parameters_hash"] is None


def test_the_columns_fit_the_table(tmp_path: Path) -> None:
    """DuckDB takes a batch as it is, in the table's types."""
    request = _request(("db.statement", "SELECT 5"), ("http.status_code", 200), ("app.x", "y"), name="a", kind=3)
    (batch,) = decode_spool(_spool(tmp_path / "spool", (PROTOBUF, request.SerializeToString())), REDACTION)
    assert set(batch) <= set(TABLES["spans"])
    columns = ", ".join(f'CAST("{name}" AS {TABLES["spans"][name]}) AS "{name}"' for name in batch)
    with duckdb.connect() as connection:
        connection.register("batch", dict(batch))
        (row,) = connection.execute(
            f"SELECT name, kind, http_response_status_code FROM (SELECT {columns} FROM batch)"
        ).fetchall()
    assert row == ("a", 3, 200)


def test_counts_say_what_was_not_decoded(tmp_path: Path) -> None:
    good = _request(name="x" * 20_000).SerializeToString()
    nameless = ExportTraceServiceRequest()
    nameless.resource_spans.add().scope_spans.add().spans.add(trace_id=b"t" * 16)
    path = _spool(
        tmp_path / "spool",
        (PROTOBUF, good),
        (PROTOBUF, b"\xff\xff"),
        (PROTOBUF, nameless.SerializeToString()),
        (JSON, b"{"),
    )
    with path.open("ab") as file:
        file.write(struct.pack("<IBBQ", 500, 0, 0, 1) + b"torn")
    decoding = decode_spool(path, REDACTION)
    assert len(_rows(decoding)) == 1
    counts = decoding.counts
    assert (counts.spans, counts.rejected, counts.clipped, counts.bodies, counts.broken) == (1, 1, 1, 4, 2)
    assert counts.first_error is not None
    assert list(decoding) == []


def test_check_says_what_is_wrong_with_a_body() -> None:
    assert check(b"", PROTOBUF) == (0, None)
    assert check(b"{}", JSON) == (0, None)
    for body, kind in [
        (b"<html>", PROTOBUF),
        (b"<html>", JSON),
        (b'{"resourceSpans":5}', JSON),
        (b"\x0a\x05a", PROTOBUF),
    ]:
        spans, wrong = check(body, kind)
        assert spans == 0
        assert wrong is not None
        assert wrong.startswith("byte ")
    assert check(b"", 7)[1] is not None


def test_a_spool_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be read"):
        decode_spool(tmp_path / "none", REDACTION)
    garbage = tmp_path / "garbage"
    garbage.write_bytes(bytes([255] * 40))
    with pytest.raises(EvidenceError, match="byte 0"):
        list(decode_spool(garbage, REDACTION))


def test_a_file_object_is_read_as_a_stream_and_its_relations_are_found_first(tmp_path: Path) -> None:
    spans = [
        {"traceId": "1", "spanId": "a", "kind": 3, "startTimeUnixNano": START, "endTimeUnixNano": START + 9},
        {"traceId": "1", "spanId": "b", "parentSpanId": "a", "kind": 2, "startTimeUnixNano": START + 1},
        {"traceId": "1", "spanId": "c", "parentSpanId": "c", "startTimeUnixNano": START},
        {"traceId": "1", "spanId": "d", "parentSpanId": "99", "startTimeUnixNano": str(START)},
        {"traceId": "1", "spanId": "e", "parentSpanId": "b", "startTimeUnixNano": START},
    ]
    path = tmp_path / "spans.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()))
    with gzip.open(path) as first, gzip.open(path) as second:
        decoding = Decoding("otlp json", [first, second], REDACTION)
        found = _rows(decoding)
    assert [row["parent_id"] and row["parent_id"][-1] for row in found] == [None, 10, None, 0x99, 11]
    assert decoding.counts == Decoded(spans=5, bodies=1, traces=1, orphans=1, cycles=1, skewed=1)


def test_a_file_object_that_fails_is_said() -> None:
    class Failing:
        def read(self, size: int, /) -> bytes:
            raise OSError("the disk is gone")

    with pytest.raises(SpecError, match="the disk is gone"):
        list(Decoding("otlp json", [Failing()], REDACTION))
