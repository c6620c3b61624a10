"""Long waits that are no deadlock: others get on, the first connection was given back, or nothing was held."""

from __future__ import annotations

from tests.cases.pool_deadlock.guilty import SIZE
from tests.queueing import Queue
from tests.scenes import Story


def a_pool_that_is_too_small() -> Story:
    """Waits up to the time-out, while the pool works without a pause."""
    story = Story()
    queue = Queue(2)
    for request in story.requests(600, rate_per_s=45):
        waited = min(1.0, queue.take(request.at_s, 0.045))
        if waited > 0:
            request.span("internal", "pool wait", waited, exact=True, **SIZE)
        request.sql("SELECT 1", 0.04)
    return story


def given_back_before_the_second() -> Story:
    story = Story()
    for _ in range(6):
        for request in story.requests(30, rate_per_s=20):
            request.sql("SELECT 1", 0.003)
        for request in story.requests(4, rate_per_s=500):
            request.sql("BEGIN", 0.0005)
            request.sql("INSERT INTO orders VALUES (?)", 0.003)
            request.sql("COMMIT", 0.0005)
            request.span("internal", "pool wait", 2.0, exact=True, **SIZE)
            request.sql("INSERT INTO audit VALUES (?)", 0.003)
        story.pause(3.0)
    return story


def a_second_that_is_had_while_others_work() -> Story:
    """It holds one and waits for another, and gets it: others go on all the time."""
    story = Story()
    for request in story.requests(900, rate_per_s=40):
        request.sql("SELECT 1", 0.004)
        if request.number % 10 == 0:
            request.span("internal", "pool wait", 0.3, exact=True, **SIZE)
            request.sql("SELECT 2", 0.004)
    return story


def the_database_stands() -> Story:
    """Everybody waits for the pool, and none of them holds anything."""
    story = Story()
    for _ in range(6):
        for request in story.requests(30, rate_per_s=20):
            request.sql("SELECT 1", 0.003)
        for request in story.requests(8, rate_per_s=500):
            request.span("internal", "pool wait", 2.0, exact=True, **SIZE)
            request.sql("SELECT 1", 0.003)
        story.pause(3.0)
    return story


CASES = (
    a_pool_that_is_too_small,
    given_back_before_the_second,
    a_second_that_is_had_while_others_work,
    the_database_stands,
)
ALSO = ("pool-wait", "slow-statement")
