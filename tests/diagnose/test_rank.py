"""The order of causes: by what their cure gains where an objective is missed; what explains another goes without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.rank import YIELDS, Weighed, doubted, findings, merged, settled
from loadstone.diagnose.subject import Judged, Subject
from loadstone.diagnose.suspect import Cut, Suspect
from loadstone.model.finding import Bounded, Locus, Predicted, Roles, Share
from tests.scenes import Story

STEPS = (("shop", "page"), ("shop", "list"))


@pytest.fixture(scope="module")
def digest() -> Digest:
    story = Story(steps=STEPS)
    for step in (1, 2):
        for request in story.requests(300, step=step):
            request.spend(0.02)
            request.sql("SELECT 1", 0.005)
    return story.digest()


def suspect(digest: Digest, step: int = 0, cost_s: float = 0.01, **more: Any) -> Suspect:  # noqa: ANN401
    requests = digest.requests_of(step)
    told = Suspect(
        fault="n-plus-one",
        title="a cause",
        step=step,
        locus=Locus("shop", STEPS[step][1], "shop", "SELECT 1", "SELECT 1", "shop.py", 7),
        roles=Roles(),
        cure="less of it",
        confidence=0.9,
        key=("n-plus-one", f"shop.{STEPS[step][1]}", "SELECT 1"),
        requests=requests,
        cost_ns=np.full(len(requests), cost_s * 1e9),
    )
    return replace(told, **more)


def gain(low: float, value: float, high: float) -> Predicted:
    return Predicted(service=Bounded(low, value, high), queue=Bounded(0, 0, 0), p99_s=Bounded(0.01, 0.01, 0.01))


def missed(step: str, outcome: Any = "fail") -> Subject:  # noqa: ANN401
    return Subject(steps=STEPS, objectives=(Judged("fast", "shop", step, 0.99, 0.01, 0.03, outcome),))


def test_the_cause_whose_cure_gains_most_comes_first(digest: Digest) -> None:
    small = Weighed(suspect(digest, key=("small",), title="small"), Share(), gain(0.003, 0.004, 0.005))
    large = Weighed(suspect(digest, key=("large",), title="large"), Share(), gain(0.009, 0.010, 0.011))
    told = findings(missed("page"), digest, [small, large])
    assert [(one.title, one.rank, one.tie) for one in told] == [("large", 1, None), ("small", 2, None)]


def test_gains_that_overlap_are_a_tie(digest: Digest) -> None:
    one = Weighed(suspect(digest, key=("one",)), Share(), gain(0.007, 0.009, 0.011))
    other = Weighed(suspect(digest, key=("other",)), Share(), gain(0.008, 0.010, 0.012))
    assert [found.tie for found in findings(missed("page"), digest, [one, other])] == [1, 1]


def test_a_step_that_misses_its_objective_goes_before_another(digest: Digest) -> None:
    kept = Weighed(suspect(digest, 0, key=("kept",), title="kept"), Share(), gain(0.014, 0.015, 0.016))
    hurt = Weighed(suspect(digest, 1, key=("hurt",), title="hurt"), Share(), gain(0.003, 0.004, 0.005))
    told = findings(missed("list"), digest, [kept, hurt])
    assert [(one.title, one.severity) for one in told] == [("hurt", "warning"), ("kept", "warning")]
    assert [one.title for one in findings(missed("list", "pass"), digest, [kept, hurt])] == ["kept", "hurt"]


def test_a_large_gain_is_critical_only_where_an_objective_is_missed(digest: Digest) -> None:
    cause = Weighed(suspect(digest), Share(), gain(0.015, 0.016, 0.017))
    assert findings(missed("page"), digest, [cause])[0].severity == "critical"
    assert findings(missed("page", "pass"), digest, [cause])[0].severity == "warning"
    assert findings(missed("page"), digest, [replace(cause, suspect=suspect(digest, ceiling="info"))])[0].severity == (
        "info"
    )


def test_a_cost_below_the_observers_is_withdrawn(digest: Digest) -> None:
    cause = Weighed(suspect(digest, cost_s=0.004), Share(), gain(0.003, 0.004, 0.005))
    told = findings(msgspec.structs.replace(missed("page"), observer_s_per_request=0.005), digest, [cause])[0]
    assert told.severity == "info"
    assert "being observed" in told.evidence.against[-1].what


def test_a_refused_gain_keeps_its_rank(digest: Digest) -> None:
    refused = Predicted(service=Bounded(0.008, 0.009, 0.010), refused="it cannot be told")
    unknown = Weighed(suspect(digest, key=("unknown",), title="unknown"), Share(), refused)
    small = Weighed(suspect(digest, key=("small",), title="small"), Share(), gain(0.003, 0.004, 0.005))
    assert [one.title for one in findings(missed("page"), digest, [small, unknown])] == ["unknown", "small"]


def test_one_cause_in_two_steps_is_one_finding(digest: Digest) -> None:
    page, listed = suspect(digest, 0), suspect(digest, 1)
    found = merged(missed("list"), [page, listed], digest)
    assert [(first.step, [other.step for other in also]) for first, also in found] == [(1, [0])]
    told = findings(missed("list"), digest, [Weighed(*found[0][:1], Share(), None, found[0][1])])[0]
    assert any("the same in shop.page" in fact.what for fact in told.evidence.for_)


def test_what_explains_another_stays_alone(digest: Digest) -> None:
    cuts = (Cut(3),)
    slow = suspect(digest, fault="slow-statement", cuts=cuts)
    index = suspect(digest, fault="missing-index", cuts=cuts)
    elsewhere = suspect(digest, 1, fault="slow-statement", cuts=cuts)
    other = suspect(digest, fault="slow-statement", cuts=(Cut(4),))
    assert settled([slow, index, elsewhere, other]) == [index, elsewhere, other]


def test_nobody_steps_back_for_each_other() -> None:
    for fault, stronger in YIELDS.items():
        assert all(fault not in YIELDS.get(other, ()) for other in stronger), fault


def test_on_a_machine_that_others_fill_what_is_slow_now_and_then_is_information(digest: Digest) -> None:
    full = suspect(digest, fault="saturation", ceiling="info")
    few = digest.requests_of(0)[:20]
    stalled = suspect(digest, fault="slow-statement", requests=few, cost_ns=np.full(20, 1e7))
    counted = suspect(digest, fault="n-plus-one", requests=few, cost_ns=np.full(20, 1e7))
    always = suspect(digest, fault="slow-statement")
    assert [one.ceiling for one in doubted([full, stalled, counted, always], digest)] == [
        "info",
        "info",
        "critical",
        "critical",
    ]
    assert doubted([stalled], digest) == [stalled]
