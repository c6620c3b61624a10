"""Memory that only rises: straight, under a collector's saw-tooth, of a line whose allocations were recorded."""

from __future__ import annotations

from typing import Any

from tests.machine import read
from tests.scenes import Story

MB = 1e6


def straight_up() -> Story:
    story = Story()
    for request in story.requests(1200, rate_per_s=20):
        request.spend(0.01)
    random = story.random
    read(story, "service", {"rss_bytes": lambda at: 200 * MB + 1.5 * MB * at + random.normal(0, MB), "processes": 2})
    read(story, "host", {"memory_bytes": 8e9})
    return story


def under_a_saw_tooth() -> Story:
    story = Story()
    for request in story.requests(2400, rate_per_s=20):
        request.spend(0.01)
    read(story, "service", {"rss_bytes": lambda at: 400 * MB + 1.0 * MB * at + (at % 7) * 12 * MB, "processes": 1})
    return story


def of_a_line_that_was_recorded() -> Story:
    story = Story()
    for request in story.requests(1200, rate_per_s=20):
        request.spend(0.01)
    read(story, "service", {"rss_bytes": lambda at: 150 * MB + 0.8 * MB * at, "processes": 1})
    read(story, "cgroup", {"memory_limit_bytes": 5e8})
    told: dict[str, Any] = {"state": "alloc", "unit": "bytes", "thread_id": None}
    story.stack("page (shop/pages.py:5);kept (shop/cache.py:17)", source="memray leaks", weight=30_000_000, **told)
    story.stack("page (shop/pages.py:5);render (jinja2/environment.py:3)", source="memray", weight=90_000_000, **told)
    return story


CASES = (straight_up, under_a_saw_tooth, of_a_line_that_was_recorded)
EXPECTED = {
    "straight_up": {"service": "shop"},
    "under_a_saw_tooth": {"service": "shop"},
    "of_a_line_that_was_recorded": {"file": "shop/cache.py", "line": 17, "function": "kept"},
}
