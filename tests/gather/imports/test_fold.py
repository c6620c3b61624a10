"""Attributes into columns: old names and new, addresses, statements, errors; and that nothing private stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadstone.gather.imports.masking import TEXT_BYTES
from loadstone.model.redaction import Redaction
from tests.gather.imports.reading import REDACTION, otlp, read, rows, span, write


def value(plain: object) -> dict[str, object]:
    if isinstance(plain, bool):
        return {"boolValue": plain}
    if isinstance(plain, int):
        return {"intValue": str(plain)}
    return {"stringValue": plain}


def folded(tmp_path: Path, attributes: Mapping[str, object], kind: int = 3) -> dict[str, Any]:
    told = [{"key": key, "value": value(plain)} for key, plain in attributes.items()]
    (row,) = rows(tmp_path, otlp(span(kind=kind, attributes=told)))
    plain = ("trace_id", "span_id", "start_ns", "end_ns", "kind", "name", "scope", "status")
    return {name: cell for name, cell in row.items() if name not in plain or (name == "status" and cell)}


@pytest.mark.parametrize(
    ("attributes", "cells"),
    [
        ({"http.method": "GET"}, {"http_request_method": "GET"}),
        ({"http.request.method": "GET", "http.method": "get"}, {"http_request_method": "GET"}),
        ({"http.method": "get", "http.request.method": "GET"}, {"http_request_method": "GET"}),
        ({"http.status_code": 404}, {"http_response_status_code": 404}),
        ({"http.response.status_code": "404"}, {"http_response_status_code": 404}),
        ({"http.status_code": "none"}, {"attributes": {"http.status_code": "none"}}),
        ({"http.route": "/items/{id}"}, {"http_route": "/items/{id}"}),
        ({"url.path": "/items"}, {"url_path": "/items"}),
        ({"http.url": "http://cart:80/items"}, {"url_path": "/items", "server_address": "cart"}),
        ({"http.url": "http://cart"}, {"url_path": "/", "server_address": "cart"}),
        ({"http.url": "http://[::1]:80/x"}, {"url_path": "/x", "server_address": "::1"}),
        (
            {"url.full": "http://cart/old", "url.path": "/new", "server.address": "mine"},
            {"url_path": "/new", "server_address": "mine"},
        ),
        ({"db.system": "mssql"}, {"db_system_name": "microsoft.sql_server"}),
        ({"db.system.name": "postgresql", "db.system": "other_sql"}, {"db_system_name": "postgresql"}),
        ({"db.response.returned_rows": 12}, {"db_response_returned_rows": 12}),
        ({"net.peer.name": "db.local"}, {"server_address": "db.local"}),
        ({"net.peer.name": "db.old", "server.address": "db.local"}, {"server_address": "db.local"}),
        ({"code.filepath": "a.py", "code.lineno": 7}, {"code_file_path": "a.py", "code_line_number": 7}),
        ({"code.file.path": "a.py", "code.line.number": 7}, {"code_file_path": "a.py", "code_line_number": 7}),
        ({"code.function": "load", "code.namespace": "shop.items"}, {"code_function_name": "shop.items.load"}),
        ({"code.function.name": "shop.load"}, {"code_function_name": "shop.load"}),
        ({"thread.id": 77}, {"thread_id": 77}),
        ({"exception.type": "KeyError"}, {"error_type": "KeyError"}),
        ({"error.type": "500", "exception.type": "KeyError"}, {"error_type": "500"}),
        ({"error": True}, {"status": 2}),
        ({"error": "false"}, {}),
        ({"process.pid": 5}, {"process_pid": 5}),
        ({"loadstone.thread_cpu_ns": 5}, {"thread_cpu_ns": 5}),
        ({"app.tenant": "blue", "app.count": 3}, {"attributes": {"app.tenant": "blue", "app.count": 3}}),
    ],
)  # fmt: skip
def test_an_attribute_in_its_column(tmp_path: Path, attributes: dict[str, object], cells: dict[str, object]) -> None:
    assert folded(tmp_path, attributes) == cells


def test_the_other_side_of_a_server_is_no_server(tmp_path: Path) -> None:
    assert folded(tmp_path, {"net.peer.name": "10.0.0.9", "net.host.name": "shop"}, kind=2) == {
        "server_address": "shop",
        "attributes": {"net.peer.name": REDACTION.value("10.0.0.9")},
    }


@pytest.mark.parametrize("name", ["db.statement", "db.query.text"])
def test_statements_are_masked_and_told_apart(tmp_path: Path, name: str) -> None:
    texts = [f"SELECT * FROM users WHERE name = '{who}'" for who in ("ann", "bob", "ann")]
    found = [folded(tmp_path, {name: text, "db.system": "postgresql"}) for text in texts]
    assert {row["db_query_text"] for row in found} == {"SELECT * FROM users WHERE name = ?"}
    hashes = [row["db_query_parameters_hash"] for row in found]
    assert hashes[0] == hashes[2] != hashes[1]
    assert hashes[0] == REDACTION.statement(texts[0], "postgresql")[1]


def test_parameters_tell_statements_apart(tmp_path: Path) -> None:
    hashes = []
    for who in ("ann", "bob", "ann"):
        row = folded(tmp_path, {"db.query.text": "SELECT a FROM b WHERE c = $1", "db.query.parameter.0": who})
        assert row.keys() == {"db_query_text", "db_query_parameters_hash"}
        hashes.append(row["db_query_parameters_hash"])
    assert hashes[0] == hashes[2] != hashes[1]
    assert len(hashes[0]) == 16


def test_the_new_name_of_a_statement_wins(tmp_path: Path) -> None:
    row = folded(tmp_path, {"db.query.text": "SELECT 1", "db.statement": "SELECT old"})
    assert row["db_query_text"] == "SELECT ?"


@pytest.mark.parametrize("end", ["...", "…", "'ann", ""])
def test_a_statement_that_was_cut_short(tmp_path: Path, end: str) -> None:
    text = f"SELECT * FROM users WHERE id IN (1, 2, {end}" if end else f"SELECT '{'x' * TEXT_BYTES}' FROM users"
    told = [{"key": "db.statement", "value": value(text)}]
    (row,), notes = read(write(tmp_path, otlp(span(attributes=told))))
    assert "ann" not in row["db_query_text"]
    assert "1" not in row["db_query_text"]
    if end in ("...", "…"):
        assert row["db_query_text"].endswith(end)
        assert "1 statement was cut short: their ends are unknown." in notes
    elif not end:
        assert any("over 16 KiB" in note for note in notes)


def test_huge_values_are_clipped_and_counted(tmp_path: Path) -> None:
    told = [{"key": "app.text", "value": value("é" * TEXT_BYTES)}]
    told += [{"key": f"app.{number}", "value": value(1)} for number in range(1100)]
    (row,), notes = read(write(tmp_path, otlp(span(attributes=told))))
    assert row["attributes"]["app.text"] == "é" * (TEXT_BYTES // 2)
    assert len(row["attributes"]) == 1024
    assert f"{1 + 1101 - 1024} values over 16 KiB or beyond a span's limits were cut." in notes


def test_queries_keep_their_names_alone(tmp_path: Path) -> None:
    for attributes in (
        {"http.target": "/items?q=ann&page=2"},
        {"url.path": "/items", "url.query": "q=ann&page=2"},
        {"http.url": "https://ann:pw@cart/items?q=ann&page=2#ann"},
    ):
        row = folded(tmp_path, attributes)
        assert row["url_path"] == "/items"
        assert row["url_query"] == REDACTION.query("q=ann&page=2")
        assert "ann" not in json.dumps(row)
    shown = Redaction("0" * 32, show=frozenset({"page"}))
    told = [{"key": "url.query", "value": value("q=ann&page=2")}]
    ((row,), _) = read(write(tmp_path, otlp(span(attributes=told))), shown)
    assert row["url_query"].endswith("&page=2")


SECRET = "zanzibar"
PLACES = [
    "url.query", "http.url", "http.target", "db.statement", "db.query.text", "db.query.parameter.x",
    "exception.message", "http.request.header.cookie", "http.request.header.authorization", "enduser.id",
    "user.email", "db.connection_string", "exception.stacktrace", "otel.status_description", "error.message",
    "db.statement.parameters", "app.password",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("where", ["span", "event", "link", "resource", "status", "name", "error"])
def test_no_secret_stays_wherever_it_stands(tmp_path: Path, place: str, where: str) -> None:
    texts = {
        "url.query": f"a={SECRET}",
        "http.url": f"http://x/p?a={SECRET}",
        "http.target": f"/p?a={SECRET}",
        "db.connection_string": f"postgresql://u:{SECRET}@h/d",
    }
    text = texts.get(place, f"SELECT '{SECRET}'")
    told = [{"key": place, "value": value(text)}]
    made = span(kind=3)
    resource: dict[str, object] = {}
    if where == "span":
        made["attributes"] = told
    elif where == "event":
        made["events"] = [{"timeUnixNano": 1, "name": "x", "attributes": told}]
    elif where == "link":
        made["links"] = [{"traceId": "1", "spanId": "1", "attributes": told}]
    elif where == "resource":
        resource = {place: text}
    elif where == "status":
        made["status"] = {"code": 2, "message": f"no user '{SECRET}'"}
    elif where == "name":
        made["attributes"] = [{"key": "db.system", "value": value("postgresql")}]
        made["name"] = f"SELECT * FROM users WHERE name = '{SECRET}'"
    else:
        made["attributes"] = [{"key": "error", "value": value(f"no user '{SECRET}'")}]
    (row,) = rows(tmp_path, otlp(made, resource=resource))
    assert SECRET not in json.dumps(row, default=str)


def test_names_that_hold_addresses_and_statements(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, otlp(span(name="GET /items?q=ann")))
    assert row["name"] == f"GET /items?{REDACTION.query('q=ann')}"
    (row,) = rows(tmp_path, otlp(span(name="GET https://ann:pw@cart/items?q=ann")))
    assert "ann" not in row["name"]
    (row,) = rows(tmp_path, otlp(span(name="load item 7")))
    assert row["name"] == "load item 7"


def test_what_is_not_utf_8_is_mended_and_told(tmp_path: Path) -> None:
    data = json.dumps(otlp(span(name="caf\u00e9")), ensure_ascii=False).encode("latin-1")
    (row,), notes = read(write(tmp_path, data))
    assert row["name"] == "caf\ufffd"
    assert notes == ("1 object had texts that are not Unicode; these were mended.",)
    (row,), _ = read(write(tmp_path, json.dumps(otlp(span(name="x\ud800y")))))
    assert row["name"] == "x\ufffdy"


def test_unknown_fields_are_passed_over_and_named(tmp_path: Path) -> None:
    _, notes = read(write(tmp_path, otlp(span(colour="red", droppedAttributesCount=1))))
    assert notes == ("Fields that the format does not have were passed over: colour.",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [*PLACES, "error", "db.system", "code.namespace", "code.function", "thread.id", "net.peer.name"]
        ),
        st.one_of(st.text(max_size=30), st.integers(-(2**63), 2**63 - 1), st.booleans()),
        max_size=6,
    ),
    st.integers(0, 5),
)
def test_any_values_make_a_row(tmp_path: Path, attributes: dict[str, object], kind: int) -> None:
    folded(tmp_path, attributes, kind)
