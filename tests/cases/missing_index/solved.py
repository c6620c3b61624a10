"""The same statements by an index."""

from __future__ import annotations

from tests.cases.missing_index.guilty import BY_CUSTOMER, NEWEST, story_of
from tests.scenes import Story


def by_an_index() -> Story:
    root = {"Node Type": "Index Scan", "Relation Name": "orders", "Alias": "orders", "Index Name": "orders_customer",
            "Index Cond": "(customer_id = ?)", "Filter": "(state = ?::text)", "Rows Removed by Filter": 3,
            "Actual Rows": 12, "Actual Loops": 1, "Actual Total Time": 0.05}  # fmt: skip
    return story_of(BY_CUSTOMER, 0.0006, root)


def in_the_order_of_an_index() -> Story:
    found = {"Node Type": "Index Scan", "Relation Name": "event", "Alias": "event", "Index Cond": "(account_id = ?)",
             "Actual Rows": 20, "Actual Loops": 1, "Actual Total Time": 0.1}  # fmt: skip
    root = {"Node Type": "Limit", "Actual Rows": 20, "Actual Loops": 1, "Actual Total Time": 0.1, "Plans": [found]}
    return story_of(NEWEST, 0.0007, root)


def on_sqlite_by_an_index() -> Story:
    detail = "SEARCH orders USING INDEX orders_customer (customer_id=? AND state=?)"
    return story_of(BY_CUSTOMER, 0.0005, {"lines": [{"id": 2, "parent": 0, "detail": detail}]}, system="sqlite")


CASES = (by_an_index, in_the_order_of_an_index, on_sqlite_by_an_index)
