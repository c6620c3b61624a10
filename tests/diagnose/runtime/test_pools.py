"""Who waits for a pool, who holds it, and who stood still."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.diagnose.runtime.pools import holds_of, most_at_once, pools, size_of, stuck, waits_of
from tests.cases.pool_deadlock.guilty import four_orders_at_once
from tests.cases.pool_deadlock.lookalike import a_pool_that_is_too_small
from tests.scenes import Story


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=20))
def test_the_most_at_once_is_found_by_counting(intervals: list[tuple[int, int]]) -> None:
    start = np.array([begin for begin, _ in intervals], np.int64)
    end = start + np.array([lasts for _, lasts in intervals], np.int64)
    most = max((sum(b <= at < b + n for b, n in intervals) for at in range(75)), default=0)
    assert most_at_once(start, end) == most


def test_a_connection_is_held_from_the_first_statement_to_the_last() -> None:
    story = Story()
    for request in story.requests(3):
        request.span("internal", "pool wait", 0.01, exact=True)
        request.sql("SELECT 1", 0.02, exact=True)
        request.call("GET", "rates", "/", 0.1, exact=True)
        request.sql("SELECT 2", 0.03, exact=True)
        request.spend(0.5)
    digest = story.digest()
    (pool,) = pools(digest)
    holds = holds_of(digest, pool)
    assert holds.held_ns / 1e9 == pytest.approx([0.15] * 3)
    assert holds.working_ns / 1e9 == pytest.approx([0.05] * 3)
    assert waits_of(digest, pool).ns / 1e9 == pytest.approx([0.01] * 3)


def test_pools_of_services_and_of_stores_are_apart() -> None:
    story = Story()
    for request in story.requests(2):
        request.span("internal", "pool wait", 0.01, scope="redis", db_system_name="redis")
        request.span("internal", "pool wait", 0.01, scope="sqlalchemy")
        request.span("internal", "HikariDataSource.getConnection", 0.01, service="orders")
        request.sql("SELECT 1", 0.01)
        request.sql("GET ?", 0.01, system="redis")
    digest = story.digest()
    found = list(pools(digest))
    assert [pool.service for pool in found] == ["orders", "shop", "shop"]
    systems = [{digest.operations[number].system for number in pool.working} for pool in found]
    assert systems == [set(), {"postgresql"}, {"redis"}]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ('{"db.client.connection.max": 7}', 7),
        ('{"db.client.connection.max": "7"}', None),
        ('{"db.client.connection.max": -1}', None),
        ("{max", None),
        ("[]max", None),
    ],
)
def test_the_size_is_what_a_span_says(text: str, size: int | None) -> None:
    story = Story()
    for request in story.requests(2):
        request.span("internal", "pool wait", 0.01, attributes=text)
    _, scene = story.made()
    (pool,) = pools(scene.digest)
    assert size_of(scene, pool) == size


def test_only_those_who_hold_one_and_wait_for_another_are_stuck() -> None:
    digest = four_orders_at_once().digest()
    (pool,) = pools(digest)
    waits = waits_of(digest, pool)
    stood = stuck(digest, pool, waits)
    steps = {digest.steps[int(digest.requests.step[request])].name for request in waits.request[stood]}
    assert steps == {"order"}
    assert stood.sum() == 32

    digest = a_pool_that_is_too_small().digest()
    (pool,) = pools(digest)
    assert not stuck(digest, pool, waits_of(digest, pool)).any()
