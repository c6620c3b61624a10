"""A list of everything."""

from __future__ import annotations

from tests.scenes import Story

ALL = "SELECT id, name, price FROM product ORDER BY name"


def all_products_for_a_page() -> Story:
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(100, bytes=160_000):
        request.sql(ALL, 0.03, rows=5_000, file="shop/list.py", line=8)
        request.spend(0.04)
    return story


def growing_while_one_looks() -> Story:
    text = "SELECT * FROM message WHERE room_id = ?"
    story = Story(steps=(("chat", "room"),))
    for request in story.requests(300, bytes=500_000):
        rows = 1_000 + 10 * request.number
        request.sql(text, rows * 5e-6, parameters=1, rows=rows)
        request.spend(rows * 3e-6)
    return story


def one_customer_with_everything() -> Story:
    """In one of fifty requests; in traces that do not tell the size of replies."""
    story = Story(own=False, service="crm")
    for request in story.requests(500):
        rows = 20_000 if request.number % 50 == 0 else 3
        request.sql("SELECT * FROM visit WHERE customer_id = ?", 0.002 + rows * 4e-6, parameters=rows, rows=rows)
        request.spend(0.002)
    return story


def fetched_from_sqlite() -> Story:
    story = Story(own=False)
    for request in story.requests(60):
        request.sql(ALL, 0.0002, system="sqlite")
        request.span("client", "fetch", 0.02, db_system_name="sqlite", db_response_returned_rows=8_000)
        request.spend(0.02)
    return story


CASES = (all_products_for_a_page, growing_while_one_looks, one_customer_with_everything, fetched_from_sqlite)
EXPECTED = {
    "all_products_for_a_page": {"statement": ALL, "file": "shop/list.py", "line": 8},
    "growing_while_one_looks": {"statement": "SELECT * FROM message WHERE room_id = ?"},
    "one_customer_with_everything": {"statement": "SELECT * FROM visit WHERE customer_id = ?"},
    "fetched_from_sqlite": {"statement": ALL},
}
