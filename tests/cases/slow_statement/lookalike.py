"""Long statements that another fault explains, that are no large part, or whose time is not the database's."""

from __future__ import annotations

from loadstone.model.evidence import Plan
from tests.scenes import Story

BY_CUSTOMER = "SELECT id, total FROM orders WHERE customer_id = ?"
COUNTER = "UPDATE counter SET orders = orders + ? WHERE day = ?"
PAGE = "SELECT id FROM article ORDER BY published_at LIMIT ? OFFSET ?"


def beside_a_second_of_computing() -> Story:
    story = Story()
    for request in story.requests(60, rate_per_s=1):
        request.sql("SELECT * FROM matrix WHERE id = ?", 0.03, parameters=request.number)
        request.spend(1.0)
    return story


def slow_on_the_way() -> Story:
    """The database answers in a millisecond; the span holds the waiting for the interpreter."""
    story = Story()
    for request in story.requests(60):
        request.sql(BY_CUSTOMER, 0.04, parameters=request.number)
    counts = {"db_query_text": BY_CUSTOMER, "calls": 60, "rows": 60, "execute_ns": 60_000_000}
    story.row("statements", counts)
    return story


def for_want_of_an_index() -> Story:
    story = Story()
    for request in story.requests(60):
        request.sql(BY_CUSTOMER, 0.08, parameters=request.number, rows=12)
    root = {
        "Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "orders", "Filter": "(customer_id = ?)",
        "Rows Removed by Filter": 999_988, "Actual Rows": 12, "Actual Loops": 1, "Actual Total Time": 80.0,
    }  # fmt: skip
    story.plans.append(Plan(BY_CUSTOMER, "postgresql", "explain analyze", "pg_stats", root))
    return story


def for_a_lock() -> Story:
    story = Story()
    for request in story.requests(60):
        request.sql(COUNTER, 0.08, parameters=1)
    waits = [
        {"at_ns": 10**9 * look, "kind": "postgresql", "name": "Lock:transactionid", "process_pid": 7, "blocked_by": 8,
         "db_query_text": COUNTER, "detail": '{"interval_ns": 100000000}'}
        for look in range(40)
    ]  # fmt: skip
    story.row("waits", *waits)
    return story


def for_its_page() -> Story:
    story = Story()
    for request in story.requests(300):
        page = int(request.random.integers(1, 40))
        request.sql(PAGE, 0.001 + 0.003 * page, parameters=page, rows=20)
    return story


def many_times_over() -> Story:
    """Forty of them in a request: one for each row."""
    story = Story()
    for request in story.requests(30, rate_per_s=0.5):
        for row in range(40):
            request.sql(BY_CUSTOMER, 0.03, parameters=row)
    return story


def on_a_machine_that_stalls() -> Story:
    """Once in fifty requests everything takes thirty times as long."""
    story = Story()
    for request in story.requests(600):
        stall = 30 if request.number % 50 == 0 else 1
        request.sql("SELECT id FROM session WHERE token = ?", 0.001 * stall, parameters=request.number)
        request.sql(BY_CUSTOMER, 0.002 * stall, parameters=request.number)
        request.spend(0.003)
    return story


CASES = (
    on_a_machine_that_stalls,
    beside_a_second_of_computing,
    slow_on_the_way,
    for_want_of_an_index,
    for_a_lock,
    for_its_page,
    many_times_over,
)
ALSO = {
    "for_want_of_an_index": ("missing-index",),
    "for_its_page": ("offset-pagination",),
    "many_times_over": ("n-plus-one",),
}
