"""The guardrail that a proof leaves behind."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from loadstone.archive import Archive
from loadstone.lab.guardrail import GUARDRAIL, keep_guardrail
from tests.guard.made import comparison, counted
from tests.guard.test_fragment import P99, SLO, STATEMENTS, finding


def test_it_lies_beside_the_verdict(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    proved = replace(comparison(P99, STATEMENTS, verdict="faster"), experiment="e1")
    (tmp_path / "experiments/e1").mkdir(parents=True)
    lines = keep_guardrail(archive, proved, finding(), [SLO])
    assert lines is not None and '"statements of browse.detail" = "+0"' in lines
    assert (tmp_path / "experiments/e1" / GUARDRAIL).read_text() == lines


def test_without_anything_to_hold_there_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "experiments/e2").mkdir(parents=True)
    slower = replace(comparison(counted(1, 2, step="detail"), verdict="slower"), experiment="e2")
    assert keep_guardrail(Archive(tmp_path), slower, finding(), [SLO]) is None
    assert not (tmp_path / "experiments/e2" / GUARDRAIL).exists()
