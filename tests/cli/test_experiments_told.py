"""Experiments at the command line: shown by their ids, listed beside the runs, none of their runs in between."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from loadstone.archive.process import boot_id, start_ticks
from loadstone.cli.comparison import EXITS, next_step
from loadstone.model.comparison import Comparison
from loadstone.model.experiment import ExperimentManifest, Step
from loadstone.model.guardrail import GateReport
from loadstone.render.comparison_markdown import comparison_markdown
from tests.cli.conftest import Command
from tests.render.comparison_specimens import COMPARISONS, FOR_THE_REASON

ID = "20261125T101500-x5c1d"


def keep(comparison: Comparison | None, name: str = ID, **changes: object) -> Path:
    """An experiment in the archive of this directory."""
    directory = Path(".loadstone/experiments") / name
    directory.mkdir(parents=True)
    manifest = ExperimentManifest(
        format=1,
        experiment=name,
        kind="prove",
        status="complete",
        pid=os.getpid(),
        pid_start_ticks=start_ticks(os.getpid()),
        boot_id=boot_id(),
        started_ns=1,
        sides=FOR_THE_REASON.sides,
        design=FOR_THE_REASON.design,
        steps=(Step(0, "A", 1, "r"), Step(0, "B", 1)),
        command=("loadstone", "prove", "--a-env", "FIX=0", "--b-env", "FIX=1"),
    )
    (directory / "manifest.json").write_bytes(msgspec.json.encode(replace(manifest, **changes)))
    if comparison is not None:
        (directory / "verdict.json").write_bytes(msgspec.json.encode(replace(comparison, experiment=name)))
    return directory


def test_an_experiment_is_shown_as_it_was_told(loadstone: Command) -> None:
    directory = keep(FOR_THE_REASON)
    (directory / "report.html").write_text("")
    (directory / "guardrail.toml").write_text("")
    told = loadstone("show", "x5c1d")
    lines = told.out.splitlines()
    assert told.code == 0
    assert lines[0] == f"loadstone prove --a-env FIX=0 --b-env FIX=1   complete   experiment {ID}"
    assert lines[2] == "A  FIX=0   B  FIX=1"
    assert "0.25 [0.21, 0.29]   0.23 [0.20, 0.30]" in told.out
    assert lines[-3:] == [
        f"report  .loadstone/experiments/{ID}/report.html",
        f"keep it .loadstone/experiments/{ID}/guardrail.toml",
        "next    loadstone show 5c1d",
    ]


@pytest.mark.parametrize(
    "reference", [ID, "20261125T101500-x", "x5", f".loadstone/experiments/{ID}", f".loadstone/experiments/{ID}/"]
)
def test_it_is_named_like_a_run(loadstone: Command, reference: str) -> None:
    keep(FOR_THE_REASON)
    found = json.loads(loadstone("show", reference, "--json").out)
    assert found == json.loads(msgspec.json.encode(replace(FOR_THE_REASON, experiment=ID)))


def test_it_is_printed_for_a_ticket(loadstone: Command) -> None:
    keep(FOR_THE_REASON)
    assert (
        loadstone("show", "x5c1d", "--markdown").out
        == comparison_markdown(replace(FOR_THE_REASON, experiment=ID)) + "\n"
    )
    assert "not both" in loadstone("show", "x5c1d", "--markdown", "--json").err


def test_one_without_a_verdict_says_how_far_it_is(loadstone: Command) -> None:
    keep(None, status="running")
    told = loadstone("show", "x5c1d")
    assert (told.code, told.out) == (0, "")
    assert told.err == f"experiment {ID} is running and has no verdict yet: 1 of 2 runs are made\n"


def test_one_that_is_none_says_what_there_is(loadstone: Command) -> None:
    keep(FOR_THE_REASON)
    told = loadstone("show", "xffff")
    assert told.code == 2
    assert ID in told.err
    assert loadstone("show", "ffff").err.startswith('no run "ffff"')


def test_markdown_is_of_experiments(loadstone: Command) -> None:
    assert loadstone("run", "http://127.0.0.1:9/", "--rate", "20/s", "--for", "1s").code == 0
    assert "loadstone diagnose RUN --markdown" in loadstone("show", "last", "--markdown").err


def side_of(run: Path, experiment: str, side: str) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(manifest | {"experiment": experiment, "side": side, "pair": 0}))


def test_runs_of_an_experiment_do_not_flood_the_list(loadstone: Command) -> None:
    for _ in range(3):
        assert loadstone("run", "http://127.0.0.1:9/", "--rate", "20/s", "--for", "1s", "--no-report").code == 0
    alone, *sides = sorted(Path(".loadstone/runs").iterdir())
    for run, side in zip(sides, "AB", strict=True):
        side_of(run, ID, side)
    keep(FOR_THE_REASON)
    keep(None, "20261125T101600-x0000", status="interrupted", kind="calibrate")
    told = loadstone("runs").out
    assert alone.name in told
    assert not any(run.name in told for run in sides)
    assert "x5c1d       prove      complete     faster   Faster, for the stated reason" in told
    assert "x0000       calibrate  interrupted           1 runs so far" in told
    assert [each["run"] for each in json.loads(loadstone("runs", "--json").out)] == [alone.name]
    assert all(run.name in loadstone("runs", "--all").out for run in sides)


def test_experiments_alone_are_listed_too(loadstone: Command) -> None:
    keep(FOR_THE_REASON)
    told = loadstone("runs")
    assert told.out.startswith("experiment")
    assert "no run" not in told.err


def test_one_that_cannot_be_read_hides_no_other(loadstone: Command) -> None:
    keep(FOR_THE_REASON)
    (keep(FOR_THE_REASON, "20261125T101600-x0000") / "manifest.json").write_text("{")
    told = loadstone("runs")
    assert "x5c1d" in told.out
    assert "x0000" in told.err


def test_every_verdict_has_its_exit() -> None:
    assert EXITS == {"faster": 0, "not-worse": 0, "slower": 1, "undecided": 3, "invalid": 4}
    assert {one.verdict for one in COMPARISONS.values()} == set(EXITS)


def test_the_next_step_follows_from_the_verdict() -> None:
    bare = {name: replace(one, next_step=None) for name, one in COMPARISONS.items()}
    observed = bare["slower"].sides[1]
    assert next_step(bare["slower"]) == "loadstone show 5c1d"
    slower = replace(bare["slower"], sides=(bare["slower"].sides[0], replace(observed, observed="20261125T1-00ab")))
    assert next_step(slower) == "loadstone diagnose 00ab"
    open_ = replace(bare["undecided"], caveats=())
    assert next_step(open_) == "the same with --pairs 24"
    assert next_step(bare["undecided"]) == "loadstone show 5c1d"
    settled = replace(open_, calibrated=False, metrics=(replace(open_.metrics[0], pairs_to_decide=None),))
    assert next_step(settled) == "loadstone calibrate"
    assert next_step(bare["before-after"]) == "loadstone prove --a BEFORE --b AFTER"
    assert next_step(replace(bare["invalid"], experiment=None)) is None


def test_a_gate_is_shown_as_a_gate(loadstone: Command) -> None:
    directory = keep(FOR_THE_REASON, kind="gate")
    assert "0.25 [0.21, 0.29]" in loadstone("show", "x5c1d").out, "without its report, the comparison"
    report = GateReport(1, ID, "fail", "Fail: statements a request went from 2 to 3.", "statements", (), FOR_THE_REASON)
    (directory / "gate.json").write_bytes(msgspec.json.encode(report))
    assert "statements a request went from 2 to 3" in loadstone("show", "x5c1d").out
    assert msgspec.json.decode(loadstone("show", "x5c1d", "--json").out, type=GateReport) == report
    assert "Loadstone" in loadstone("show", "x5c1d", "--markdown").out
    (directory / "gate.json").write_text("{")
    assert "gate.json cannot be read" in loadstone("show", "x5c1d").err
