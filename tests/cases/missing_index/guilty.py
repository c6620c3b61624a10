"""Statements that read tables through, as PostgreSQL and SQLite tell it."""

from __future__ import annotations

from typing import Any, Literal

from loadstone.model.evidence import Plan
from tests.scenes import Story

BY_CUSTOMER = "SELECT id, total FROM orders WHERE customer_id = ? AND state = ?"
LINES = "SELECT * FROM orders o JOIN line l ON l.order_id = o.id WHERE o.id = ?"
NEWEST = "SELECT id FROM event WHERE account_id = ? ORDER BY at DESC LIMIT ?"
BY_MAIL = "SELECT id FROM customer WHERE lower(mail) = ?"

Source = Literal["explain", "explain analyze", "explain query plan"]


def scan(table: str, told: str, read: int, found: int, ms: float) -> dict[str, Any]:
    return {
        "Node Type": "Seq Scan", "Relation Name": table, "Alias": table, "Filter": told,
        "Rows Removed by Filter": read - found, "Actual Rows": found, "Actual Loops": 1, "Actual Total Time": ms,
        "Total Cost": read / 40,
    }  # fmt: skip


def story_of(
    statement: str, seconds: float, root: dict[str, Any], *, system: str = "postgresql", run: bool = True
) -> Story:
    story = Story(steps=(("buy", "orders"),))
    for request in story.requests(200):
        request.sql("SELECT id FROM session WHERE token = ?", 0.0005, parameters=request.number, system=system)
        request.sql(statement, seconds, parameters=request.number, file="shop/orders.py", line=12, system=system)
        request.spend(0.001)
    source: Source = "explain query plan" if system == "sqlite" else "explain analyze" if run else "explain"
    story.plans.append(Plan(statement, system, source, "pg_stats", root))
    return story


def a_table_read_through() -> Story:
    return story_of(BY_CUSTOMER, 0.03, scan("orders", "((customer_id = ?) AND (state = ?::text))", 300_000, 12, 29.0))


def in_parallel() -> Story:
    below = scan("orders", "(customer_id = ?)", 100_000, 4, 28.0) | {"Actual Loops": 3, "Parallel Aware": True}
    root = {"Node Type": "Gather", "Actual Rows": 12, "Actual Loops": 1, "Actual Total Time": 30.0, "Plans": [below]}
    return story_of(BY_CUSTOMER, 0.03, root)


def a_join_without_its_key() -> Story:
    one = {"Node Type": "Index Scan", "Relation Name": "orders", "Alias": "o", "Index Cond": "(id = ?)",
           "Actual Rows": 1, "Actual Loops": 1, "Actual Total Time": 0.02}  # fmt: skip
    every = {"Node Type": "Seq Scan", "Relation Name": "line", "Alias": "l", "Actual Rows": 400_000, "Actual Loops": 1,
             "Actual Total Time": 40.0}  # fmt: skip
    root = {"Node Type": "Hash Join", "Hash Cond": "(l.order_id = o.id)", "Actual Rows": 3, "Actual Loops": 1,
            "Actual Total Time": 52.0, "Plans": [every, {"Node Type": "Hash", "Plans": [one]}]}  # fmt: skip
    return story_of(LINES, 0.05, root)


def sorted_for_one_page() -> Story:
    found = {"Node Type": "Index Scan", "Relation Name": "event", "Alias": "event", "Index Cond": "(account_id = ?)",
             "Actual Rows": 60_000, "Actual Loops": 1, "Actual Total Time": 20.0}  # fmt: skip
    sort = {"Node Type": "Sort", "Sort Key": ["at DESC"], "Actual Rows": 20, "Actual Loops": 1,
            "Actual Total Time": 24.0, "Plans": [found]}  # fmt: skip
    root = {"Node Type": "Limit", "Actual Rows": 20, "Actual Loops": 1, "Actual Total Time": 24.1, "Plans": [sort]}
    return story_of(NEWEST, 0.025, root)


def through_an_expression() -> Story:
    return story_of(BY_MAIL, 0.02, scan("customer", "(lower((mail)::text) = ?)", 90_000, 1, 19.0))


def planned_but_not_run() -> Story:
    root = {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "orders", "Filter": "(customer_id = $1)",
            "Total Cost": 6_800.0, "Plan Rows": 9}  # fmt: skip
    return story_of(BY_CUSTOMER, 0.03, root, run=False)


def on_sqlite() -> Story:
    return story_of(BY_CUSTOMER, 0.015, {"lines": [{"id": 2, "parent": 0, "detail": "SCAN orders"}]}, system="sqlite")


def by_an_index_that_sqlite_builds_each_time() -> Story:
    lines = ["SEARCH o USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH l USING AUTOMATIC COVERING INDEX (order_id=?)"]
    root = {"lines": [{"id": at, "parent": 0, "detail": detail} for at, detail in enumerate(lines)]}
    return story_of(LINES, 0.05, root, system="sqlite")


def in_one_of_fifty_requests() -> Story:
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(1000):
        request.sql("SELECT * FROM product LIMIT ?", 0.001, rows=20)
        if request.number % 50 == 0:
            request.sql(BY_MAIL, 0.06, parameters=request.number, file="shop/people.py", line=5)
    root = scan("customer", "(lower((mail)::text) = ?)", 90_000, 1, 58.0)
    story.plans.append(Plan(BY_MAIL, "postgresql", "auto_explain", "sample", root))
    return story


CASES = (
    a_table_read_through,
    in_parallel,
    a_join_without_its_key,
    sorted_for_one_page,
    through_an_expression,
    planned_but_not_run,
    on_sqlite,
    by_an_index_that_sqlite_builds_each_time,
    in_one_of_fifty_requests,
)
EXPECTED = {
    "a_table_read_through": {"statement": BY_CUSTOMER, "file": "shop/orders.py", "line": 12},
    "in_parallel": {"statement": BY_CUSTOMER},
    "a_join_without_its_key": {"statement": LINES},
    "sorted_for_one_page": {"statement": NEWEST},
    "through_an_expression": {"statement": BY_MAIL},
    "planned_but_not_run": {"statement": BY_CUSTOMER},
    "on_sqlite": {"statement": BY_CUSTOMER},
    "by_an_index_that_sqlite_builds_each_time": {"statement": LINES},
    "in_one_of_fifty_requests": {"statement": BY_MAIL, "file": "shop/people.py", "line": 5},
}
