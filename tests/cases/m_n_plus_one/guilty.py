"""Loops that ask several things for each row."""

from __future__ import annotations

from tests.scenes import Story

PRODUCT = "SELECT name, image FROM product WHERE id = ?"
STOCK = "SELECT count FROM stock WHERE product_id = ?"
PRICE = "SELECT cents FROM price WHERE product_id = ?"


def a_cart_of_thirty_lines() -> Story:
    story = Story(steps=(("buy", "cart"),))
    for request in story.requests(200):
        request.sql("SELECT * FROM line WHERE cart_id = ?", 0.002, parameters=request.number, rows=30)
        for row in range(30):
            request.sql(PRODUCT, 0.001, parameters=row, rows=1, file="shop/cart.py", line=20, function="lines")
            request.sql(STOCK, 0.002, parameters=row, rows=1, file="shop/cart.py", line=21, function="lines")
            request.sql(PRICE, 0.001, parameters=row, rows=1, file="shop/cart.py", line=22, function="lines")
        request.spend(0.002)
    return story


def three_turns_are_enough() -> Story:
    story = Story(own=False)
    for request in story.requests(40):
        request.spend(0.001)
        for row in range(3):
            request.sql(PRODUCT, 0.004, parameters=row)
            request.sql(STOCK, 0.009, parameters=row)
    return story


def below_a_span_for_each_row_in_a_hundredth_of_requests() -> Story:
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(1000):
        request.sql("SELECT * FROM product LIMIT ?", 0.001, rows=20)
        request.spend(0.002)
        if request.number % 100 == 0:
            for row in range(20):
                with request.inside("render row"):
                    request.sql(PRICE, 0.001, parameters=row)
                    request.sql(STOCK, 0.003, parameters=row)
    return story


def one_of_them_twice_a_turn_and_literal() -> Story:
    story = Story(own=False, service="billing")
    for request in story.requests(60):
        for row in range(12):
            request.sql("SELECT * FROM invoice WHERE id = ?", 0.001, parameters=("i", row), system="mysql")
            request.sql(STOCK, 0.002, parameters=("a", row), system="mysql")
            request.sql(STOCK, 0.002, parameters=("b", row), system="mysql")
    return story


def keys_and_statements_by_turns() -> Story:
    story = Story(steps=(("buy", "cart"),))
    for request in story.requests(100):
        request.spend(0.001)
        for row in range(15):
            request.sql("GET ?", 0.0005, parameters=row, system="redis")
            request.sql(STOCK, 0.003, parameters=row)
    return story


CASES = (
    a_cart_of_thirty_lines,
    three_turns_are_enough,
    below_a_span_for_each_row_in_a_hundredth_of_requests,
    one_of_them_twice_a_turn_and_literal,
    keys_and_statements_by_turns,
)
EXPECTED: dict[str, dict[str, object]] = {story.__name__: {"statement": STOCK} for story in CASES}
EXPECTED["a_cart_of_thirty_lines"] = {"statement": STOCK, "file": "shop/cart.py", "line": 21, "step": "cart"}
