"""Many rows with a bound, few without, many that cost nothing, rows that were changed and not returned."""

from __future__ import annotations

from tests.cases.unbounded_result.guilty import ALL
from tests.scenes import Story


def an_export_in_portions() -> Story:
    story = Story()
    for request in story.requests(50, bytes=900_000):
        request.sql("SELECT id, name FROM product WHERE id > ? ORDER BY id LIMIT ?", 0.05, parameters=1, rows=5_000)
        request.spend(0.05)
    return story


def a_short_list_without_a_limit() -> Story:
    story = Story()
    for request in story.requests(100, bytes=6_000):
        request.sql("SELECT slug, title FROM category ORDER BY title", 0.01, rows=200)
        request.spend(0.01)
    return story


def beside_long_work() -> Story:
    story = Story()
    for request in story.requests(60, bytes=90_000):
        request.sql(ALL, 0.004, rows=1_500)
        request.spend(0.4)
    return story


def many_rows_deleted() -> Story:
    story = Story()
    for request in story.requests(60):
        request.sql("DELETE FROM session WHERE seen_at < ?", 0.05, parameters=request.number, rows=5_000)
    return story


CASES = (an_export_in_portions, a_short_list_without_a_limit, beside_long_work, many_rows_deleted)
ALSO = {
    "an_export_in_portions": ("slow-statement",),
    "many_rows_deleted": ("slow-statement",),
}
