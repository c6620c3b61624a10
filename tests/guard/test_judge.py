from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from loadstone.guard.defaults import DEFAULTS, guards_of, margins_of
from loadstone.guard.judge import judge, unmeasured
from loadstone.model.guard_metric import parse_guard
from loadstone.model.guardrail import Guardrails, guard_of
from loadstone.model.slo import Slo, parse_objective
from tests.guard.made import comparison, counted, design, relative

P95 = parse_guard("p95 response", "5%")
STATEMENTS = parse_guard("statements", "+0")


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.9, 1.05, "pass"),
        (0.9, 1.051, "undecided"),
        (1.05, 1.2, "undecided"),
        (1.051, 1.2, "fail"),
        (0.8, 0.9, "pass"),
    ],
)
def test_the_interval_decides(low: float, high: float, verdict: str) -> None:
    metric = relative((low * high) ** 0.5, low, high)
    assert judge(P95, metric, comparison(metric)).verdict == verdict


@given(st.floats(0.5, 2), st.floats(1, 2), st.floats(1.001, 2))
def test_a_guard_with_a_margin_of_its_own_is_judged_by_the_interval(low: float, wide: float, margin: float) -> None:
    guard = parse_guard("p95 response", f"{100 * (margin - 1):.6f}%")
    high = low * wide
    assume(all(abs(end - guard.margin) > 1e-9 for end in (low, high)))
    metric = relative(low * wide**0.5, low, high, margin=9.0)  # the comparison had another margin
    verdict = judge(guard, metric, comparison(metric)).verdict
    assert verdict == ("fail" if low > guard.margin else "pass" if high <= guard.margin else "undecided")


def test_what_the_comparison_doubts_is_never_a_pass() -> None:
    metric = relative(1.0, 0.99, 1.01, verdict="undecided", note="The ratio drifts over the pairs (p = 0.004).")
    result = judge(P95, metric, comparison(metric))
    assert result.verdict == "undecided"
    assert result.sentence.endswith("5 % worse is allowed; the ratio drifts over the pairs (p = 0.004).")


def test_what_it_doubts_stays_doubted_at_another_margin() -> None:
    metric = relative(1.0, 0.99, 1.01, verdict="undecided", note="The ratio drifts.", margin=1.2)
    assert judge(P95, metric, comparison(metric)).verdict == "undecided"


def test_a_veto_makes_what_it_touches_invalid_and_leaves_the_rest() -> None:
    made = comparison(vetoed=("Side B died in pair 3.",))
    void = relative(1.0, 0.9, 1.01, verdict="invalid")
    assert judge(P95, void, made).verdict == "invalid"
    assert judge(P95, void, made).sentence == "p95 response was not validly measured: side B died in pair 3."
    assert judge(P95, replace(void, note="The tail is void."), made).sentence.endswith(": the tail is void.")
    assert judge(STATEMENTS, counted(2, 3), made).verdict == "fail"
    assert judge(STATEMENTS, counted(2, 2), made).verdict == "pass"


@pytest.mark.parametrize(
    ("text", "a", "b", "low", "high", "verdict"),
    [
        ("+0", 2, 3, None, None, "fail"),
        ("+0", 2, 2, None, None, "pass"),
        ("+0", 3, 2, None, None, "pass"),
        ("+1", 2, 3, None, None, "pass"),
        ("+0", 2, 2.1, -0.1, 0.3, "undecided"),
        ("+0", 2, 2.1, 0.02, 0.18, "fail"),
        ("10%", 10, 11, None, None, "pass"),
        ("10%", 10, 11.2, None, None, "fail"),
        ("10%", 10, 10.9, 0.5, 1.3, "undecided"),
        ("10%", 0, 0, None, None, "pass"),
        ("10%", 0, 1, None, None, "fail"),
        ("10%", 0, 0.1, -0.1, 0.3, "undecided"),
    ],
)
def test_counters(text: str, a: float, b: float, low: float | None, high: float | None, verdict: str) -> None:
    guard = parse_guard("statements", text)
    metric = counted(a, b, low=low, high=high, margin=guard.margin if guard.kind == "counter" else 0.0)
    assert judge(guard, metric, comparison(metric)).verdict == verdict


def test_a_rare_path_that_the_comparison_decides_by_its_signs_is_believed() -> None:
    metric = counted(2, 2.01, low=-0.001, high=0.021, verdict="slower")
    assert judge(STATEMENTS, metric, comparison(metric)).verdict == "fail"


def test_an_unknown_end_decides_nothing() -> None:
    metric = relative(1.0, None, None, verdict="undecided")
    result = judge(P95, metric, comparison(metric))
    assert result.verdict == "undecided"
    assert "no interval" in result.sentence


@pytest.mark.parametrize(
    ("name", "metric", "sentence"),
    [
        (
            "p95 response of browse.detail",
            relative(1.12, 1.08, 1.16, step="detail"),
            "p95 response of browse.detail 100 ms -> 112 ms, B/A 1.12 [1.08, 1.16]; 5 % worse is allowed.",
        ),
        (
            "throughput",
            relative(1.0, 0.99, 1.01, name="throughput", a=400, more_is_better=True),
            "throughput 400/s -> 400/s, A/B 1.00 [0.99, 1.01]; 5 % worse is allowed.",
        ),
        (
            "cpu",
            relative(1.5, 1.4, 1.6, name="CPU a request", a=0.004),
            "CPU a request 4.00 ms -> 6.00 ms, B/A 1.50 [1.40, 1.60]; 5 % worse is allowed.",
        ),
    ],
)
def test_a_relative_sentence(name: str, metric: object, sentence: str) -> None:
    assert judge(parse_guard(name, "5%"), metric, comparison()).sentence == sentence  # type: ignore[arg-type]


def test_what_lies_just_beyond_the_margin_reads_so() -> None:
    assert "1.020 [1.000, 1.051]" in judge(P95, relative(1.02, 1.0, 1.0512), comparison()).sentence
    assert "[1.00, 1.05]" in judge(P95, relative(1.02, 1.0, 1.05), comparison()).sentence


def test_sentences_of_differences() -> None:
    one = judge(STATEMENTS, counted(2, 3), comparison())
    assert one.sentence == "statements a request 2.00 -> 3.00, +1.00 by count; +0 is allowed."
    grown = counted(2000, 2600, low=500, high=700, name="bytes a request", unit="bytes")
    sentence = judge(parse_guard("bytes", "+0"), grown, comparison()).sentence
    assert sentence == "bytes a request 1.95 KiB -> 2.54 KiB, +600 B [+500 B, +700 B] by count; +0 is allowed."
    failing = counted(0.0, 0.01, low=0.005, high=0.015, name="errors", unit="share", margin=0.001)
    sentence = judge(parse_guard("errors", "+0.1%"), failing, comparison()).sentence
    assert sentence.startswith("errors 0 % -> 1.00 %, +1.00 % [+0.500 %, +1.50 %]")


def test_undecided_says_what_would_settle_it() -> None:
    metric = relative(1.02, 0.98, 1.06, pairs_to_decide=24)
    settle = judge(P95, metric, comparison(metric)).settle
    assert settle == "about 24 pairs would settle it, 10 were judged: --budget 12m"
    hopeless = relative(1.05, 1.0, 1.1)
    made = comparison(hopeless, made=design(smallest={"p95 response": 1.08}))
    assert "too close to its margin" in (judge(P95, hopeless, made).settle or "")
    assert "1.08" in (judge(P95, hopeless, made).settle or "")


def test_what_was_not_measured_is_no_pass() -> None:
    result = unmeasured(STATEMENTS, "side B was not observed")
    assert (result.verdict, result.value) == ("undecided", None)
    assert result.sentence == "statements a request could not be looked at: side B was not observed."


def test_defaults_follow_the_objectives_and_have_no_line() -> None:
    slo = Slo("fast", parse_objective("p99 < 300ms"))
    guards = guards_of(Guardrails(), (slo,))
    assert [guard.name for guard in guards] == ["fast", *DEFAULTS]
    assert all(guard.line is None for guard in guards)
    own = Guardrails((guard_of(slo), P95))
    assert guards_of(own, (slo,)) == own.guards


def test_margins_are_by_the_metrics_label() -> None:
    names = {"p95 response of browse.detail": "10%", "errors": "+0.1%", "bytes": "2%"}
    guards = [STATEMENTS, *(parse_guard(name, text) for name, text in names.items())]
    assert margins_of(guards) == {
        "p95 response of browse.detail": pytest.approx(1.1),
        "statements a request": 0.0,
        "errors": 0.001,
    }
    assert not any(math.isnan(value) for value in margins_of(guards).values())
