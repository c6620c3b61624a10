"""A connection for each request."""

from __future__ import annotations

from tests.scenes import Story

POSTGRESQL = {"db_system_name": "postgresql", "code_file_path": "shop/db.py", "code_line_number": 12}


def one_for_each_request() -> Story:
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(300):
        request.span("client", "connect", 0.008, **POSTGRESQL)  # type: ignore[arg-type]
        request.sql("SELECT * FROM product WHERE id = ?", 0.002, parameters=request.number)
        request.spend(0.003)
    return story


def djangos_default() -> Story:
    """Django's span of opening, the driver's below it."""
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(200):
        with request.inside("open connection", db_system_name="postgresql", scope="django.db"):
            request.spend(0.001)
            request.span("client", "connect", 0.006, db_system_name="postgresql", scope="psycopg")
        request.sql('SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product"', 0.002, rows=20)
        request.spend(0.002)
    return story


def a_pool_that_overflows() -> Story:
    story = Story(own=False, service="api")
    for request in story.requests(400):
        if request.number % 4 == 0:
            request.span("client", "pg.connect", 0.03, db_system_name="postgresql")
        request.sql("SELECT * FROM product WHERE id = ?", 0.004, parameters=request.number)
        request.spend(0.004)
    return story


CASES = (one_for_each_request, djangos_default, a_pool_that_overflows)
EXPECTED = {
    "one_for_each_request": {"span": "connect", "file": "shop/db.py", "line": 12},
    "djangos_default": {"span": "open connection"},
    "a_pool_that_overflows": {"span": "pg.connect", "service": "api"},
}
