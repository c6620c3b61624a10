"""A page."""

from __future__ import annotations

from tests.scenes import Story


def a_page_by_key() -> Story:
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(100, bytes=3_000):
        request.sql("SELECT id, name FROM product WHERE name > ? ORDER BY name LIMIT ?", 0.001, parameters=1, rows=20)
        request.spend(0.002)
    return story


CASES = (a_page_by_key,)
