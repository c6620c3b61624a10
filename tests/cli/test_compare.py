"""``loadstone compare``: what runs before and after can say, and what they cannot said first."""

from __future__ import annotations

import json

import msgspec
import pytest

from loadstone.drive.fake import Script
from loadstone.model.comparison import Comparison
from tests.cli.conftest import Command


@pytest.fixture
def runs(loadstone: Command, script: dict[str, Script]) -> list[str]:
    """Three runs of a service and three after it was made twice as fast, in order of time."""
    made = []
    for at in range(6):
        script["is"] = Script(mean_s=0.01 if at < 3 else 0.005, seed=at)
        asked = "http://127.0.0.1:9/items", "--rate", "100/s", "--for", "4s", "--no-report", "--seed", str(at)
        told = loadstone("run", *asked, "--json")
        assert told.code == 0, told
        made.append(str(json.loads(told.out)["run"]))
    return made


def test_one_run_a_side_has_no_interval(loadstone: Command, runs: list[str]) -> None:
    told = loadstone("compare", runs[0], runs[3])
    assert told.code == 3
    assert told.out.index("Undecided") < told.out.index("p95 response  ")
    assert "no interval" in told.out
    assert told.out.splitlines()[-1] == "next    loadstone prove --a BEFORE --b AFTER"
    assert "1 run before, 1 after" in told.out


def test_sets_of_runs_have_one_between_runs(loadstone: Command, runs: list[str]) -> None:
    told = loadstone("compare", ",".join(runs[:3]), ",".join(runs[3:]), "--json")
    comparison = msgspec.json.decode(told.out, type=Comparison)
    assert not comparison.design.interleaved
    metric = next(one for one in comparison.metrics if one.name == "p95 response")
    assert metric.ratio == pytest.approx(0.5, rel=0.3)
    assert metric.low is not None
    codes = {one.code for one in comparison.caveats}
    assert codes, "what before and after cannot carry is told"
    assert "**" in loadstone("compare", runs[0], runs[3], "--markdown").out


def test_runs_are_named_as_everywhere(loadstone: Command, runs: list[str]) -> None:
    a, b = (run.rpartition("-")[2] for run in runs[4:])
    told = [
        json.loads(loadstone("compare", *named, "--json").out)["metrics"]
        for named in (runs[4:], (a, b), (f".loadstone/runs/{runs[4]}", b))
    ]
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("last", "last"), "both sides"),
        (("last", "zzzz"), "zzzz"),
        (("last", ","), "several with commas"),
        (("last", "last-1", "--json", "--markdown"), "not both"),
        (("last", "last-1", "--margin", "five"), '"5%" or "1.05"'),
    ],
)
def test_what_cannot_be_compared_is_refused(
    loadstone: Command, runs: list[str], arguments: tuple[str, ...], says: str
) -> None:
    told = loadstone("compare", *arguments)
    assert (told.code, told.out) == (2, "")
    assert says in told.err
