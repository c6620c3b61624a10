"""Where a gate's report goes, without running one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from msgspec.structs import replace

from loadstone import spec
from loadstone.cli.gate_told import SUMMARY, cause_in, tell_gate
from loadstone.errors import InstrumentError
from loadstone.model.guardrail import GateReport
from tests.render.gate_specimens import ended, hostile, passed
from tests.spec.test_guardrails import BEFORE


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "views.py").write_text("\n" * 100)
    (folder / "loadstone.toml").write_text(BEFORE)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv(SUMMARY, raising=False)
    return folder


def test_the_screen_is_all_that_is_printed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_gate(passed(), spec.load("loadstone.toml"))
    told = capsys.readouterr().out
    assert told.startswith("Pass")
    assert "::" not in told


def test_json_is_the_whole_report(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_gate(ended(), spec.load("loadstone.toml"), as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out, type=GateReport) == ended()


def test_files_are_written(repository: Path) -> None:
    tell_gate(ended(), spec.load("loadstone.toml"), markdown="gate.md", junit="gate.xml")
    assert (repository / "gate.md").read_text().startswith("**Loadstone: fail**")
    assert ElementTree.parse(repository / "gate.xml").getroot().tag == "testsuites"


def test_a_file_that_cannot_be_written_is_told(repository: Path) -> None:
    with pytest.raises(InstrumentError, match=r"shop cannot be written: is a directory"):
        tell_gate(ended(), spec.load("loadstone.toml"), markdown="shop")


def test_annotations_stand_at_the_causes_line(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = repository / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv(SUMMARY, str(summary))
    tell_gate(ended(), spec.load("loadstone.toml"), github=True)
    told = capsys.readouterr().out
    assert "::error file=shop/views.py,line=88,title=statements a request%3A fail::" in told
    assert "::warning file=loadstone.toml,line=44," in told
    assert summary.read_text().startswith("before\n**Loadstone: fail**")


def test_no_line_of_the_screen_is_a_command(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_gate(hostile(), spec.load("loadstone.toml"), github=True)
    told = capsys.readouterr().out.splitlines()
    token = told[0].removeprefix("::stop-commands::")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert told.index(f"::{token}::") > 5


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("shop/views.py:88", ("shop/views.py", 88)),
        ("shop/gone.py:1", None),
        ("../outside.py:1", None),
        ("/etc/hostname:1", None),
        ("shop/views.py", None),
        ("shop/views.py:x", None),
        (None, None),
    ],
)
def test_only_lines_of_the_repository_are_annotated(
    where: str | None, found: tuple[str, int] | None, repository: Path
) -> None:
    report = ended()
    assert report.cause is not None
    changed = replace(report, cause=replace(report.cause, where=where))
    assert cause_in(changed, repository) == found
    assert cause_in(changed, None) is None
