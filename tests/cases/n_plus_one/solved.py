"""The same page with one statement for all authors."""

from __future__ import annotations

from tests.scenes import Story


def one_statement() -> Story:
    story = Story(steps=(("browse", "detail"),))
    for request in story.requests(1000):
        request.spend(0.001)
        request.sql("SELECT * FROM product WHERE id = ?", 0.001, parameters=request.number, rows=1)
        if request.number % 33 == 0:
            request.sql("SELECT * FROM review WHERE product_id = ?", 0.001, parameters=request.number, rows=40)
            request.sql("SELECT name FROM author WHERE id IN (?)", 0.004, parameters=request.number, rows=40)
        request.spend(0.001)
    return story


CASES = (one_statement,)
