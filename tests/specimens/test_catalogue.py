"""What the specimens say of themselves: specs that can be read, marks that are there, a place for every code."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.diagnose.faults import FAULTS
from loadstone.model.workload import Step
from loadstone.spec import load
from specimens.__main__ import main
from specimens.catalogue import Specimen, line_of, specimens
from specimens.run import ROOT, judge

ALL = specimens()
FIRST = {
    *("n-plus-one", "m-n-plus-one", "slow-statement", "missing-index", "offset-pagination", "hot-function"),
    *("hot-serialiser", "pool-wait", "pool-deadlock", "lock-wait", "gil-wait", "gc-pause", "serial-calls"),
    *("http-n-plus-one", "http-fan-out"),
}


def named(name: str) -> Specimen:
    return next(one for one in ALL if one.name == name)


def test_every_code_of_the_first_list_has_one() -> None:
    assert {one.fault for one in ALL} >= FIRST
    assert {one.fault for one in ALL} >= set(FAULTS)


@pytest.mark.parametrize("specimen", ALL, ids=lambda one: one.name)
def test_a_specimen_is_driven_by_its_own_spec(specimen: Specimen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECIMEN_DSN", "postgresql:///x")
    spec = load(specimen.spec)
    journeys = spec.workload.journeys
    steps = {f"{one.name}.{step.name}" for one in journeys for step in one.actions if isinstance(step, Step)}
    assert specimen.expected.step in steps
    assert spec.slos
    assert spec.service.url == "http://127.0.0.1:8000"
    assert spec.service.start
    assert bool(spec.service.dsn) == ("postgres" in specimen.needs)


def test_a_mark_stands_once_at_the_end_of_its_line(tmp_path: Path) -> None:
    file = tmp_path / "service.py"
    file.write_text("one\ntwo()  # fault: n-plus-one\n# fault: n-plus-one, twice\n")
    assert line_of(file, "fault: n-plus-one") == 2
    for mark in ("fault: none", "n"):
        with pytest.raises(ValueError, match="lines that end in"):
            line_of(file, mark + "one" if mark == "n" else mark)


def finding(fault: str, severity: str = "critical", **locus: object) -> dict[str, object]:
    return {"fault": fault, "severity": severity, "locus": locus}


def told(*findings: dict[str, object], missing: tuple[dict[str, object], ...] = ()) -> dict[str, object]:
    return {"run": "r", "sentence": "s", "findings": list(findings), "could_not_look": list(missing)}


def test_judging_a_sick_one() -> None:
    specimen = named("n_plus_one_literal")
    expected = specimen.expected
    right = finding(
        "n-plus-one",
        journey="browse",
        step="basket",
        statement="SELECT cents FROM price WHERE product = ?",
        file="/anywhere/service.py",
        line=expected.line,
    )
    judged = judge(specimen, told(right), sick=True)
    assert (judged.outcome, judged.off) == ("named first", [])
    judged = judge(specimen, told(finding("slow-statement"), right), sick=True)
    assert (judged.outcome, judged.named) == ("named", ["slow-statement", "n-plus-one"])
    assert judge(specimen, told(finding("n-plus-one", "info")), sick=True).outcome == "missed"
    wrong = finding("n-plus-one", step="browse.basket", statement="SELECT 1", file="service.py", line=1)
    assert len(judge(specimen, told(wrong), sick=True).off) == 2
    unseen = judge(specimen, told(missing=({"fault": "n-plus-one", "missing": "no spans"},)), sick=True)
    assert (unseen.outcome, unseen.note) == ("missed", "could not look: no spans")


def test_judging_a_cured_one() -> None:
    specimen = named("n_plus_one_literal")
    assert judge(specimen, told(), sick=False).outcome == "silent"
    assert judge(specimen, told(finding("n-plus-one", "info")), sick=False).outcome == "silent"
    assert judge(specimen, told(finding("n-plus-one", "warning")), sick=False).outcome == "false"


def test_the_page_lists_them_all() -> None:
    page = (ROOT / "docs/specimens.md").read_text()
    assert [one.name for one in ALL if f"`{one.name}`" not in page or f"`{one.fault}`" not in page] == []


def test_they_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(ALL)
