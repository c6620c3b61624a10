"""How alike: the true law is near, a wrong one is called worse than nothing, and what cannot be told is not told."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from loadstone.model.estimate import Estimate
from loadstone.model.fidelity import Fidelity, Likeness
from loadstone.model.traffic import Dispersion, Traffic, VisitClass
from loadstone.traffic.fit import MemoryHits, fit, generate, score
from loadstone.traffic.fit.fit import held_from_ns
from loadstone.traffic.fit.survey import survey_of
from tests.traffic.fit.worlds import LIST, ORDERS, SHOP, known, log, poisson, step


def row(told: Fidelity, measure: str, window_s: float | None = None) -> Likeness:
    return next(each for each in told.rows if (each.measure, each.window_s) == (measure, window_s))


def value(told: Estimate | None) -> float:
    assert told is not None
    return told.value


@pytest.fixture(scope="module")
def halves() -> tuple[MemoryHits, MemoryHits]:
    return generate(SHOP, 21, 5 * 3600), generate(SHOP, 22, 3 * 3600)


@pytest.fixture(scope="module")
def training(halves: tuple[MemoryHits, MemoryHits]) -> Traffic:
    return fit(halves[0], hold_out_share=0)


def test_the_law_itself_is_near_and_nearer_than_the_naive_one(
    halves: tuple[MemoryHits, MemoryHits], training: Traffic
) -> None:
    told = score(training, *halves)
    assert told is not None
    assert not told.worse
    assert told.sentence.startswith("The workload is closer to the traffic held out than the naive reference in")
    for measure in ("popularity", "length"):
        assert row(told, measure).verdict == "closer"
    assert row(told, "dispersion", 60.0).verdict == "closer"
    assert value(row(told, "mix").workload) < 0.04
    assert value(row(told, "think").workload) < 0.06
    assert row(told, "think").naive is None
    assert value(row(told, "length").naive) > 0.4
    for each in told.rows:
        for side in (each.workload, each.naive, each.replay):
            if side is not None:
                assert side.low is not None
                assert 0 <= side.low <= side.value
    assert (told.fitted_requests, told.held_out_requests) == tuple(len(half.rows.time_ns) for half in halves)


def wrong(traffic: Traffic) -> Traffic:
    """Hundreds of requests a visit, one item for all, bursts that are not there."""
    steps = (step(None, ORDERS, 1), step(ORDERS, ORDERS, 0.99), step(ORDERS, None, 0.01))
    endless = VisitClass("products", 1, known(1.0), known(100), steps, traffic.visits[0].paces)
    popular = tuple(replace(one, exponent=known(7.0), shift=known(0.0)) for one in traffic.popularity)
    bursts = tuple(Dispersion(window, known(index)) for window, index in ((1.0, 60.0), (10.0, 500.0), (60.0, 2500.0)))
    return replace(
        traffic, visits=(endless,), popularity=popular, arrivals=replace(traffic.arrivals, dispersion=bursts)
    )


def test_a_workload_worse_than_the_naive_reference_is_called_so(
    halves: tuple[MemoryHits, MemoryHits], training: Traffic
) -> None:
    told = score(wrong(training), *halves)
    assert told is not None
    assert told.worse
    assert told.sentence.startswith("The workload is worse than the naive reference")
    assert row(told, "mix").verdict == "worse"
    assert row(told, "dispersion", 1.0).verdict == "worse"


def test_a_replay_of_the_part_held_out_is_the_part_held_out(training: Traffic) -> None:
    hits = generate(SHOP, 23, 2 * 3600)
    told = score(training, hits, hits)
    assert told is not None
    for each in told.rows:
        if each.replay is not None:
            assert each.replay.value < 0.03, each


def test_where_the_naive_reference_is_the_truth_nobody_is_closer() -> None:
    single = VisitClass("products", 1, known(1.0), known(1), (step(None, LIST, 0.6), step(None, ORDERS, 0.4)))
    law = replace(poisson(SHOP), visits=(single,), popularity=())
    told = fit(generate(law, 5, 4 * 3600, rate_per_s=0.6)).fidelity
    assert told is not None
    assert not told.worse
    assert {each.verdict for each in told.rows} <= {"alike", "not told"}
    assert told.sentence.startswith("The workload is no closer to the traffic held out")
    assert value(row(told, "length").naive) == 0


def test_too_few_visits_are_not_scored(training: Traffic) -> None:
    few = log([(float(at), at % 3, LIST) for at in range(300)])
    assert score(training, few, few) is None
    assert fit(few).fidelity is None


def test_whole_days_are_held_out_where_there_are_some() -> None:
    day = 86_400.0
    rows = [(1_700_000_000 + at * day * 5 / 4000, at, LIST) for at in range(4000)]
    survey = survey_of(log(rows), 3600)
    begin = held_from_ns(survey, 0.3)
    assert begin % (86_400 * 10**9) == 0
    assert 0.5 < (survey.last_ns - begin) / 1e9 / day < 2.5
    short = survey_of(log(rows[:400]), 3600)
    assert held_from_ns(short, 0.25) == pytest.approx(short.last_ns - 0.25 * (short.last_ns - short.first_ns), abs=2)


def test_the_same_log_gives_the_same_score() -> None:
    hits = generate(SHOP, 6, 1800)
    assert fit(hits, idle_s=300) == fit(hits, idle_s=300)


def test_other_clocks_do_not_make_it_unlike(halves: tuple[MemoryHits, MemoryHits]) -> None:
    coarse = [
        MemoryHits(half.rows._replace(time_ns=half.rows.time_ns // 10**9 * 10**9), half.routes()) for half in halves
    ]
    told = score(fit(coarse[0], hold_out_share=0), *coarse)
    assert told is not None
    assert value(row(told, "think").workload) < 0.06
    assert value(row(told, "gaps").workload) < 0.05
    assert np.isfinite(value(row(told, "gaps").naive))
