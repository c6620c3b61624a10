"""Vetoes, each from runs that have what it looks for; and that honest runs have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from loadstone.model.side_run import SideRun
from loadstone.prove.compare import compare
from loadstone.prove.pairing import paired
from loadstone.prove.vetoes import Veto, _chance, mixes, touches, vetoes
from tests.prove.made import SIDES, Changed, caveat, counted, design, pairs, side_run, slo


def found(runs: list[SideRun]) -> list[str]:
    return [one.sentence for one in vetoes(paired(runs), runs)]


def every(side: str, count: int = 10, **changed: object) -> Changed:
    return {(pair, side): changed for pair in range(count)}


def test_identical_sides_have_none() -> None:
    assert found(pairs(10)) == []
    assert found(pairs(10, b=3.0)) == []


def test_a_side_that_ended() -> None:
    runs = pairs(8, changed={(4, "B"): {"ended": "exit status 137"}})
    assert found(runs) == ["Side B in pair 5: the service ended during the run, with exit status 137"]
    judged = compare(SIDES, design(8), runs)
    assert judged.verdict == "invalid"
    assert "exit status 137" in judged.sentence
    assert all(one.verdict == "invalid" for one in judged.metrics)


def test_a_side_that_ended_in_a_run_without_a_partner() -> None:
    runs = pairs(8)[:-1]
    last = side_run(runs[-1].side, runs[-1].pair, runs[-1].place, ended="signal SIGSEGV")
    assert compare(SIDES, design(8), [*runs[:-1], last]).verdict == "invalid"


def test_a_void_caveat_is_told_once() -> None:
    void = caveat("void", "generator-saturated", ("rate", "latency"))
    runs = pairs(8, changed={(2, "A"): {"caveats": (void,)}, (5, "A"): {"caveats": (void,)}})
    assert found(runs) == ["Side A in pair 3: The host was under pressure"]
    judged = compare(SIDES, design(8), runs)
    assert judged.verdict == "invalid"
    assert {one.name for one in judged.metrics if one.verdict != "invalid"} == {"errors", "CPU a request"}


def test_a_pair_of_unequal_load() -> None:
    assert found(pairs(6, changed={(3, "B"): {"offered_per_s": 117.0}})) == [
        "Pair 4 was not offered the same load: 1,200 journeys to A, 1,170 to B"
    ]
    assert found(pairs(6, changed={(3, "B"): {"offered_per_s": 118.0}})) == []


def test_a_closed_population_offers_what_the_service_lets_it() -> None:
    assert found(pairs(6, closed=True, changed={(3, "B"): {"offered_per_s": 240.0}})) == []


def test_a_run_that_was_stopped_is_not_held_to_its_partners_load() -> None:
    assert found(pairs(7, changed={(3, "B"): {"offered_per_s": 30.0, "complete": False}})) == []


def test_a_changed_error_mix() -> None:
    runs = pairs(10, b=0.5, changed=every("B", times=0.5, results={"200": 1_140, "500": 60}))
    assert found(runs) == [
        "The sides do not answer alike (500: 0 % of A's answers, 5.00 % of B's), "
        "so their latencies are of different answers"
    ]
    judged = compare(SIDES, design(), runs)
    assert judged.verdict == "invalid"
    errors = next(one for one in judged.metrics if one.name == "errors")
    assert errors.verdict == "slower"  # what fails more is a measurement of its own
    assert "faster" not in {one.verdict for one in judged.metrics if one.name.endswith("response")}


@pytest.mark.parametrize("count", [6, 7, 9, 10, 20])
def test_a_hanging_side_is_seen_from_six_pairs_on(count: int) -> None:
    runs = pairs(count, changed=every("B", count, results={"200": 1_180, "timeout": 20}))
    assert len(found(runs)) == 1


def test_a_mix_that_swaps_kinds_of_error_is_changed_too() -> None:
    changed = every("A", results={"200": 1_140, "503": 60}) | every("B", results={"200": 1_140, "timeout": 60})
    assert len(found(pairs(10, changed=changed))) == 1


def test_another_status_that_is_no_failure_is_only_told() -> None:
    runs = pairs(10, b=0.5, changed=every("B", times=0.5, results={"204": 1_200}, errors=0))
    judged = compare(SIDES, design(), runs)
    assert judged.verdict == "faster"
    assert "answers-differ" in {one.code for one in judged.caveats}


def test_errors_that_both_sides_have_change_nothing() -> None:
    random = np.random.default_rng(4)
    alarms = 0
    for _ in range(200):
        changed: Changed = {}
        for pair in range(6):
            for side in "AB":
                bad = int(random.binomial(1_200, 0.02))
                changed[pair, side] = {"results": {"200": 1_200 - bad, "500": bad}, "requests": 1_200}
        alarms += bool(list(mixes(*paired(_light(changed)).sides())))
    assert alarms <= 2  # .001 of the totals and .031 of the pairs


def _light(changed: Changed) -> list[SideRun]:
    shared = side_run("A", 0, 0)
    runs = []
    for at, ((pair, side), own) in enumerate(changed.items()):
        whole = replace(shared.whole, results=own["results"])
        runs.append(replace(shared, side="A" if side == "A" else "B", pair=pair, place=at, whole=whole, steps=()))
    return runs


def test_a_mix_of_a_step_touches_that_step_alone() -> None:
    runs = []
    for run in pairs(10):
        bad = 30 if run.side == "B" else 0
        detail = next(one for one in run.steps if one.step == "detail")
        failing = replace(detail, results={"200": detail.requests - bad, "500": bad} if bad else detail.results)
        runs.append(replace(run, steps=tuple(failing if one.step == "detail" else one for one in run.steps)))
    assert found(runs) == [
        "The sides do not answer alike in browse.detail (500: 0 % of A's answers, 5.00 % of B's), "
        "so their latencies are of different answers"
    ]
    judged = compare(SIDES, design(), runs, slos=[slo(), slo("list is fast", "list")])
    assert judged.verdict == "invalid"
    by_label = {one.label: one.verdict for one in judged.metrics}
    assert by_label["p95 response of browse.detail"] == "invalid"
    assert by_label["p95 response of browse.list"] == "not-worse"
    beside = compare(SIDES, design(), runs, slos=[slo("list is fast", "list"), slo()])
    assert beside.verdict == "not-worse"
    assert beside.vetoed == ()
    assert "part-invalid" in {one.code for one in beside.caveats}


def test_counts_stand_whatever_happens_to_the_pairs() -> None:
    runs = pairs(8, changed={(4, "B"): {"ended": "exit status 1"}})
    judged = compare(SIDES, design(8), runs, counted=(counted(2.0), counted(3.0, side="B")))
    assert judged.verdict == "invalid"
    assert next(one for one in judged.metrics if one.method == "by count").verdict == "slower"


def test_a_veto_without_kinds_touches_everything_but_counts() -> None:
    judged = compare(SIDES, design(), pairs(10), counted=(counted(2.0), counted(2.0, side="B")))
    for one in judged.metrics:
        assert touches(Veto("."), one) == (one.method != "by count")
        assert touches(Veto(".", frozenset({"rate"})), one) == (one.name == "throughput")


def test_the_split_of_totals_is_the_binomial_test() -> None:
    for a, b, whole_a, whole_b in (
        (0, 12, 5_000, 5_000),
        (3, 9, 4_000, 6_000),
        (40, 41, 1_000, 1_000),
        (5, 0, 90, 900),
    ):
        share = whole_b / (whole_a + whole_b)
        tails = [binomtest(b, a + b, share, alternative=each).pvalue for each in ("less", "greater")]
        assert _chance(a, b, whole_a, whole_b) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)
