"""Verdicts: by the interval, in their order; which metric is judged; what chance among many leaves."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.comparison import Metric, Verdict
from loadstone.model.finding import Locus, Predicted
from loadstone.model.slo import Slo
from loadstone.prove.measures import measures
from loadstone.prove.verdict import FALSE_DISCOVERIES, Q_NOTE, judged_of, kept, overall, verdict_of
from tests.prove.made import finding, slo

STEPS = [("browse", "list"), ("browse", "detail")]


def metric(verdict: Verdict = "not-worse", **changed: object) -> Metric:
    told = {
        "name": "p95 response",
        "unit": "s",
        "journey": None,
        "step": None,
        "a": 1.0,
        "b": 1.0,
        "ratio": 1.0,
        "low": 0.9,
        "high": 1.1,
        "margin": 1.05,
        "verdict": verdict,
    }
    return Metric(**(told | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.8, 0.99, "faster"),
        (0.8, 1.0, "not-worse"),
        (0.99, 1.05, "not-worse"),
        (0.99, 1.06, "undecided"),
        (1.01, 1.04, "not-worse"),  # worse for certain, and by less than is allowed
        (1.05, 1.2, "undecided"),
        (1.051, 1.2, "slower"),
        (None, None, "undecided"),
        (None, 0.9, "faster"),
        (1.2, None, "slower"),
    ],
)
def test_the_interval_decides(low: float | None, high: float | None, verdict: Verdict) -> None:
    assert verdict_of(low, high, 1.0, 1.05) == verdict


@given(st.floats(0.2, 5), st.floats(0.2, 5), st.floats(1.0, 2.0))
def test_every_interval_has_one_verdict_and_a_wider_margin_never_hurts(one: float, other: float, margin: float) -> None:
    low, high = sorted((one, other))
    order = ("slower", "undecided", "not-worse", "faster")
    tight, wide = (order.index(verdict_of(low, high, 1.0, each)) for each in (margin, margin * 1.5))
    assert wide >= tight


def test_a_difference_is_judged_about_zero() -> None:
    assert verdict_of(-0.2, -0.1, 0.0, 0.0) == "faster"
    assert verdict_of(0.0, 0.0, 0.0, 0.0) == "not-worse"
    assert verdict_of(0.5, 0.5, 0.0, 0.0) == "slower"
    assert verdict_of(-0.1, 0.1, 0.0, 0.001) == "undecided"


def test_the_judged_metric_is_the_first_objectives() -> None:
    def judged(*slos: Slo, of: object = None) -> str:
        wanted = measures(slos, of, 1.05, {}, STEPS)  # type: ignore[arg-type]
        one = judged_of(wanted, of)  # type: ignore[arg-type]
        assert one is not None
        return one.label

    assert judged() == "p95 response"
    assert judged(slo(objective="p90 < 1s"), slo("list", "list")) == "p90 response of browse.detail"
    assert judged(slo(step=None, objective="errors < 1%")) == "errors"
    assert judged(slo("list", "list"), of=finding()) == "p99 response of browse.detail"
    assert judged(slo("list", "list"), slo(), of=finding()) == "p95 response of browse.detail"
    assert judged(of=finding(predicted=Predicted(at="p50"))) == "p50 response of browse.detail"
    assert judged(of=finding(locus=Locus(), predicted=Predicted(at="p99"))) == "p99 response"
    assert judged(slo("gone", "gone")) == "p95 response"


def test_the_whole_in_its_order() -> None:
    slower, faster = metric("slower", name="p99 response"), metric("faster", judged=True)
    count = metric("slower", method="by count", ratio=None)
    assert overall([faster, slower], vetoed=True) == "invalid"
    assert overall([faster, slower]) == "slower"
    assert overall([faster]) == "faster"
    assert overall([faster], doubted=True) == "undecided"
    assert overall([faster, slower], doubted=True) == "undecided"
    assert overall([faster, count], doubted=True) == "slower"
    assert overall([metric("not-worse", judged=True), metric("undecided")]) == "not-worse"
    assert overall([]) == "undecided"
    assert overall([metric("not-worse", method="by count", ratio=None)]) == "undecided"


def test_slower_among_many_must_survive_its_q() -> None:
    chance = metric("slower", name="p99 response", p=0.03)
    others = [metric("not-worse", name=f"p{at} response", p=0.5) for at in range(9)]
    found = kept([metric("slower", judged=True, p=0.04), chance, *others])
    assert found[0].verdict == "slower"  # judged by its own interval
    assert (found[0].q, found[1].verdict, found[1].note) == (None, "undecided", Q_NOTE)
    assert kept([chance])[0].verdict == "slower"
    assert kept([metric("slower", slo="fast", p=0.04), *others])[0].verdict == "slower"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_q_is_by_benjamini_and_hochberg(values: list[float]) -> None:
    found = kept([metric("slower", p=value) for value in values])
    ordered = [max(value, 1e-300) for value in sorted(values)]
    for one, value in zip(found, values, strict=True):
        q = min(p * len(ordered) / (at + 1) for at, p in enumerate(ordered) if p >= value)
        assert one.q is not None
        assert math.isclose(one.q, min(1.0, q), rel_tol=1e-9)
        assert (one.verdict == "slower") == (one.q <= FALSE_DISCOVERIES)
