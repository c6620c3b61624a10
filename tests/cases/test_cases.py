"""Every fault against its own cases: the guilty are named, the solved and the lookalikes are left alone."""

from __future__ import annotations

import msgspec
import pytest

from loadstone.diagnose.diagnosis import diagnosis_of
from loadstone.diagnose.faults import FAULTS, detector
from loadstone.diagnose.scene import EvidenceScene
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Suspect
from loadstone.model.fault_page import HEADINGS
from loadstone.model.finding import Diagnosis
from tests.cases.matrix import KINDS, Case, case_module, cases, diagnosed


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_a_case_is_judged_rightly(case: Case) -> None:
    """By its own detector, and before all of them: its fault is named where it is, and nobody cries wolf."""
    story = case.story()
    subject, scene = story.made()
    found = suspects(case.fault, subject, scene)
    told = diagnosis_of(subject, story.evidence(), scene, lambda what: None, predictions=0)
    claims = {finding.fault for finding in told.findings if finding.severity != "info"}
    assert claims - case.also - {case.fault} == set(), "somebody cries wolf"
    assert (case.fault in claims) == case.guilty
    assert msgspec.json.decode(msgspec.json.encode(told), type=Diagnosis) == told
    assert len({finding.fingerprint for finding in told.findings}) == len(told.findings)
    if not case.guilty:
        assert [one.title for one in found] == []
        return
    expected = getattr(case.module, "EXPECTED", {})
    expected = expected.get(case.story.__name__, expected)
    first = max(found, key=lambda one: float(one.cost_ns.sum()))
    assert {name: getattr(first.locus, name) for name in expected} == expected


def suspects(code: str, subject: Subject, scene: EvidenceScene) -> list[Suspect]:
    found = detector(code)
    if any(scene.has(need) is not None for need in found.NEEDS):
        return []
    return [one for one in found.detect(subject, scene, found.LIMITS) if one.ceiling != "info"]


def test_a_fingerprint_is_the_same_in_another_run() -> None:
    case = next(case for case in cases() if case.name == "n-plus-one-guilty-behind_a_rare_parameter")
    first, second = diagnosed(case), diagnosed(case)
    assert [finding.fingerprint for finding in first.findings] == [finding.fingerprint for finding in second.findings]


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_whole(code: str) -> None:
    module = detector(code)
    text = module.__doc__ or ""
    places = [text.find(f"\n{heading}\n") for heading in HEADINGS]
    assert -1 not in places, f"the manual page lacks {HEADINGS[places.index(-1)]}"
    assert places == sorted(places)
    assert code == module.CODE
    assert vars(module)["__all__"] == ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]
    assert all(case_module(code, kind).CASES for kind in KINDS)
