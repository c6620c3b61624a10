"""``loadstone run``: quick mode, the spec, what is refused, what is told and how it exits."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from loadstone.archive import find
from loadstone.drive.fake import Script
from loadstone.model.run import Summary
from tests.cli.conftest import Command

URL = "http://127.0.0.1:8000/items"
SPEC = """
[service]
url = "http://127.0.0.1:8000"

[[slo]]
name = "detail is fast"
step = "browse.detail"
objective = "{objective}"

[[journey]]
name = "browse"
[[journey.step]]
name = "detail"
get = "/products/1"

[shape.steady]
rate = "100/s"
duration = "20s"
warm_up = "2s"

[shape.peak]
rate = "300/s"
duration = "5s"
"""


def _spec(objective: str = "p99 < 10s") -> None:
    Path("loadstone.toml").write_text(SPEC.format(objective=objective))


def test_a_quick_run_ends_with_the_numbers_and_the_report(loadstone: Command) -> None:
    told = loadstone("run", URL, "--rate", "500/s", "--for", "10s", "--seed", "41")
    assert told.code == 0
    run = find().resolve("last")
    assert "response" in told.out and "from the intended start" in told.out
    assert told.err.startswith("500/s for 10 s, Poisson arrivals, seed 41 ")
    assert f"run {run.id[-4:]}\n" in told.err
    assert "0:05  offered " in told.err
    assert run.manifest.command == ("loadstone", "run", URL, "--rate", "500/s", "--for", "10s", "--seed", "41")


def test_json_is_the_summary_and_nothing_else(loadstone: Command) -> None:
    told = loadstone("run", URL, "--rate", "100/s", "--for", "5s", "--json", "--no-report")
    assert told.err == ""
    summary = msgspec.json.decode(told.out, type=Summary)
    assert summary == find().resolve("last").manifest.summary
    assert summary.report is None
    assert summary.offered_per_s == pytest.approx(100, rel=0.3)


def test_quiet_leaves_only_the_result(loadstone: Command) -> None:
    told = loadstone("run", URL, "--rate", "100/s", "--for", "5s", "-q", "--no-report")
    assert told.err == ""
    assert told.out.startswith("valid")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--users", "7"), "7 users for 5 s, seed 1 "),
        (("--max", "--connections", "9"), "as fast as 9 connections can for 5 s, seed 1 "),
        (("--rate", "30/min", "--even"), "0.5/s for 5 s, even arrivals, seed 1 "),
        (("--rate", "9/s", "--warm-up", "2s"), "9/s for 2 s of warm-up, then 9/s for 5 s, Poisson arrivals, seed 1 "),
    ],
)
def test_the_opening_line_says_what_is_done(loadstone: Command, words: tuple[str, ...], told: str) -> None:
    assert loadstone("run", URL, "--for", "5s", "--seed", "1", "--no-report", *words).err.startswith(told)


def test_labels_and_name_are_kept(loadstone: Command) -> None:
    words = ("--label", "branch=main", "--label", "x=a=b", "--name", "nightly")
    assert loadstone("run", URL, "--rate", "9/s", "--for", "1s", "--no-report", *words).code in (0, 4)
    labels = find().resolve("last").manifest.labels
    assert labels == {"branch": "main", "x": "a=b", "name": "nightly"}


def test_credentials_in_headers_never_reach_the_archive(loadstone: Command) -> None:
    told = loadstone(
        "run", URL, "--rate", "9/s", "--for", "1s",
        "--header", "Authorization: Bearer s3cr3t",
        "--header=Cookie: id=s3cr3t",
        "--header", "x-api-key: {env.KEY}" if "KEY" in os.environ else "accept: */*",
    )  # fmt: skip
    run = find().resolve("last")
    kept = b"".join(path.read_bytes() for path in run.directory.iterdir())
    assert b"s3cr3t" not in kept
    assert "s3cr3t" not in told.out + told.err
    assert "Authorization: {env.AUTHORIZATION}" in run.manifest.command
    assert json.loads(run.text("plan.json") or "")["secrets"] == {"AUTHORIZATION": "AUTHORIZATION", "COOKIE": "COOKIE"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((URL,), "--rate 500/s"),
        ((URL, "--rate", "5 per second"), 'did you mean "5/s"?'),
        ((URL, "--rate", "5/s", "--for", "soon"), "a duration is written"),
        ((URL, "--rate", "5/s", "--users", "3"), "exclude each other"),
        ((URL, "--rate", "5/s", "--spec", "x.toml"), "--spec goes with a spec, not with a URL"),
        ((URL, "--rate", "5/s", "--label", "branch"), "key=value"),
        ((URL, "--rate", "5/s", "--cores", "100000"), "may use 1 to"),
        ((URL, "--rte", "5/s"), "--rte"),
        ((URL, "--users", "0"), "0 is not a number from 1"),
        ((URL, "--rate", "5/s", "--seed", "-1"), "-1 is not a number from 0"),
        (("http://example.com/", "--rate", "5/s"), "--yes-load example.com"),
        (("127.0.0.1:8000", "--rate", "5/s"), 'did you mean "http://127.0.0.1:8000"?'),
        ((), "drive one URL:  loadstone run http"),
        (("--spec", "none.toml"), "none.toml"),
    ],
)
def test_what_is_wrong_is_told_and_exits_2_without_a_run(loadstone: Command, words: tuple[str, ...], says: str) -> None:
    told = loadstone("run", *words)
    assert told.code == 2
    assert says in told.err
    assert told.out == ""
    assert "Traceback" not in told.err
    assert find().ids() == []


def test_a_named_host_may_be_driven(loadstone: Command) -> None:
    assert loadstone("run", "http://shop.test/", "--rate", "50/s", "--for", "5s", "--yes-load", "shop.test").code == 0


@pytest.mark.parametrize(("objective", "code"), [("p99 < 10s", 0), ("p99 < 1us", 1)])
def test_a_spec_exits_by_its_objectives(loadstone: Command, objective: str, code: int) -> None:
    _spec(objective)
    told = loadstone("run", "--no-report")
    assert told.code == code
    assert "detail is fast" in told.out
    run = find().resolve("last")
    assert run.text("spec.toml") == Path("loadstone.toml").read_text()


def test_an_invalid_measurement_exits_4(loadstone: Command, script: dict[str, Script]) -> None:
    _spec()
    script["is"] = Script(busiest_share=0.99, late_share=0.5, lag_s=0.5)
    told = loadstone("run", "--no-report")
    assert told.code == 4
    assert "invalid" in told.out


def test_a_shape_is_chosen_and_changed(loadstone: Command) -> None:
    _spec()
    words = ("run", "--no-report", "--seed", "1")
    assert loadstone(*words, "--shape", "peak").err.startswith("300/s for 5 s, ")
    changed = loadstone(*words, "--rate", "50/s", "--for", "6s", "--warm-up", "0s")
    assert changed.err.startswith("50/s for 6 s, ")
    assert "it has steady, peak" in loadstone(*words, "--shape", "x").err
    assert "an open model" in loadstone(*words, "--users", "5").err
    assert "--header goes with a URL" in loadstone(*words, "--header", "a: b").err


def test_a_broken_spec_names_its_lines(loadstone: Command) -> None:
    Path("loadstone.toml").write_text(SPEC.format(objective="p99 < 1s").replace('"100/s"', '"40 per second"'))
    told = loadstone("run")
    assert told.code == 2
    assert 'rate = "40 per second"' in told.err and "loadstone.toml:" in told.err and '"40/s"' in told.err


def test_a_fault_of_our_own_is_called_that(loadstone: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(plan: bytes) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("loadstone.drive.engine.native", breaks)
    told = loadstone("run", URL, "--rate", "5/s")
    assert told.code == 4
    assert told.err.startswith("a fault of Loadstone's own: ZeroDivisionError")
    assert ".loadstone" in told.err and "Traceback" not in told.err


def test_an_archive_elsewhere(loadstone: Command, tmp_path: Path) -> None:
    loadstone("run", URL, "--rate", "50/s", "--for", "2s", "--archive", "other", "--no-report")
    assert len(find("other").ids()) == 1
    assert not (tmp_path / ".loadstone").exists()
    assert loadstone("show", "--archive", "other").code == 0
