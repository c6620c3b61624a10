"""What only looks like it: many statements side by side, and many that cost nothing beside the work."""

from __future__ import annotations

from tests.scenes import Story


def a_cheap_ping_in_a_long_request() -> Story:
    story = Story()
    for request in story.requests(300):
        for row in range(8):
            request.spend(0.05)
            request.sql("SELECT state FROM job WHERE id = ?", 0.0002, parameters=row)
    return story


CASES = (a_cheap_ping_in_a_long_request,)
