"""The cache with a bound: level, but for noise."""

from __future__ import annotations

from tests.machine import read
from tests.scenes import Story


def bounded() -> Story:
    story = Story()
    for request in story.requests(1200, rate_per_s=20):
        request.spend(0.01)
    random = story.random
    read(story, "service", {"rss_bytes": lambda at: 220e6 + random.normal(0, 2e6), "processes": 2})
    return story


CASES = (bounded,)
