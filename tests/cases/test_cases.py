"""Every fault against its own cases: the guilty are named, the solved and the lookalikes are left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

import pytest

from loadstone.diagnose.faults import FAULTS, detector
from loadstone.diagnose.suspect import Suspect
from tests.scenes import Story

KINDS = ("guilty", "solved", "lookalike")


def case_module(code: str, kind: str) -> ModuleType:
    return import_module(f"tests.cases.{code.replace('-', '_')}.{kind}")


def every_case() -> Iterator[object]:
    for code in FAULTS:
        for kind in KINDS:
            for story in case_module(code, kind).CASES:
                yield pytest.param(code, kind, story, id=f"{code}-{kind}-{story.__name__}")


def suspects(code: str, story: Story) -> list[Suspect]:
    subject, scene = story.made()
    found = detector(code)
    if any(scene.has(need) is not None for need in found.NEEDS):
        return []
    return [one for one in found.detect(subject, scene, found.LIMITS) if one.ceiling != "info"]


@pytest.mark.parametrize(("code", "kind", "story"), list(every_case()))
def test_a_case_is_judged_rightly(code: str, kind: str, story: Callable[[], Story]) -> None:
    found = suspects(code, story())
    if kind != "guilty":
        assert [one.title for one in found] == []
        return
    assert found, "the guilty must be named"
    expected = getattr(case_module(code, kind), "EXPECTED", {})
    expected = expected.get(story.__name__, expected)
    first = max(found, key=lambda one: float(one.cost_ns.sum()))
    assert {name: getattr(first.locus, name) for name in expected} == expected


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_whole(code: str) -> None:
    module = detector(code)
    text = module.__doc__ or ""
    headings = ["What it sees", "Why it hurts", "Evidence it needs", "Example", "Cure", "When it is wrong"]
    places = [text.find(f"\n{heading}\n") for heading in headings]
    assert -1 not in places, f"the manual page lacks {headings[places.index(-1)]}"
    assert places == sorted(places)
    assert code == module.CODE
    assert vars(module)["__all__"] == ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]
    assert all(case_module(code, kind).CASES for kind in KINDS)
