"""A second connection while one is held: SQLAlchemy's time-out, psycopg's failing, an imported Java service."""

from __future__ import annotations

from typing import Any

from tests.scenes import Story

SIZE: dict[str, Any] = {"scope": "sqlalchemy", "attributes": '{"db.client.connection.max": 4}'}
SECOND: dict[str, Any] = {"code_file_path": "shop/audit.py", "code_line_number": 12, "code_function_name": "audit"}


def four_orders_at_once() -> Story:
    """Four connections, four orders at one moment, every ten seconds; a reader waits beside them."""
    story = Story(steps=(("shop", "order"), ("shop", "read")))
    for _ in range(8):
        for request in story.requests(40, step=2, rate_per_s=10):
            request.sql("SELECT * FROM product", 0.004)
        orders = list(story.requests(4, step=1, rate_per_s=400))
        for place, request in enumerate(orders):
            request.sql("BEGIN", 0.0005)
            request.sql("INSERT INTO orders VALUES (?)", 0.003)
            failed: dict[str, Any] = {"status": 2, "error_type": "TimeoutError"} if place == 0 else {}
            request.span("internal", "pool wait", 3.0 + 0.002 * place, exact=True, **SIZE, **SECOND, **failed)
            if place:
                request.sql("INSERT INTO audit VALUES (?)", 0.003)
            request.sql("COMMIT", 0.001)
        for request in story.requests(3, step=2, rate_per_s=50):
            request.span("internal", "pool wait", 2.9, exact=True, **SIZE)
            request.sql("SELECT * FROM product", 0.004)
        story.pause(4.0)
    return story


def every_second_one_fails() -> Story:
    story = Story()
    for _ in range(6):
        for request in story.requests(30, rate_per_s=20):
            request.sql("SELECT 1", 0.003)
        for request in story.requests(5, rate_per_s=500):
            request.sql("BEGIN", 0.0005)
            request.sql("UPDATE account SET sum = ?", 0.003)
            with request.inside("transfer"):
                request.span(
                    "internal",
                    "pool wait",
                    1.0,
                    exact=True,
                    db_system_name="postgresql",
                    status=2,
                    error_type="PoolTimeout",
                    **SECOND,
                )
            request.sql("ROLLBACK", 0.001)
        story.pause(2.0)
    return story


def of_a_java_service() -> Story:
    story = Story(own=False, service="orders")
    root: dict[str, Any] = {"http_request_method": "POST", "http_route": "/orders"}
    for _ in range(6):
        for request in story.requests(30, rate_per_s=20, **root):
            request.sql("insert into orders values (?)", 0.003)
        for request in story.requests(4, rate_per_s=500, **root):
            request.sql("insert into orders values (?)", 0.003)
            request.span("internal", "HikariDataSource.getConnection", 2.0, exact=True, status=2)
        story.pause(3.0)
    return story


CASES = (four_orders_at_once, every_second_one_fails, of_a_java_service)
_PLACE = {"file": "shop/audit.py", "line": 12, "function": "audit"}
EXPECTED = {
    "four_orders_at_once": {**_PLACE, "step": "order", "span": "pool wait"},
    "every_second_one_fails": _PLACE,
    "of_a_java_service": {"service": "orders", "span": "HikariDataSource.getConnection"},
}
