"""Few connections: held while another service is called, by a slow statement, of an imported Java service, of redis."""

from __future__ import annotations

from typing import Any

from tests.queueing import Queue
from tests.scenes import Request, Story

SIZE: dict[str, Any] = {"attributes": '{"db.client.connection.max": 3}', "scope": "sqlalchemy"}
PLACE: dict[str, Any] = {"code_file_path": "shop/database.py", "code_line_number": 30, "code_function_name": "session"}


def _waits(request: Request, queue: Queue, held_s: float, name: str = "pool wait", **more: Any) -> None:  # noqa: ANN401
    waited = queue.take(request.at_s + request.now_s, held_s)
    if waited > 0:
        request.span("internal", name, waited, exact=True, **more)


def held_while_another_service_is_called() -> Story:
    story = Story(steps=(("shop", "report"), ("shop", "item")))
    queue = Queue(3)
    for number in range(900):
        report = number % 4 == 0
        request = next(iter(story.requests(1, step=1 if report else 2, rate_per_s=40)))
        request.spend(0.001)
        _waits(request, queue, 0.25 if report else 0.004, **SIZE, **PLACE)
        request.sql("SELECT * FROM product WHERE id = ?", 0.003, parameters=number, exact=True)
        if report:
            request.call("POST", "rates", "/convert", 0.24, exact=True)
            request.sql("UPDATE report SET sum = ?", 0.003, exact=True)
        request.spend(0.001)
    return story


def held_by_a_slow_statement() -> Story:
    story = Story()
    queue = Queue(5)
    for request in story.requests(600, rate_per_s=90):
        request.spend(0.001)
        _waits(request, queue, 0.055, scope="psycopg_pool", db_system_name="postgresql")
        request.sql("SELECT sum(price) FROM line", 0.053, exact=True)
    return story


def of_a_service_that_is_not_ours() -> Story:
    story = Story(own=False, service="orders")
    queue = Queue(2)
    for request in story.requests(400, rate_per_s=35, http_request_method="POST", http_route="/orders"):
        request.spend(0.001)
        _waits(request, queue, 0.055, "HikariDataSource.getConnection", scope="io.opentelemetry.jdbc")
        request.sql("insert into orders (id) values (?)", 0.02, exact=True)
        request.call("GET", "stock", "/reserve", 0.03, exact=True)
        request.sql("update stock set n = ?", 0.004, exact=True)
    return story


def only_now_and_then() -> Story:
    """A batch takes all connections for a moment: two requests in a hundred wait, and they are the tail."""
    story = Story()
    for request in story.requests(1500, rate_per_s=50):
        request.spend(0.001)
        if request.number % 60 < 2:
            request.span("internal", "pool wait", 0.3, **SIZE)
        request.sql("SELECT 1", 0.02)
    return story


def of_redis() -> Story:
    story = Story()
    queue = Queue(2)
    for request in story.requests(600, rate_per_s=90):
        request.spend(0.001)
        _waits(request, queue, 0.021, scope="redis", db_system_name="redis")
        request.sql("GET ?", 0.02, system="redis", exact=True)
    return story


CASES = (
    held_while_another_service_is_called,
    held_by_a_slow_statement,
    of_a_service_that_is_not_ours,
    only_now_and_then,
    of_redis,
)
EXPECTED = {
    "held_while_another_service_is_called": {"span": "pool wait", "file": "shop/database.py", "line": 30},
    "held_by_a_slow_statement": {"span": "pool wait", "step": "page"},
    "of_a_service_that_is_not_ours": {"span": "HikariDataSource.getConnection", "service": "orders"},
    "only_now_and_then": {"span": "pool wait"},
    "of_redis": {"span": "pool wait"},
}
ALSO = ("slow-statement",)
