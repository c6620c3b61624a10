"""The layout of an experiment: blocks, lengths, budgets, and what cannot be."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.finding import Locus, Predicted
from loadstone.prove.design import MOST_PAIRS, Design, design_of, order_of, requests_for, told
from loadstone.prove.measures import measures
from loadstone.prove.verdict import judged_of
from loadstone.stats.pairs.effect import FEWEST
from tests.prove.made import finding, slo

RATES = {("browse", "list"): 60.0, ("browse", "detail"): 40.0, ("buy", "pay"): 2.0}


def design(**asked: object) -> Design:
    return design_of(**({"requests_per_s": RATES, "load": "100/s"} | asked))  # type: ignore[arg-type]


@given(st.integers(1, 60), st.integers(0, 2**31))
def test_blocks_of_two_pairs_are_abba_or_baab(pairs: int, seed: int) -> None:
    order = order_of(pairs, seed)
    assert len(order) == pairs
    assert all({*block} == {"AB", "BA"} for at in range(0, pairs - 1, 2) if (block := order[at : at + 2]))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31))
def test_a_longer_order_begins_like_a_shorter_one(few: int, more: int, seed: int) -> None:
    assert order_of(few + more, seed)[:few] == order_of(few, seed)


def test_the_seed_draws_the_order() -> None:
    assert len({order_of(10, seed) for seed in range(64)}) > 20
    first = sum(order_of(1, seed) == ("AB",) for seed in range(400))
    assert 150 < first < 250


def test_without_a_budget_there_is_one_look_at_the_level_itself() -> None:
    made = design()
    assert (made.pairs, made.most, made.looks) == (10, 10, ((10,), (0.95,)))
    assert made.extra == 4
    assert len(made.order) == 14


def test_a_run_is_long_enough_for_the_quantile_that_is_judged() -> None:
    for objective, step, rate in (
        ("p99 < 1s", "detail", 40.0),
        ("p95 < 1s", "list", 60.0),
        ("99.9% < 1s", None, 102.0),
    ):
        wanted = slo(step=step, objective=objective)
        made = design(slos=[wanted])
        needed = requests_for(wanted.objective.good_share)
        assert made.requests == pytest.approx(made.measured_s * rate, abs=1)
        assert made.requests - 3 * math.sqrt(needed) >= needed
        assert made.measured_s - 1 <= (needed + 3 * math.sqrt(needed)) / rate or made.measured_s == 10


def test_requests_for_a_quantile() -> None:
    assert [requests_for(share) for share in (0.5, 0.95, 0.99, 0.9, 0.999)] == [100, 200, 1_000, 100, 10_000]


def test_the_findings_step_and_quantile_decide_the_length() -> None:
    at = design(finding=finding()).measured_s
    assert at == math.ceil((1_000 + 3 * math.sqrt(1_000)) / 40)
    median = finding(predicted=Predicted(at="p50"))
    assert design(finding=median).measured_s == 10


def test_the_objective_in_the_findings_place_is_what_a_run_is_long_enough_for() -> None:
    median = finding(predicted=Predicted(at="p50"))
    asked = [slo("list is fast", "list", "p50 < 1s"), slo(objective="p99 < 1s")]
    made = design(finding=median, slos=asked)
    assert made.measured_s == math.ceil((1_000 + 3 * math.sqrt(1_000)) / 40)
    judged = judged_of(measures(asked, median, 1.05, {}, [("browse", "list"), ("browse", "detail")]), median)
    assert judged is not None
    assert judged.label == "p99 response of browse.detail"


def test_a_finding_without_a_place_is_of_all_requests() -> None:
    of_all = finding(locus=Locus(None, None, "shop"))
    assert design(finding=of_all, requests_per_s={("browse", "list"): 20.0}).measured_s == math.ceil(
        (1_000 + 3 * math.sqrt(1_000)) / 20
    )


def test_a_short_run_lasts_ten_seconds_still() -> None:
    assert design(requests_per_s={("browse", "list"): 5_000.0}).measured_s == 10
    assert design(requests_per_s={}).measured_s == 10


def test_a_journey_is_counted_whole_or_by_its_rarest_step() -> None:
    whole = slo(step=None, objective="p95 < 1s")
    of_journey = type(whole)(whole.name, whole.objective, "browse", None)
    assert design(slos=[of_journey]).requests == 10 * 40
    # Steps that branch: one is rare, and the journey is begun ten times as often.
    branching = {("browse", None): 50.0, ("browse", "list"): 120.0, ("browse", "detail"): 5.0}
    assert design(slos=[of_journey], requests_per_s=branching).requests == 10 * 50
    assert design(requests_per_s=branching).requests == 10 * 125


def test_what_is_asked_for_is_taken() -> None:
    made = design(measured_s=4.0, warm_up_s=0.0, pairs=6, slos=[slo(objective="p99 < 1s")])
    assert (made.measured_s, made.warm_up_s, made.pairs) == (4.0, 0.0, 6)


def test_the_length_is_known_before_it_starts() -> None:
    made = design(measured_s=10.0, warm_up_s=2.0)
    assert made.length_s == pytest.approx(made.run_s * 22)
    assert made.run_s >= 12.5
    assert design(measured_s=10.0, warm_up_s=2.0, observed=False).length_s == pytest.approx(made.run_s * 20)


def test_a_budget_is_never_exceeded_and_looks_from_six_pairs() -> None:
    made = design(budget_s=600.0, measured_s=10.0)
    assert made.most_s <= 600.0 < made.most_s + 2 * made.run_s
    assert made.looks.pairs[0] >= FEWEST
    assert made.looks.pairs[-1] == made.most
    assert all(level > 0.95 for level in made.looks.levels[:-1])
    assert design(budget_s=1e6).most == MOST_PAIRS


def test_what_cannot_be_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="5 pairs cannot decide: 6 are the fewest"):
        design(pairs=5)
    with pytest.raises(ValueError, match="101 pairs are more than 100"):
        design(pairs=101)
    with pytest.raises(ValueError, match=r"a budget of 1 min holds 1 pairs .*; 6 pairs take 3 min"):
        design(budget_s=60.0, measured_s=10.0)
    with pytest.raises(ValueError, match=r"would have to last .*raise the rate"):
        design(slos=[slo(step=None, objective="99.99% < 1s")])


def test_the_smallest_budget_that_it_names_does() -> None:
    with pytest.raises(ValueError, match="take") as refused:
        design(budget_s=100.0, measured_s=10.0, warm_up_s=2.5)
    needed = 14 * 14.0
    assert "3 min 16 s" in str(refused.value)
    assert design(budget_s=needed, measured_s=10.0, warm_up_s=2.5).most == 6


def test_told_has_the_level_of_the_last_look() -> None:
    made = design(budget_s=600.0, measured_s=10.0)
    levels = [
        told(made, pairs=count, order=made.order[:count], together=False, spent_s=None).level
        for count in made.looks.pairs
    ]
    assert levels == list(made.looks.levels)
    assert told(design(), pairs=7, order=(), together=True, spent_s=1.0).level == 0.95
