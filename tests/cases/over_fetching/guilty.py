"""Thousands of rows for a number."""

from __future__ import annotations

from tests.scenes import Story

REVIEWS = "SELECT * FROM review WHERE product_id = ?"


def added_up_by_the_service() -> Story:
    story = Story(steps=(("browse", "rating"),))
    for request in story.requests(100, bytes=160):
        request.sql("SELECT id FROM session WHERE token = ?", 0.001, parameters=request.number, rows=1)
        request.sql(REVIEWS, 0.02, parameters=request.number % 7, rows=4_000, file="shop/rating.py", line=4)
        request.spend(0.02)
    return story


def filtered_by_the_service_in_a_fiftieth() -> Story:
    story = Story(steps=(("browse", "rating"),))
    for request in story.requests(1000, bytes=240):
        rows = 9_000 if request.number % 50 == 0 else 12
        request.sql(REVIEWS, 0.001 + rows * 4e-6, parameters=rows, rows=rows)
        request.spend(0.001)
    return story


CASES = (added_up_by_the_service, filtered_by_the_service_in_a_fiftieth)
EXPECTED = {
    "added_up_by_the_service": {"statement": REVIEWS, "file": "shop/rating.py", "line": 4},
    "filtered_by_the_service_in_a_fiftieth": {"statement": REVIEWS},
}
