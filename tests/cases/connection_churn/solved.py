"""A pool: connections are opened while it warms up."""

from __future__ import annotations

from tests.scenes import Story


def a_pool_of_ten() -> Story:
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(300):
        if request.number <= 10:
            request.span("client", "connect", 0.008, db_system_name="postgresql")
        request.sql("SELECT * FROM product WHERE id = ?", 0.002, parameters=request.number)
        request.spend(0.003)
    return story


CASES = (a_pool_of_ten,)
