"""One statement for each table, before the loop."""

from __future__ import annotations

from tests.scenes import Story


def three_statements_in_all() -> Story:
    story = Story(steps=(("buy", "cart"),))
    for request in story.requests(200):
        request.sql("SELECT * FROM line WHERE cart_id = ?", 0.002, parameters=request.number, rows=30)
        request.sql("SELECT name, image FROM product WHERE id IN (?)", 0.003, parameters=request.number, rows=30)
        request.sql("SELECT count FROM stock WHERE product_id IN (?)", 0.003, parameters=request.number, rows=30)
        request.sql("SELECT cents FROM price WHERE product_id IN (?)", 0.003, parameters=request.number, rows=30)
        request.spend(0.002)
    return story


CASES = (three_statements_in_all,)
