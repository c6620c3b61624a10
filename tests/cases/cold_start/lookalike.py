"""First requests that pay for nothing of their process: slow like others, in warm-up, or by a few milliseconds."""

from __future__ import annotations

from typing import Any

from loadstone.diagnose.subject import Subject
from tests.scenes import Story


def slow_now_and_then_anyway() -> Story:
    story = Story()
    for request in story.requests(1500, rate_per_s=50, process_pid=lambda number: 100 + number // 100):
        request.spend(0.009)
        if story.random.random() < 0.05:
            request.sql("SELECT heavy", 0.5)
    return story


def while_warming_up() -> Story:
    steps = (("shop", "page"),)
    story = Story(steps=steps, subject=Subject(run="test", steps=steps, warm_up=frozenset({0})))
    for request in story.requests(40, rate_per_s=20, process_pid=lambda number: 100 + number % 4):
        request.spend(0.9 if request.number <= 4 else 0.009)
    for request in story.requests(400, rate_per_s=50, phase=1, process_pid=lambda number: 100 + number % 4):
        request.spend(0.009)
    return story


def a_first_connection() -> Story:
    story = Story()
    for request in story.requests(600, rate_per_s=50, process_pid=lambda number: 100 + number // 150):
        if request.number % 150 == 0:
            request.span("client", "connect", 0.012, db_system_name="postgresql")
        request.spend(0.009)
    return story


def a_slow_first_request_of_nobody() -> Story:
    """Traces that tell no process: one slow request at the start is one slow request."""
    story = Story(own=False)
    root: dict[str, Any] = {"http_request_method": "GET", "http_route": "/x", "process_pid": None}
    for request in story.requests(400, rate_per_s=50, **root):
        request.spend(2.0 if request.number == 1 else 0.009)
    return story


CASES = (slow_now_and_then_anyway, while_warming_up, a_first_connection, a_slow_first_request_of_nobody)
ALSO = ("slow-statement",)
