"""The model as a spec says it, and that the spec accepts what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loadstone.model.draft import Draft
from loadstone.model.log_reading import LogFile, LogReading
from loadstone.model.route import Field, Route
from loadstone.model.service import Service
from loadstone.model.traffic import Arrivals, Dispersion, Popularity, RouteLoad, Traffic
from loadstone.model.workload import Feed, Journey, Step
from loadstone.render.spec_toml import feed_csv, spec_toml
from loadstone.spec import load
from loadstone.stats.traffic.bursts import burst_variances, nearest_indexes
from loadstone.traffic.fit import assumptions, feed_names, feeds, journeys, shapes
from loadstone.traffic.fit.to_spec import _spliced
from tests.traffic.fit.worlds import DETAIL, LIST, ORDER, ORDERS, SEARCH, SHOP, known, step

STEPS = {route.id: Step(route.id, route.method.lower(), route.template) for route in SHOP.routes}


def follows(journey: Journey) -> dict[str, dict[str, float]]:
    return {action.name: action.next or {} for action in journey.actions if isinstance(action, Step)}


def test_a_journey_for_each_class_of_visits() -> None:
    (products, orders), assumed = journeys(SHOP, STEPS)
    assert (products.name, products.weight, orders.name, orders.weight) == ("products", 70, "orders", 30)
    assert products.start == {LIST: 0.7, SEARCH: 0.3}
    assert follows(products) == {LIST: {LIST: 0.1, DETAIL: 0.6}, SEARCH: {DETAIL: 0.5}, DETAIL: {LIST: 0.4}}
    assert orders.start is None
    assert follows(orders) == {ORDERS: {ORDERS: 0.2, ORDER: 0.3}, ORDER: {}}
    first = products.actions[0]
    assert isinstance(first, Step)
    assert first.pause is not None
    assert (first.pause.distribution, first.pause.value_s, first.pause.sigma) == ("lognormal", 4, 1.1)
    last = orders.actions[-1]
    assert isinstance(last, Step)
    assert last.pause is None
    assert "share of visits: products" in {one.name for one in assumed}


def test_a_route_without_a_step_is_spliced_out_and_named() -> None:
    made, assumed = journeys(SHOP, {name: each for name, each in STEPS.items() if name != DETAIL})
    told = follows(made[0])
    # by hand: from the list .6 go to a detail, of whom .4 come back
    assert told[LIST][LIST] == pytest.approx(0.1 + 0.6 * 0.4, abs=1e-4)
    assert told[SEARCH][LIST] == pytest.approx(0.5 * 0.4, abs=1e-4)
    assert f"{DETAIL} is left out" in {one.name for one in assumed}
    nobody, why = journeys(SHOP, {})
    assert nobody == ()
    assert "visits of orders are left out" in {one.name for one in why}


def test_a_class_that_begins_elsewhere_weighs_less() -> None:
    made, _ = journeys(SHOP, {name: STEPS[name] for name in (LIST, ORDERS)})
    assert made[0].start is None
    assert made[0].weight == pytest.approx(100 * 0.7 * (0.7 + 0.3 * 0.5 * 0.4), rel=0.01)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_splicing_keeps_what_comes_of_everything_else(seed: int, states: int) -> None:
    """Visits to the states that stay are as many as before: by the fundamental matrix of both chains."""
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(states + 1), states + 1)
    out = int(rng.integers(0, states))

    def visited(chain: np.ndarray) -> np.ndarray:
        return np.linalg.solve(np.eye(states) - chain[:-1, :-1].T, chain[-1, :-1])

    before, after = visited(table), visited(_spliced(table, out))
    stays = np.arange(states) != out
    assert after[stays] == pytest.approx(before[stays])
    assert after[out] == pytest.approx(0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_written_adds_up(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [LIST, DETAIL, SEARCH, ORDERS]
    steps = []
    for before in (None, *names):
        chances = rng.dirichlet(np.full(5, 0.3))
        targets = [*names, None if before is not None else ORDER]
        steps += [step(before, after, float(p)) for after, p in zip(targets, chances, strict=True)]
    one = replace(SHOP.visits[0], transitions=tuple(steps))
    (made,), _ = journeys(replace(SHOP, visits=(one,)), STEPS)
    if made.start is not None:
        assert sum(made.start.values()) == pytest.approx(1, abs=1e-9)
    told = follows(made)
    for row in told.values():
        assert sum(row.values()) <= 1 + 1e-9
        assert set(row) <= set(told)
    reached, waiting = set(), list(made.start or [made.actions[0].name])  # type: ignore[union-attr]
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            waiting += told[at]
    assert reached == set(told)


def test_a_rare_heavy_route_does_not_vanish_in_rounding() -> None:
    steps = (step(None, ORDERS, 1), step(ORDERS, ORDER, 0.00001), step(ORDERS, None, 0.99999), step(ORDER, None, 1))
    law = replace(SHOP, visits=(replace(SHOP.visits[1], transitions=steps),))
    assert follows(journeys(law, STEPS)[0][0]) == {ORDERS: {}}
    kept = replace(law, mix=(RouteLoad(ORDER, 3, known(0.00001), kept="writes"),))
    assert follows(journeys(kept, STEPS)[0][0]) == {ORDERS: {ORDER: 0.0001}, ORDER: {}}


def test_the_peak_is_a_shape_with_bursts() -> None:
    (shape,) = shapes(SHOP)
    assert (shape.name, shape.arrivals) == ("peak", "poisson")
    assert [phase.measured for phase in shape.phases] == [False, True]
    assert {phase.rate_per_s for phase in shape.phases} == {0.5}
    assert [(burst.window_s, burst.index) for burst in shape.bursts] == [(1.0, 1.4), (10.0, 2.5), (60.0, 4.6)]
    assert shapes(replace(SHOP, arrivals=Arrivals(0, 0.0, known(0), known(0)))) == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.01, 3000), min_size=3, max_size=3), st.floats(0.001, 500))
def test_whatever_was_measured_the_spec_can_have(indexes: list[float], rate: float) -> None:
    dispersion = tuple(
        Dispersion(window, known(index)) for window, index in zip((1.0, 10.0, 60.0), indexes, strict=True)
    )
    (shape,) = shapes(replace(SHOP, arrivals=Arrivals(0, 3600.0, known(rate), known(0), dispersion)))
    if shape.bursts:
        windows, told = [burst.window_s for burst in shape.bursts], [burst.index for burst in shape.bursts]
        near = nearest_indexes(windows, told)
        assert told == pytest.approx(near, rel=0.01)
        assert max(burst_variances(shape.phases[-1].rate_per_s or 0, windows, told)) <= 50


def test_poisson_arrivals_need_no_bursts() -> None:
    even = tuple(Dispersion(window, replace(known(1.02), low=0.9, high=1.2)) for window in (1.0, 10.0))
    (shape,) = shapes(replace(SHOP, arrivals=replace(SHOP.arrivals, dispersion=even)))
    assert shape.bursts == ()


def catalogue(*fields: Field) -> Traffic:
    routes = (
        Route("GET", "/api/v1/products/{id}", fields),
        Route("GET", "/users/{id}", (Field("id", kind="personal"),)),
    )
    popular = tuple(Popularity(route.id, "id", 300, known(1.1), known(2.7), 9000) for route in routes)
    return replace(SHOP, routes=routes, popularity=popular)


def test_items_are_rows_by_rank_where_they_may_be_read() -> None:
    law = catalogue(Field("id", kind="number", values=("17", "4"), counts=(9, 5), distinct=300))
    (feed,) = feeds(law)
    assert feed == Feed("products", ("id",), (("17",), ("4",)), "zipf", "traffic/products.csv", 1.1, 2.7, "request")
    assert feed_names(law) == {("GET /api/v1/products/{id}", "id"): "products"}
    assert feeds(catalogue(Field("id", kind="token", values=("secret",)))) == ()
    assert feeds(catalogue(Field("id"))) == ()


def test_feeds_have_names_of_their_own() -> None:
    field = Field("id", values=("1",))
    routes = tuple(Route(method, f"/items/{{id}}{tail}", (field,)) for method in ("GET", "PUT") for tail in ("", "/x"))
    popular = tuple(Popularity(route.id, "id", 9, known(1), known(0)) for route in routes)
    names = feed_names(replace(SHOP, routes=routes, popularity=popular)).values()
    assert len(set(names)) == 4
    assert all(name.isidentifier() for name in names)


def test_every_assumption_has_its_source_and_a_day_to_look_again() -> None:
    reading = LogReading((LogFile("a", "combined", 9, 1, 1_700_000_000 * 10**9),))
    told = assumptions(replace(SHOP, reading=reading))
    assert {one.review for one in told} == {"2024-02-12"}
    assert {one.name for one in told} >= {"visits that begin at the peak", "pause that ends a visit"}


def test_the_spec_reads_what_it_is_given(tmp_path: Path) -> None:
    route = Route("GET", "/products/{id}", (Field("id", kind="number", values=("17", "4"), distinct=300),))
    law = replace(SHOP, routes=(route, *(each for each in SHOP.routes if each.id != DETAIL)))
    (name,) = feed_names(law).values()
    steps = STEPS | {DETAIL: replace(STEPS[DETAIL], target=f"/products/{{{name}.id}}")}
    made, assumed = journeys(law, steps)
    rows = feeds(law)
    draft = Draft(Service("http://127.0.0.1:8000"), made, shapes(law), rows, assumptions=(*assumed, *assumptions(law)))
    (tmp_path / "traffic").mkdir()
    for feed in rows:
        (tmp_path / (feed.source or "")).write_text(feed_csv(feed))
    path = tmp_path / "loadstone.toml"
    path.write_text(spec_toml(draft))
    read = load(path)
    assert read.workload.journeys == made
    assert tuple(read.shapes.values()) == shapes(law)
    assert [(feed.name, feed.rows, feed.order, feed.exponent, feed.per) for feed in read.workload.feeds] == [
        ("products", (("17",), ("4",)), "zipf", 1.1, "request")
    ]
