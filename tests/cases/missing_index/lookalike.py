"""Scans that are right: a small table, most of its rows, a sum over all, a cheap statement beside the work."""

from __future__ import annotations

from tests.cases.missing_index.guilty import BY_CUSTOMER, scan, story_of
from tests.scenes import Story


def a_small_table() -> Story:
    return story_of("SELECT title FROM category WHERE slug = ?", 0.03, scan("category", "(slug = ?)", 40, 1, 0.02))


def half_of_the_table() -> Story:
    root = scan("orders", "(placed_at > ?)", 300_000, 160_000, 80.0)
    return story_of("SELECT total FROM orders WHERE placed_at > ?", 0.09, root)


def a_sum_over_all() -> Story:
    every = {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "orders", "Actual Rows": 300_000,
             "Actual Loops": 1, "Actual Total Time": 40.0}  # fmt: skip
    root = {"Node Type": "Aggregate", "Actual Rows": 1, "Actual Loops": 1, "Actual Total Time": 60.0, "Plans": [every]}
    return story_of("SELECT sum(total) FROM orders", 0.06, root)


def a_hash_join_of_two_whole_tables() -> Story:
    orders = {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "o", "Actual Rows": 200_000,
              "Actual Loops": 1, "Actual Total Time": 30.0}  # fmt: skip
    line = orders | {"Relation Name": "line", "Alias": "l", "Actual Rows": 500_000}
    root = {"Node Type": "Hash Join", "Hash Cond": "(l.order_id = o.id)", "Actual Rows": 500_000, "Actual Loops": 1,
            "Actual Total Time": 300.0, "Plans": [line, {"Node Type": "Hash", "Plans": [orders]}]}  # fmt: skip
    return story_of("SELECT * FROM orders o JOIN line l ON l.order_id = o.id", 0.3, root)


def a_scan_that_costs_nothing() -> Story:
    root = scan("orders", "(customer_id = ?)", 2_000, 12, 0.2)
    return story_of(BY_CUSTOMER, 0.0003, root)


def a_small_scan_on_sqlite() -> Story:
    return story_of(BY_CUSTOMER, 0.0004, {"lines": [{"id": 2, "parent": 0, "detail": "SCAN orders"}]}, system="sqlite")


def all_of_a_list_on_sqlite() -> Story:
    root = {"lines": [{"id": 2, "parent": 0, "detail": "SCAN category"}]}
    return story_of("SELECT slug, title FROM category ORDER BY title", 0.01, root, system="sqlite")


CASES = (
    a_small_table,
    half_of_the_table,
    a_sum_over_all,
    a_hash_join_of_two_whole_tables,
    a_scan_that_costs_nothing,
    a_small_scan_on_sqlite,
    all_of_a_list_on_sqlite,
)
ALSO = {
    "a_small_table": ("slow-statement",),
    "half_of_the_table": ("slow-statement",),
    "a_sum_over_all": ("slow-statement",),
    "a_hash_join_of_two_whole_tables": ("slow-statement",),
}
