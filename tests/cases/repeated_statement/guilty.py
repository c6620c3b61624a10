"""The same question again in the same request."""

from __future__ import annotations

from tests.scenes import Story

TAX = "SELECT rate FROM tax WHERE country = ?"


def one_rate_for_each_line() -> Story:
    story = Story(steps=(("buy", "bill"),))
    for request in story.requests(200):
        request.sql("SELECT * FROM line WHERE cart_id = ?", 0.002, parameters=request.number, rows=12)
        for _ in range(4 + request.number % 9):
            request.spend(0.0003)
            request.sql(TAX, 0.001, parameters="AT", rows=1, file="shop/bill.py", line=33, function="tax")
    return story


def a_text_without_parameters() -> Story:
    text = "SELECT name, value FROM setting"
    story = Story(own=False, service="portal")
    for request in story.requests(50):
        for _ in range(6):
            request.spend(0.001)
            request.sql(text, 0.002, system="mysql")
    return story


def two_users_over_and_over() -> Story:
    text = "SELECT * FROM auth_user WHERE id = ? LIMIT ?"
    story = Story(steps=(("chat", "room"),))
    for request in story.requests(100):
        for row in range(16):
            request.spend(0.0003)
            request.sql(text, 0.001, parameters=row % 2, rows=1)
    return story


def one_key_of_the_cache() -> Story:
    story = Story(own=False)
    for request in story.requests(100):
        request.spend(0.003)
        for _ in range(9):
            request.sql("GET ?", 0.0008, parameters="flags", system="redis")
    return story


def in_a_fiftieth_of_the_requests() -> Story:
    story = Story(steps=(("buy", "bill"),))
    for request in story.requests(1000):
        request.spend(0.004)
        for _ in range(20 if request.number % 50 == 0 else 1):
            request.sql(TAX, 0.003, parameters="AT", rows=1, file="shop/bill.py", line=33)
    return story


CASES = (
    one_rate_for_each_line,
    a_text_without_parameters,
    two_users_over_and_over,
    one_key_of_the_cache,
    in_a_fiftieth_of_the_requests,
)
EXPECTED = {
    "one_rate_for_each_line": {"statement": TAX, "file": "shop/bill.py", "line": 33},
    "a_text_without_parameters": {"statement": "SELECT name, value FROM setting"},
    "two_users_over_and_over": {"statement": "SELECT * FROM auth_user WHERE id = ? LIMIT ?"},
    "one_key_of_the_cache": {"statement": "GET ?"},
    "in_a_fiftieth_of_the_requests": {"statement": TAX},
}
