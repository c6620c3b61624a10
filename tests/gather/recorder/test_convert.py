"""The spool as tables: OpenTelemetry's terms, masked texts, and every column as the model has it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.gather.recorder.collector import INJECT, Recorder
from loadstone.gather.recorder.convert import Counts, _summary
from loadstone.model.evidence import KINDS, STATUSES, TABLES
from loadstone.model.redaction import Redaction
from tests.gather.recorder.serving import KEY, TRACE, rows, run

PROGRAM = f"""
import gc, sys
from _loadstone_recorder import core, server
sql = core.operation("acme", "client", "acmedb")
web = core.operation("web", "client")
named = core.operation("queue", "producer", "acmeq", "send order")
come_in = core.operation("wsgi", "server")
gc.disable(); gc.collect()
request = server.Request(come_in, "00-{TRACE}-00f067aa0ba902b7-01", True)
request.method, request.path, request.query = "GET", "/items/7", "token=hunter2&page=3"
server.routed("/items/<id>")
ask = "select a from shop.item where id = 'hunter2' and x = %s"
core.end(sql, core.begin(), ask, ("hunter2",), rows=3, server="db:5432")
core.end(sql, core.begin(), "select 1", error=KeyError("hunter2"))
span = core.enter(web)
told = span.traceparent()
core.leave(span, http_status=204, method="POST", path="/pay", query="card=hunter2", server="pay:443")
core.end(named, core.begin(), attributes=repr({{"messaging.destination.name": "orders", "n": 1}}))
gc.collect()
request.begin(200)
request.end()
core.end(sql, core.begin(), "commit")
print(told)
"""


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Gathered, Recorder, str]:
    folder = tmp_path_factory.mktemp("convert") / "shop"
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM)
    recorder, told = run([sys.executable, "program.py"], folder, {"OTEL_SERVICE_NAME": ""})
    return recorder.close(), recorder, told


@pytest.fixture(scope="module")
def spans(gathered: tuple[Gathered, Recorder, str]) -> list[dict[str, Any]]:
    return rows(gathered[0])


def _one(spans: list[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    (found,) = [row for row in spans if all(row[name] == value for name, value in wanted.items())]
    return found


def test_the_columns_are_the_models(gathered: tuple[Gathered, Recorder, str]) -> None:
    for table in ("spans", "waits"):
        for batch in gathered[1].close().tables[table]:
            assert set(batch) <= set(TABLES[table])
            for name, values in batch.items():
                kind = TABLES[table][name]
                assert (values.dtype == object) == (kind in ("VARCHAR", "BLOB")), name
                if values.dtype == object:
                    expected = str if kind == "VARCHAR" else bytes
                    assert {type(value) for value in values} <= {expected, type(None)}, name


def test_a_request_is_a_servers_span(spans: list[dict[str, Any]]) -> None:
    request = _one(spans, scope="wsgi")
    assert KINDS[request["kind"]] == "server"
    assert STATUSES[request["status"]] == "unset"
    assert request["name"] == "GET /items/<id>"
    assert request["trace_id"].hex() == TRACE
    assert request["parent_id"].hex() == "00f067aa0ba902b7"
    assert request["http_request_method"] == "GET"
    assert request["http_route"] == "/items/<id>"
    assert request["url_path"] == "/items/7"
    assert request["http_response_status_code"] == 200
    assert 0 < request["thread_cpu_ns"] <= request["end_ns"] - request["start_ns"]
    assert request["service"] == "shop"  # the directory that it runs in


def test_statements_are_masked_and_their_parameters_hashed(spans: list[dict[str, Any]]) -> None:
    request = _one(spans, scope="wsgi")
    select = _one(spans, name="SELECT shop.item")
    assert select["parent_id"] == request["span_id"]
    assert select["trace_id"] == request["trace_id"]
    assert request["start_ns"] <= select["start_ns"] <= select["end_ns"] <= request["end_ns"]
    assert select["db_system_name"] == "acmedb"
    assert "%s" not in select["db_query_text"]
    assert len(select["db_query_parameters_hash"]) == 16
    assert select["db_response_returned_rows"] == 3
    assert select["server_address"] == "db:5432"
    assert Path(select["code_file_path"]).name == "program.py"
    assert (select["code_line_number"], select["code_function_name"]) == (13, "<module>")
    commit = _one(spans, name="COMMIT")
    assert commit["parent_id"] is None
    assert commit["trace_id"].hex() != TRACE
    assert commit["db_query_parameters_hash"] is None
    assert commit["http_response_status_code"] is None


def test_a_failure_has_its_type(spans: list[dict[str, Any]]) -> None:
    failed = _one(spans, error_type="KeyError")
    assert STATUSES[failed["status"]] == "error"


def test_a_call_out_is_named_to_the_other_side(
    spans: list[dict[str, Any]], gathered: tuple[Gathered, Recorder, str]
) -> None:
    call = _one(spans, scope="web")
    assert gathered[2].strip() == f"00-{TRACE}-{call['span_id'].hex()}-01"
    assert (call["name"], call["http_response_status_code"], call["url_path"]) == ("POST", 204, "/pay")
    assert KINDS[call["kind"]] == "client"


def test_other_attributes_are_kept_by_their_names(spans: list[dict[str, Any]]) -> None:
    sent = _one(spans, scope="queue")
    assert (sent["name"], KINDS[sent["kind"]]) == ("send order", "producer")
    assert set(json.loads(sent["attributes"])) == {"messaging.destination.name", "n"}


def test_no_value_is_readable(gathered: tuple[Gathered, Recorder, str], spans: list[dict[str, Any]]) -> None:
    assert "hunter2" not in repr(spans)
    assert "hunter2" not in repr(gathered[0].coverage)
    request = _one(spans, scope="wsgi")
    assert request["url_query"].startswith("token=")
    assert "&page=" in request["url_query"]


def test_pauses_of_the_collector_are_waits(
    gathered: tuple[Gathered, Recorder, str], spans: list[dict[str, Any]]
) -> None:
    pauses = rows(gathered[1].close(), "waits")
    request = _one(spans, scope="wsgi")
    (within,) = [row for row in pauses if row["span_id"] == request["span_id"]]
    assert (within["kind"], within["name"]) == ("gc", "generation 2")
    assert within["trace_id"].hex() == TRACE
    assert within["duration_ns"] > 0
    assert any(row["span_id"] is None and row["trace_id"] is None for row in pauses)


def test_the_counts_are_told(gathered: tuple[Gathered, Recorder, str], spans: list[dict[str, Any]]) -> None:
    recorder = gathered[1]
    recorder.counts = Counts()
    again = recorder.close()
    assert len(rows(again)) == len(spans) == recorder.counts.spans
    assert recorder.counts.torn == recorder.counts.lost == recorder.counts.unreadable_texts == 0


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ('SELECT "a"."id" FROM "shop_item" WHERE x = ?', "SELECT shop_item"),
        ("insert into `items` values (?)", "INSERT items"),
        ("UPDATE public.item SET a = ?", "UPDATE public.item"),
        ("delete from item", "DELETE item"),
        ("( SELECT ? )", "SELECT"),
        ("BEGIN", "BEGIN"),
        ("?", ""),
        ("", ""),
    ],
)
def test_a_statement_is_summed_up_by_verb_and_table(statement: str, name: str) -> None:
    assert _summary(statement) == name


def test_what_is_added_to_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    scene = Scene(tmp_path, Redaction(KEY), set, 1)
    start = Recorder().prepare(scene, Start(("python",), {"A": "b"}))
    assert start is not None
    assert start.argv == ("python",)
    assert start.env["A"] == "b"
    assert start.env["PYTHONPATH"] == str(INJECT), "an empty part would put the working directory on the path"
    assert KEY not in "".join(start.env.values()), "the run's key stays here"
    monkeypatch.setenv("PYTHONPATH", "/mine")
    again = Recorder().prepare(scene, Start((), {}))
    assert again is not None
    assert again.env["PYTHONPATH"] == f"{INJECT}:/mine"
    assert Recorder().prepare(scene, None) is None


def test_without_a_service_of_ours_it_says_that_nothing_was_loaded(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.prepare(Scene(tmp_path, Redaction(KEY), set, 1), None)
    gathered = recorder.close()
    assert [each.kind for each in gathered.missing] == ["recorder"]
    assert list(gathered.tables["spans"]) == []


def test_batches_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("""
from _loadstone_recorder import core
sql = core.operation("acme", "client", "acmedb")
for number in range(70_000):
    core.end(sql, core.begin(), "select 1")
""")
    recorder, _ = run([sys.executable, "program.py"], tmp_path)
    sizes = [len(batch["span_id"]) for batch in recorder.close().tables["spans"]]
    assert sum(sizes) == 70_000
    assert max(sizes) <= 65_536
    assert np.all(np.array(sizes) > 0)
