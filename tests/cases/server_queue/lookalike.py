"""Time before the service begins that is no line: a long way, a way of many lengths, clocks apart, and traces alone."""

from __future__ import annotations

from tests.cases.server_queue.guilty import served
from tests.queueing import Queue
from tests.scenes import Story


def a_long_way() -> Story:
    story = Story()
    for request in story.requests(800, rate_per_s=20, waited_s=0.04):
        request.sql("SELECT 1", 0.02)
    return story


def a_way_of_many_lengths() -> Story:
    story = Story()
    for request in story.requests(800, rate_per_s=20):
        request.root["waited_s"] = float(story.random.exponential(0.02))
        request.sql("SELECT 1", 0.02)
    return story


def a_clock_that_is_ahead() -> Story:
    story = Story()
    for request in story.requests(800, rate_per_s=20, waited_s=-0.5):
        request.sql("SELECT 1", 0.02)
    return story


def hardly_any_wait() -> Story:
    story = Story()
    queue = Queue(4)
    for _ in range(800):
        served(story, queue, 8.0, 0.05).spend(0.05, exact=True)
    return story


def traces_alone() -> Story:
    story = Story(own=False)
    for request in story.requests(400, rate_per_s=20, http_request_method="GET", http_route="/x"):
        request.span("internal", "queue", 0.05)
        request.sql("SELECT 1", 0.02)
    return story


CASES = (a_long_way, a_way_of_many_lengths, a_clock_that_is_ahead, hardly_any_wait, traces_alone)
ALSO = ("slow-statement",)
