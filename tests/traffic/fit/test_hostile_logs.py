"""Logs that tell little, or lie: each says what it cannot tell, and every number is finite."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from loadstone.model.hits import BOT, HitBatch
from loadstone.model.log_reading import LogReading
from loadstone.model.traffic import Traffic
from loadstone.render.traffic_text import traffic_text
from loadstone.traffic.fit import MemoryHits, assumptions, batch_of, feeds, fit, generate, journeys, shapes
from tests.traffic.fit.worlds import DETAIL, LIST, ORDERS, log, route


def empty() -> MemoryHits:
    none = np.zeros(0, dtype=np.int64)
    return MemoryHits(batch_of(none, none.astype(np.uint64), none.astype(np.int32), (route(LIST),)), (route(LIST),))


def noise(count: int, seed: int) -> MemoryHits:
    rng = np.random.default_rng(seed)
    routes = tuple(route(name) for name in (LIST, DETAIL, ORDERS))
    batch = batch_of(
        rng.integers(-(2**40), 2**61, count),
        rng.integers(0, 2**63, count).astype(np.uint64),
        rng.integers(0, 3, count).astype(np.int32),
        routes,
        value=rng.integers(0, 2**63, count).astype(np.uint64),
        duration_ns=rng.integers(-1, 2**50, count),
        status=rng.integers(0, 1000, count).astype(np.uint16),
    )
    return MemoryHits(batch, routes)


LOGS = {
    "empty": (empty(), "There is no traffic of people"),
    "one hit": (log([(5.0, 1, LIST)]), "how many in a second the log does not tell"),
    "one client": (log([(float(at), 1, LIST) for at in range(500)]), "too few visits"),
    "all bots": (log([(float(at), at, LIST) for at in range(50)], kind=np.full(50, BOT, dtype=np.uint8)), "crawlers"),
    "one instant": (log([(7.0, at % 9, LIST) for at in range(400)]), "the same instant"),
    "two instants": (log([(7.0 + at % 2, at, LIST) for at in range(400)]), "less than four idle times"),
    "backwards": (log([(float(-at), at % 50, LIST) for at in range(3000)]), "requests were sent"),
    "before 1970 and after 2200": (noise(3000, 1), "visits began"),
    "no route": (log([(float(at), at, LIST) for at in range(99)], route=np.full(99, -1, dtype=np.int32)), "no traffic"),
}


def numbers(value: object) -> list[float]:
    if isinstance(value, dict):
        return [each for inner in value.values() for each in numbers(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in numbers(inner)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


@pytest.mark.parametrize("name", LOGS)
def test_it_says_what_it_cannot_tell(name: str) -> None:
    hits, words = LOGS[name]
    told = fit(hits)
    text = traffic_text(told, assumptions(told))
    assert words in " ".join(text.split())
    content = msgspec.json.encode(told)
    assert all(map(math.isfinite, numbers(msgspec.json.decode(content))))
    assert msgspec.json.decode(content, type=Traffic) == told


@pytest.mark.parametrize("name", LOGS)
def test_a_spec_can_be_asked_of_it(name: str) -> None:
    told = fit(LOGS[name][0])
    made, _ = journeys(told, {})
    assert made == ()
    feeds(told)
    for shape in shapes(told):
        assert shape.phases[-1].rate_per_s
    assert len(generate(told, 1, 10).rows.time_ns) >= 0


def test_a_slice_of_the_night_has_its_own_peak() -> None:
    told = fit(log([(float(at) * 3, at % 200, LIST) for at in range(600)]), peak_s=3600)
    assert told.arrivals.peak_s == pytest.approx(1797, abs=1)


def test_batches_in_any_order_of_files() -> None:
    class Backwards(MemoryHits):
        def batches(self) -> Iterator[HitBatch]:
            return iter([type(self.rows)._make(column[::-1] for column in self.rows)])

    rows = [(float(at), at % 50, LIST) for at in range(3000)]
    one = log(rows)
    assert fit(Backwards(one.rows, one.routes())).mix == fit(one).mix


def test_unsettled_routes_are_merged() -> None:
    class Unsettled(MemoryHits):
        def settled(self) -> np.ndarray:
            return np.array([0, 0, -1, -1], dtype=np.int32)

    rows = log([(float(at), at % 50, (LIST, DETAIL, ORDERS)[at % 3]) for at in range(3000)])
    told = fit(Unsettled(rows.rows, (route(LIST),), LogReading(hits=3000)), hold_out_share=0)
    assert [(load.route, load.requests) for load in told.mix] == [(LIST, 2000)]
    assert any("1,000 requests of people (33.3 %) led to no route" in note for note in told.notes)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(14))
def test_whatever_a_log_holds_something_is_told(seed: int) -> None:
    """Any size, span, clock, crowd and mix of kinds, from one instant to thirty years."""
    rng = np.random.default_rng(seed)
    count, span = int(rng.choice([1, 5, 30, 200, 1500])), float(rng.choice([0, 1, 600, 3600, 1e5, 1e9]))
    routes = tuple(
        route(f"{rng.choice(['GET', 'POST', 'DELETE'])} /{rng.choice(['a', 'b', 'api'])}/{at}{tail}")
        for at, tail in enumerate(rng.choice(["", "/{id}"], 8))
    )
    grain = int(rng.choice([1, 10**6, 10**9, 6 * 10**10]))
    batch = batch_of(
        (rng.random(count) * span * 1e9).astype(np.int64) // grain * grain,
        rng.integers(0, int(rng.choice([1, 3, 500])), count).astype(np.uint64),
        rng.integers(-1, 8, count).astype(np.int32),
        routes,
        value=rng.zipf(1.5, count).astype(np.uint64),
        duration_ns=rng.lognormal(15, 3, count).astype(np.int64) if rng.random() < 0.5 else None,
        kind=(rng.random(count) < 0.1).astype(np.uint8),
        status=rng.choice([200, 404, 500], count).astype(np.uint16),
    )
    idle_s, peak_s = float(rng.choice([1, 60, 1800])), float(rng.choice([1, 60, 3600]))
    told = fit(MemoryHits(batch, routes), idle_s=idle_s, peak_s=peak_s)
    assert traffic_text(told, assumptions(told), width=60)
    assert all(map(math.isfinite, numbers(msgspec.json.decode(msgspec.json.encode(told)))))
    shapes(told)
    feeds(told)
