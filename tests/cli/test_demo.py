"""``loadstone demo``: what it proves, what it exits with, and one bare run of the shop itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from loadstone.archive import Archive
from loadstone.cli.demo import NAMED_AS, exit_of, to_prove
from loadstone.demo.faults import FAULTS
from loadstone.diagnose.faults import FAULTS as CODES
from loadstone.drive.summary import exit_code
from loadstone.model.comparison import Comparison
from loadstone.model.demonstration import Demonstration
from loadstone.model.finding import Diagnosis, Finding
from loadstone.model.run import Summary
from tests.guard.test_fragment import finding
from tests.render.comparison_specimens import FOR_THE_REASON, INVALID, NO_EFFECT, NOT_FOR_IT, SLOWER, UNDECIDED

ROOT = Path(__file__).parents[2]


def diagnosis(*findings: Finding) -> Diagnosis:
    return Diagnosis(1, "r", "", (), (), findings)


@pytest.mark.parametrize(
    ("comparison", "code"),
    [
        (FOR_THE_REASON, 0),
        (NOT_FOR_IT, 1),
        (replace(FOR_THE_REASON, reason=None), 1),
        (NO_EFFECT, 1),
        (SLOWER, 1),
        (UNDECIDED, 3),
        (INVALID, 4),
        (None, 3),
    ],
)
def test_it_exits_0_only_when_the_loop_closes(comparison: Comparison | None, code: int) -> None:
    assert exit_of(comparison) == code


def test_the_planted_fault_is_proved_before_anything_else_that_is_named() -> None:
    own, other = finding(), replace(finding(), fault="hot-function", fingerprint="0")
    rumour = replace(own, severity="info")
    assert to_prove(diagnosis(other, own), "reviews") == own
    assert to_prove(diagnosis(other), "reviews") == other
    assert to_prove(diagnosis(other, rumour), "reviews") == rumour
    assert to_prove(diagnosis(replace(other, severity="info")), "reviews") is None
    assert to_prove(diagnosis(own, other), "none") is None


def test_every_fault_of_the_shop_has_a_name_in_a_diagnosis() -> None:
    assert {*NAMED_AS, "none"} == set(FAULTS)
    assert {code for codes in NAMED_AS.values() for code in codes} <= set(CODES)


def demonstrated(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loadstone", "demo", *words, "--json", "--seed", "1"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOADSTONE_ARCHIVE": str(folder / "archive")},
        capture_output=True,
        text=True,
        timeout=90,
    )


def test_bare_it_drives_the_shop_and_stops_it(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="the demo extra is not installed")
    done = demonstrated(tmp_path, "--bare", "--for", "3s")
    summary = msgspec.json.decode(done.stdout, type=Summary)
    assert done.returncode == (4 if exit_code(summary) == 4 else 0), done.stderr  # the fault may fail an objective
    assert {step.journey for step in summary.steps} == {"browse", "search", "buy"}
    assert summary.errors == 0
    assert summary.report is not None and (tmp_path / summary.report).exists()
    run = Archive(tmp_path / "archive").resolve("last")
    assert run.manifest.service is not None
    port = int(run.manifest.service.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_of_the_healthy_shop_nothing_is_proved(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="the demo extra is not installed")
    done = demonstrated(tmp_path, "--fault", "none", "--for", "3s")
    told = msgspec.json.decode(done.stdout, type=Demonstration)
    assert done.returncode == (4 if exit_code(told.summary) == 4 else 0), done.stderr
    assert (told.fault, told.finding, told.comparison, told.closed) == ("none", None, None, False)
    assert told.sentence.startswith("Nothing was planted")
    assert not (tmp_path / "archive/experiments").exists()
    assert Archive(tmp_path / "archive").resolve("last").id == told.summary.run


def test_a_fault_that_the_shop_has_not_is_told_with_those_it_has(tmp_path: Path) -> None:
    done = demonstrated(tmp_path, "--fault", "sloth")
    assert done.returncode == 2
    assert 'no fault "sloth" of the shop; there are none, reviews' in done.stderr
