"""The verbs of evidence: what they print, what they refuse, and what is left in the archive."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Command

OTLP = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
            "scopeSpans": [
                {
                    "scope": {"name": "by hand"},
                    "spans": [
                        {
                            "traceId": "0af7651916cd43dd8448eb211c80319c",
                            "spanId": "b7ad6b7169203331",
                            "name": "GET /items",
                            "kind": 2,
                            "startTimeUnixNano": "1700000000000000000",
                            "endTimeUnixNano": "1700000000300000000",
                            "attributes": [{"key": "url.query", "value": {"stringValue": "mail=a@example.com&page=2"}}],
                        },
                        {
                            "traceId": "0af7651916cd43dd8448eb211c80319c",
                            "spanId": "00f067aa0ba902b7",
                            "parentSpanId": "b7ad6b7169203331",
                            "name": "SELECT",
                            "kind": 3,
                            "startTimeUnixNano": "1700000000100000000",
                            "endTimeUnixNano": "1700000000200000000",
                            "attributes": [
                                {"key": "db.system", "value": {"stringValue": "postgresql"}},
                                {
                                    "key": "db.statement",
                                    "value": {"stringValue": "SELECT * FROM t WHERE mail = 'a@b.c'"},
                                },
                            ],
                        },
                    ],
                }
            ],
        }
    ]
}

WITHOUT = [word for name in ("traces", "recorder", "profile", "sqlite") for word in ("--without", name)]


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """An export of OpenTelemetry as JSON."""
    path = tmp_path / "traces.json"
    path.write_text(json.dumps(OTLP))
    return path


def test_an_observed_run_follows_the_bare_one(loadstone: Command) -> None:
    words = ("run", "http://127.0.0.1:9/items", "--rate", "50/s", "--for", "5s", "--evidence", *WITHOUT, "--seed", "3")
    told = loadstone(*words)
    assert told.code == 0, told.err
    assert "observer's cost" in told.out
    assert "next    loadstone diagnose last" in told.out
    rows = json.loads(loadstone("sql", "SELECT run, observed, side, seed FROM runs", "--json").out)
    assert [row["seed"] for row in rows] == [3, 3]
    bare, observed = (next(row for row in rows if row["side"] == side) for side in (None, "observed"))
    assert bare["observed"] == observed["run"]
    evidence = json.loads(loadstone("evidence", "--json").out)
    assert evidence["run"] == observed["run"]
    assert evidence["rows"]["host"] > 0
    assert json.loads(loadstone("show", "--json").out)["run"] == bare["run"]


def test_options_of_evidence_need_it(loadstone: Command) -> None:
    told = loadstone("run", "http://127.0.0.1:9/items", "--without", "host")
    assert (told.code, told.out) == (2, "")
    assert "go with --evidence" in told.err


def test_an_unknown_collector_is_named_with_those_there_are(loadstone: Command) -> None:
    told = loadstone("run", "http://127.0.0.1:9/", "--rate", "5/s", "--evidence", "--without", "magic")
    assert told.code == 2
    assert 'no collector "magic"; there are traces, recorder, profile, postgres, sqlite, host' in told.err


def test_a_dsn_that_the_environment_lacks(loadstone: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_DSN", raising=False)
    told = loadstone("gather", "--for", "1s", "--dsn", "{env.NO_SUCH_DSN}")
    assert (told.code, told.err) == (2, "the environment variable is not set: NO_SUCH_DSN, which the dsn names\n")


def test_gather_keeps_what_it_saw_and_show_tells_it(loadstone: Command) -> None:
    words = ("gather", "--for", "1s", "--pid", str(os.getpid()), *WITHOUT, "--label", "why=test", "--json")
    told = loadstone(*words)
    assert told.code == 0, told.err
    evidence = json.loads(told.out)
    assert (evidence["kind"], evidence["status"]) == ("gather", "complete")
    assert evidence["rows"]["host"] > 0
    assert loadstone("show", "last").out == loadstone("evidence", "last").out
    page = json.loads(loadstone("report", "last", "--json").out)
    assert page["headline"] == "Values of the machine were gathered."
    assert page["evidence"]["host"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--pid", "999999999"), "there is no process 999999999"),
        (("--url", "nowhere"), 'did you mean "http://nowhere"?'),
        (("--url", "http://127.0.0.1:1"), "nothing listens at 127.0.0.1:1; start the service"),
    ],
)
def test_a_service_that_is_not_there(loadstone: Command, words: tuple[str, ...], says: str) -> None:
    told = loadstone("gather", "--for", "1s", *words)
    assert told.code == 2
    assert says in told.err
    assert not Path(".loadstone").exists()


@pytest.mark.parametrize("zipped", [False, True])
def test_traces_are_imported_masked(loadstone: Command, traces: Path, zipped: bool) -> None:
    if zipped:
        traces = Path(str(traces) + ".gz")
        traces.write_bytes(gzip.compress(json.dumps(OTLP).encode()))
    told = loadstone("import", str(traces), "--show", "page", "--json")
    assert told.code == 0, told.err
    evidence = json.loads(told.out)
    assert (evidence["kind"], evidence["rows"]["spans"], evidence["services"]) == ("import", 2, ["shop"])
    rows = json.loads(loadstone("sql", "SELECT * FROM spans ORDER BY start_ns", "--json").out)
    assert [row["db_query_text"] for row in rows] == [None, "SELECT * FROM t WHERE mail = ?"]
    assert rows[0]["url_query"].startswith("mail=#")
    assert rows[0]["url_query"].endswith("&page=2")
    assert rows[0]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    page = json.loads(loadstone("report", "last", "--json").out)
    assert page["headline"] == "2 spans were imported."
    assert [span["name"] for span in page["evidence"]["drawn"][0]["spans"]] == ["GET /items", "SELECT"]


def test_what_cannot_be_imported_leaves_no_run(loadstone: Command, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html><p>not found")
    for name in ("page.html", "nothing.json"):
        told = loadstone("import", name)
        assert told.code == 2
        assert name in told.err
    assert json.loads(loadstone("runs", "--json").out) == []


def test_stacks_go_in_and_come_out(loadstone: Command, tmp_path: Path) -> None:
    (tmp_path / "stacks.txt").write_text("main;work;hot 7\nmain;work;cold 3\n")
    assert loadstone("import", "stacks.txt").code == 0
    assert loadstone("export", "--format", "collapsed", "-o", "out.txt").out == "out.txt\n"
    assert sorted((tmp_path / "out.txt").read_text().split()) == ["3", "7", "main;work;cold", "main;work;hot"]
    assert loadstone("export", "--format", "speedscope", "-o", "out.json").code == 0
    assert json.loads((tmp_path / "out.json").read_text())["shared"]["frames"]
    told = loadstone("export", "--state", "gil", "-o", "none.txt")
    assert told.code == 2
    assert "has no stacks of the state gil" in told.err
    assert not (tmp_path / "none.txt").exists()


def test_a_run_without_evidence_says_how_to_get_some(loadstone: Command) -> None:
    assert loadstone("run", "http://127.0.0.1:9/items", "--rate", "50/s", "--for", "1s", "--no-report").code == 0
    for verb in ("evidence", "export"):
        told = loadstone(verb)
        assert told.code == 2
        assert "has no evidence" in told.err
        assert "loadstone run --evidence" in told.err


def test_the_doctor_looks_and_changes_nothing(loadstone: Command) -> None:
    told = json.loads(loadstone("doctor", "--pid", str(os.getpid()), "--json").out)
    sources = {source["name"]: source for source in told["sources"]}
    assert set(sources) >= {"recorder", "traces", "profile", "perf", "memory", "postgres", "sqlite", "host", "cgroup"}
    assert sources["recorder"]["state"] == "missing"  # this process was not started by Loadstone
    assert sources["recorder"]["advice"]
    assert told["processes"] == [os.getpid()] or os.getpid() in told["processes"]
    assert "get it:" in loadstone("doctor").out
    assert not Path(".loadstone").exists()


def test_the_doctor_keeps_a_password_to_itself(loadstone: Command) -> None:
    told = loadstone("doctor", "--dsn", "postgresql://shop:hunter2@127.0.0.1:1/shop")
    assert told.code == 0
    assert "no connection" in told.out.lower().replace("\n           ", " ")
    assert "hunter2" not in told.out + told.err
