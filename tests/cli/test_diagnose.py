"""``loadstone diagnose`` and ``faults`` at the command line: exported traces, an observed run, and what is mistyped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadstone.diagnose.faults import FAULTS
from tests.cli.conftest import Command

STATEMENT = "SELECT name FROM author WHERE id = $1"


def _span(trace: int, number: int, name: str, kind: int, start_ns: int, takes_ns: int) -> dict[str, object]:
    return {
        "traceId": f"{trace + 1:032x}",
        "spanId": f"{(trace << 8) + number:016x}",
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(start_ns + takes_ns),
    }


def exported(path: Path, rows: int) -> Path:
    """OTLP JSON of forty requests, each of which asks for its rows one by one."""
    spans = []
    for trace in range(40):
        start = 1_795_521_600_000_000_000 + trace * 1_000_000_000
        root = _span(trace, 1, "GET /shelf", 2, start, (rows * 2 + 5) * 1_000_000)
        spans.append(root)
        for row in range(rows):
            child = _span(trace, row + 2, "SELECT author", 3, start + (row * 2 + 1) * 1_000_000, 1_900_000)
            told = {"db.system.name": "postgresql", "db.query.text": STATEMENT}
            attributes = [{"key": key, "value": {"stringValue": value}} for key, value in told.items()]
            spans.append(child | {"parentSpanId": root["spanId"], "attributes": attributes})
    service = {"attributes": [{"key": "service.name", "value": {"stringValue": "library"}}]}
    path.write_text(json.dumps({"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": spans}]}]}))
    return path


def test_exported_traces_are_diagnosed_without_a_run(loadstone: Command, tmp_path: Path) -> None:
    path = exported(tmp_path / "traces.json", rows=30)
    told = loadstone("diagnose", str(path), "--archive", str(tmp_path / "archive"))
    assert told.code == 0
    assert told.out.startswith("N+1 statements: 30 a request")
    assert "at least" in told.out
    assert "could not look for" in told.out
    found = json.loads(loadstone("diagnose", "last", "--json", "--archive", str(tmp_path / "archive")).out)
    assert found["findings"][0]["fault"] == "n-plus-one"
    assert found["findings"][0]["locus"]["service"] == "library"
    assert found["findings"][0]["evidence"]["for"]
    (run,) = (tmp_path / "archive" / "runs").iterdir()
    assert json.loads((run / "findings.json").read_text()) == found
    assert "n-plus-one" in (run / "report.html").read_text()


def test_nothing_wrong_is_said_plainly(loadstone: Command, tmp_path: Path) -> None:
    path = exported(tmp_path / "traces.json", rows=1)
    told = loadstone("diagnose", str(path), "--archive", str(tmp_path / "archive"))
    assert told.code == 0
    assert told.out.startswith("Nothing here: none of ")


def test_markdown_is_ten_lines_before_the_fold(loadstone: Command, tmp_path: Path) -> None:
    path = exported(tmp_path / "traces.json", rows=30)
    told = loadstone("diagnose", str(path), "--markdown", "--archive", str(tmp_path / "archive"))
    assert told.code == 0
    assert len(told.out.split("<details>")[0].strip().splitlines()) <= 10


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("diagnose", "nowhere"), 'no run "nowhere"'),
        (("diagnose", "one", "two"), "there is no file one"),
        (("diagnose", "last", "--json", "--markdown"), "--json or --markdown, not both"),
        (("diagnose", "last", "--for", "5s"), "go with --probe"),
        (("diagnose", "last", "--probe", "rate"), "--probe drives what the spec says"),
        (("diagnose", "--probe", "rate=fast", "--spec", "loadstone.toml"), "is no factor to probe"),
        (("faults", "n-plus-on"), 'no fault "n-plus-on"; did you mean "n-plus-one"?'),
    ],
)
def test_what_is_mistyped_is_told(loadstone: Command, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    told = loadstone(*arguments, *(("--archive", str(tmp_path)) if arguments[0] == "diagnose" else ()))
    assert told.code == 2
    assert says in told.err


def test_a_file_that_is_no_trace_leaves_no_run(loadstone: Command, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing to see")
    told = loadstone("diagnose", str(path), "--archive", str(tmp_path / "archive"))
    assert told.code == 2
    assert "notes.txt" in told.err
    assert not list((tmp_path / "archive").glob("runs/*"))


def test_every_fault_has_its_page(loadstone: Command) -> None:
    listed = loadstone("faults").out
    assert all(code in listed for code in FAULTS)
    page = loadstone("faults", "missing-index").out
    assert "When it is wrong" in page
    assert [one["code"] for one in json.loads(loadstone("faults", "--json").out)] == list(FAULTS)
