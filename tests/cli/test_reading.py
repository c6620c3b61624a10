"""The verbs that read the archive: runs, show, report, sql; and what they say when it has nothing for them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from loadstone.archive import RunWriter, find
from loadstone.model.run import Manifest, Summary
from loadstone.model.run_view import RunView
from tests.archive.made import interval, manifest
from tests.cli.conftest import Command

RUN = ("run", "http://127.0.0.1:8000/items", "--rate", "50/s", "--for", "5s", "-q", "--no-report")


def test_an_empty_archive_says_how_to_make_a_run(loadstone: Command) -> None:
    told = loadstone("runs")
    assert (told.code, told.out) == (0, "")
    assert "loadstone run URL" in told.err
    for verb in ("show", "report"):
        told = loadstone(verb)
        assert told.code == 2
        assert told.err == "no run in .loadstone; make one with: loadstone run URL --rate 50/s --for 30s\n"
    assert json.loads(loadstone("runs", "--json").out) == []


def test_runs_are_listed_newest_first(loadstone: Command) -> None:
    for _ in range(3):
        loadstone(*RUN)
    told = loadstone("runs")
    assert [line.split()[0] for line in told.out.splitlines()[1:]] == find().ids()
    listed = msgspec.json.decode(loadstone("runs", "--json").out, type=tuple[Manifest, ...])
    assert [each.run for each in listed] == find().ids()


def test_a_run_of_another_format_is_named_and_the_others_are_listed(loadstone: Command) -> None:
    loadstone(*RUN)
    loadstone(*RUN)
    path = find().resolve("last").directory / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 9', 1))
    told = loadstone("runs")
    assert told.code == 0
    assert "format 9" in told.err
    assert len(told.out.splitlines()) == 2
    assert loadstone("show", "last").code == 2


def test_show_repeats_the_result(loadstone: Command) -> None:
    ended = loadstone(*RUN).out
    run = find().resolve("last")
    for reference in ("last", run.id, run.id[-4:], str(run.directory)):
        told = loadstone("show", reference)
        assert told.code == 0
        assert f"run {run.id}\n" in told.out
        assert ended in told.out
    assert msgspec.json.decode(loadstone("show", "--json").out, type=Summary) == run.manifest.summary


def test_a_crashed_run_shows_what_there_is(loadstone: Command) -> None:
    loadstone(*RUN)
    plan = find().resolve("last").text("plan.json") or ""
    writer = RunWriter(find(), manifest())
    writer.write("plan.json", plan.encode())
    writer.add(interval(1.0))
    writer.update(pid=2**22 + 1, pid_start_ticks=1)
    told = msgspec.json.decode(loadstone("show", writer.run, "--json").out, type=Summary)
    assert told.status == "crashed"
    assert told.requests == 40


def test_what_is_kept_can_be_asked_in_sql(loadstone: Command) -> None:
    loadstone(*RUN)
    run = find().resolve("last").id
    told = loadstone("sql", "SELECT run, 1.5 AS x, NULL AS n FROM runs")
    assert told.out.splitlines()[1].split() == [run, "1.5", "-"]
    assert json.loads(loadstone("sql", "SELECT run, count(*) AS c FROM samples GROUP BY run", "--json").out)[0]["c"] > 0
    told = loadstone("sql", "SELECT * FROM runz")
    assert (told.code, told.out) == (2, "")
    assert "runz" in told.err
    assert loadstone("sql", "FROM read_text('/etc/passwd')").code == 2
    assert loadstone("sql", "COPY runs TO 'x.csv'").code == 2
    assert loadstone("sql", "SELECT 1 WHERE false").err == "no rows\n"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a'::BLOB", "61"),
        ("TIMESTAMP '2026-11-23 10:15:30'", "2026-11-23T10:15:30"),
        ("1.25::DECIMAL(9, 2)", 1.25),
        ("'inf'::DOUBLE", None),
        ("[1, 2]", [1, 2]),
        ("MAP {'a': 1}", {"a": 1}),
        ("INTERVAL 90 SECOND", 90.0),
        ("170141183460469231731687303715884105727::HUGEINT", 170141183460469231731687303715884105727),
    ],
)
def test_every_kind_of_value_is_json(loadstone: Command, expression: str, value: object) -> None:
    assert json.loads(loadstone("sql", f"SELECT {expression} AS v", "--json").out) == [{"v": value}]


def test_a_report_is_rebuilt(loadstone: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.render.html.report_html", lambda view: f"<p>{view.headline}</p>")
    loadstone(*RUN)
    told = loadstone("report")
    assert told.code == 0
    path = Path(told.out.strip())
    assert not path.is_absolute()
    assert path.read_text().startswith("<p>")
    view = msgspec.json.decode(loadstone("report", "--json").out, type=RunView)
    assert view.manifest.run == find().resolve("last").id
    assert len(view.series.t_s) >= 5


def test_hostile_names_reach_the_terminal_as_text(loadstone: Command) -> None:
    told = loadstone("sql", "SELECT chr(27) || '[2J' AS evil")
    assert "\x1b" not in told.out
