"""Pages of twenty."""

from __future__ import annotations

from tests.scenes import Story


def a_page_of_it() -> Story:
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(300):
        request.root["bytes"] = int(request.random.uniform(8_000, 30_000))
        request.sql("SELECT id, name FROM product LIMIT ?", 0.004, rows=20)
        request.spend(0.002)
    return story


CASES = (a_page_of_it,)
