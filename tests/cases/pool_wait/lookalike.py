"""Waits that hand over a connection, that open one, that fill the pool at the start, or that are a deadlock's."""

from __future__ import annotations

from tests.scenes import Story


def handed_over_at_once() -> Story:
    story = Story()
    for request in story.requests(500):
        request.span("internal", "pool wait", 0.0003)
        request.sql("SELECT 1", 0.02)
    return story


def a_connection_is_opened() -> Story:
    """The time in the pool is that of opening one, which is a span of its own."""
    story = Story(own=False)
    for request in story.requests(300, http_request_method="GET", http_route="/x"):
        with request.inside("pg-pool.connect", kind="client", db_system_name="postgresql"):
            request.span("client", "pg.connect", 0.03, db_system_name="postgresql")
        request.sql("SELECT 1", 0.02)
    return story


def while_the_pool_is_filled() -> Story:
    story = Story()
    for request in story.requests(800):
        if request.number <= 20:
            request.span("internal", "pool wait", 0.08)
        request.sql("SELECT 1", 0.02)
    return story


def a_span_named_after_a_pool() -> Story:
    story = Story()
    for request in story.requests(300):
        request.span("internal", "paint pool", 0.05)
        request.span("internal", "connection settings", 0.05)
    return story


CASES = (handed_over_at_once, a_connection_is_opened, while_the_pool_is_filled, a_span_named_after_a_pool)
ALSO = ("connection-churn", "slow-statement")
