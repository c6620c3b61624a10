"""Forty like statements with other parameters, in three of a hundred requests."""

from __future__ import annotations

from tests.scenes import Story

STATEMENT = "SELECT name FROM author WHERE id = ?"


def behind_a_rare_parameter() -> Story:
    story = Story(steps=(("browse", "detail"),))
    for request in story.requests(1000):
        request.spend(0.001)
        request.sql("SELECT * FROM product WHERE id = ?", 0.001, parameters=request.number, rows=1)
        if request.number % 33 == 0:
            request.sql("SELECT * FROM review WHERE product_id = ?", 0.001, parameters=request.number, rows=40)
            for row in range(40):
                request.sql(STATEMENT, 0.002, parameters=row, rows=1, file="shop/pages.py", line=41, function="page")
        request.spend(0.001)
    return story


CASES = (behind_a_rare_parameter,)
EXPECTED = {"statement": STATEMENT, "file": "shop/pages.py", "line": 41}
