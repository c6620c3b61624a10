"""A model comes back from its own traffic, and what scales scales."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.model.hits import BOT, MONITOR, PERSON, SCANNER
from loadstone.model.traffic import Traffic
from loadstone.traffic.fit import MemoryHits, fit, generate
from tests.traffic.fit.worlds import DETAIL, LIST, ORDER, ORDERS, SEARCH, SHOP, log, route

HOURS = 6.0


@pytest.fixture(scope="module")
def shop() -> MemoryHits:
    return generate(SHOP, 5, HOURS * 3600)


@pytest.fixture(scope="module")
def fitted(shop: MemoryHits) -> Traffic:
    return fit(shop)


def test_classes_and_what_follows_what(fitted: Traffic) -> None:
    assert [one.name for one in fitted.visits] == ["products", "orders"]
    true = {(s.before, s.after): s.probability.value for one in SHOP.visits for s in one.transitions}
    told = {(s.before, s.after): s.probability for one in fitted.visits for s in one.transitions}
    assert told.keys() == true.keys()
    for place, probability in true.items():
        assert told[place].value == pytest.approx(probability, abs=0.03), place
    for one in fitted.visits:
        for before in {step.before for step in one.transitions}:
            assert sum(s.probability.value for s in one.transitions if s.before == before) == pytest.approx(1)


def test_paces_popularity_and_arrivals(fitted: Traffic) -> None:
    paces = {pace.route: pace for one in fitted.visits for pace in one.paces}
    assert paces[LIST].median_s.value == pytest.approx(4, rel=0.08)
    assert paces[DETAIL].sigma.value == pytest.approx(0.9, rel=0.08)
    (popular,) = fitted.popularity
    assert (popular.route, popular.field) == (DETAIL, "id")
    assert popular.exponent.value == pytest.approx(1.1, abs=0.12)
    assert fitted.arrivals.visits_per_s.value == pytest.approx(0.53, rel=0.15)
    assert [one.window_s for one in fitted.arrivals.dispersion] == [1, 10, 60]
    assert fitted.arrivals.dispersion[0].index.value == pytest.approx(1.4, rel=0.15)
    assert fitted.reads.value == pytest.approx(0.945, abs=0.01)


def test_every_number_has_a_range_a_source_and_a_count(fitted: Traffic) -> None:
    every = [load.share for load in fitted.mix] + [fitted.reads]
    every += [each for one in fitted.visits for each in (one.share, one.length)]
    every += [step.probability for one in fitted.visits for step in one.transitions]
    every += [each for one in fitted.visits for pace in one.paces for each in (pace.median_s, pace.sigma)]
    every += [each for one in fitted.popularity for each in (one.exponent, one.shift)]
    every += [fitted.arrivals.visits_per_s, fitted.arrivals.requests_per_s]
    every += [one.index for one in fitted.arrivals.dispersion]
    for each in every:
        assert each.source
        assert each.count > 0
        assert each.low is not None
        assert each.high is not None
        assert each.low <= each.value <= each.high


def test_permuting_clients_changes_nothing(shop: MemoryHits, fitted: Traffic) -> None:
    rows = shop.rows
    names, where = np.unique(rows.client, return_inverse=True)
    other = np.random.default_rng(1).permutation(names)[where]
    again = fit(MemoryHits(rows._replace(client=other), shop.routes()), hold_out_share=0)
    assert again.mix == fitted.mix
    assert again.arrivals == fitted.arrivals
    assert [one.transitions for one in again.visits] == [one.transitions for one in fitted.visits]


def test_scaling_time_scales_pauses_and_rates(shop: MemoryHits, fitted: Traffic) -> None:
    rows = shop.rows
    slow = MemoryHits(rows._replace(time_ns=rows.time_ns * 2), shop.routes())
    again = fit(slow, idle_s=3600, peak_s=7200, hold_out_share=0)
    assert again.mix == fitted.mix
    assert again.arrivals.visits_per_s.value == pytest.approx(fitted.arrivals.visits_per_s.value / 2, rel=1e-6)
    assert again.arrivals.peak_s == 2 * fitted.arrivals.peak_s
    assert [one.transitions for one in again.visits] == [one.transitions for one in fitted.visits]
    for one, other in zip(fitted.visits, again.visits, strict=True):
        for pace, twice in zip(one.paces, other.paces, strict=True):
            assert twice.median_s.value == pytest.approx(2 * pace.median_s.value, rel=0.01)
            assert twice.sigma.value == pytest.approx(pace.sigma.value, rel=0.01)


def test_a_log_twice_as_long_moves_no_estimate(shop: MemoryHits, fitted: Traffic) -> None:
    rows = shop.rows
    later = round(2 * HOURS * 3600e9)
    twice = type(rows)._make(np.concatenate([column, column]) for column in rows)
    twice = twice._replace(
        time_ns=np.concatenate([rows.time_ns, rows.time_ns + later]),
        client=np.concatenate([rows.client, rows.client + np.uint64(10**9)]),
    )
    again = fit(MemoryHits(twice, shop.routes()), hold_out_share=0)
    for load, other in zip(fitted.mix, again.mix, strict=True):
        assert other.share.value == pytest.approx(load.share.value, rel=1e-9)
        assert other.requests == 2 * load.requests
    assert again.reads.value == pytest.approx(fitted.reads.value, rel=1e-9)
    assert again.arrivals.visits_per_s.value == pytest.approx(fitted.arrivals.visits_per_s.value, rel=0.02)
    for one, two in zip(fitted.visits, again.visits, strict=True):
        assert two.share.value == pytest.approx(one.share.value, rel=1e-9)
        assert two.length.value == pytest.approx(one.length.value, rel=0.03)
        for pace, other_pace in zip(one.paces, two.paces, strict=True):
            assert other_pace.median_s.value == pytest.approx(pace.median_s.value, rel=0.05)


def test_whole_seconds_and_durations_are_undone() -> None:
    hits = generate(SHOP, 7, 4 * 3600)
    lasts = np.random.default_rng(1).integers(20_000_000, 400_000_000, len(hits.rows.time_ns))
    end = (hits.rows.time_ns + lasts) // 10**9 * 10**9
    told = fit(MemoryHits(hits.rows._replace(time_ns=end - lasts, duration_ns=lasts), hits.routes()), hold_out_share=0)
    paces = {pace.route: pace for one in told.visits for pace in one.paces}
    assert "end of the reply" in paces[LIST].median_s.source
    assert paces[DETAIL].median_s.value == pytest.approx(12 - 0.21, rel=0.08)
    load = next(load for load in told.mix if load.route == LIST)
    assert load.duration_p50_s == pytest.approx(0.21, rel=0.05)
    assert load.duration_p99_s == pytest.approx(0.396, rel=0.05)


def test_robots_are_counted_and_left_out() -> None:
    rows = [(float(at), at % 40, LIST) for at in range(0, 4000, 4)]
    kind = np.full(1000, PERSON, dtype=np.uint8)
    kind[::10], kind[1::10], kind[2::10] = BOT, SCANNER, MONITOR
    told = fit(log(rows, kind=kind), hold_out_share=0)
    assert sum(load.requests for load in told.mix) == 700
    assert any("100 of crawlers and 100 of scanners and 100 of health checks" in note for note in told.notes)


def test_what_is_no_work_of_the_service_is_left_out_and_told() -> None:
    routes = (route(LIST), route("GET /static/{id}", aside="static"))
    rows = [(float(at), at % 40, LIST if at % 3 else "GET /static/{id}") for at in range(3000)]
    told = fit(log(rows, routes), hold_out_share=0)
    assert [load.route for load in told.mix] == [LIST]
    assert any("1,000 requests of people (33.3 %) were for files" in note for note in told.notes)


def test_rare_heavy_operations_are_kept_on_purpose() -> None:
    rng = np.random.default_rng(1)
    names = rng.choice([LIST, DETAIL, ORDER, "GET /report"], 20_000, p=[0.6, 0.39, 0.005, 0.005])
    rows = [
        (at * 0.5, int(client), str(name))
        for at, (client, name) in enumerate(zip(rng.integers(0, 900, 20_000), names, strict=True))
    ]
    lasts = np.where(names == "GET /report", 4_000_000_000, 30_000_000)
    told = fit(log(rows, duration_ns=lasts), hold_out_share=0)
    kept = {load.route: load.kept for load in told.mix}
    assert kept == {LIST: None, DETAIL: None, ORDER: "writes", "GET /report": "slow"}


def test_a_busy_hour_in_a_quiet_day_is_found() -> None:
    rng = np.random.default_rng(2)
    quiet, busy = np.sort(rng.random(800)) * 86_400, 50_000 + np.sort(rng.random(3000)) * 3600
    rows = [(float(time), at, ORDERS) for at, time in enumerate(np.sort(np.concatenate([quiet, busy])))]
    told = fit(log(rows), hold_out_share=0)
    assert told.arrivals.peak_start_ns / 1e9 == pytest.approx(50_000, abs=120)
    assert told.arrivals.visits_per_s.value == pytest.approx(3033 / 3600, rel=0.03)
    assert sum(told.arrivals.daily) == pytest.approx(1) or told.arrivals.daily == ()


def test_the_day_is_told_of_a_log_of_days() -> None:
    rows = [(86_400.0 * day + 3600 * 14 + at, at + 1000 * day, ORDERS) for day in range(3) for at in range(500)]
    told = fit(log(rows), hold_out_share=0)
    assert told.arrivals.daily[14] == 1
    assert sum(told.arrivals.daily) == 1


def test_search_is_a_way_in(fitted: Traffic) -> None:
    begins = {s.after: s.probability.value for one in fitted.visits for s in one.transitions if s.before is None}
    assert begins[SEARCH] == pytest.approx(0.3, abs=0.03)


def test_files_that_pages_are_drawn_with_are_left_out_unless_they_are_the_work() -> None:
    names = [LIST, "GET /style.css", "GET /images/{id}.png"]
    rows = [(float(at), at % 40, names[at % 3]) for at in range(3000)]
    told = fit(log(rows), hold_out_share=0)
    assert [load.route for load in told.mix] == [LIST]
    assert any("2,000 requests of people (66.7 %) were for files" in note for note in told.notes)
    files = fit(log([(float(at), at % 40, names[1 + at % 2]) for at in range(3000)]), hold_out_share=0)
    assert {load.route for load in files.mix} == set(names[1:])
