"""Added up by the database."""

from __future__ import annotations

from tests.scenes import Story


def one_row() -> Story:
    story = Story(steps=(("browse", "rating"),))
    for request in story.requests(100, bytes=160):
        request.sql("SELECT avg(rating), count(*) FROM review WHERE product_id = ?", 0.004, parameters=1, rows=1)
        request.spend(0.001)
    return story


CASES = (one_row,)
