"""The same workers, the index built before they take requests."""

from __future__ import annotations

from tests.scenes import Story


def built_before() -> Story:
    story = Story(steps=(("shop", "search"),))
    for request in story.requests(1500, rate_per_s=50, process_pid=lambda number: 100 + number // 250):
        request.spend(0.009)
    return story


CASES = (built_before,)
