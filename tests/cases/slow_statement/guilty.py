"""One statement that takes most of the request."""

from __future__ import annotations

from tests.scenes import Story

REPORT = "SELECT category, sum(total) FROM orders JOIN line USING (order_id) WHERE placed_at > ? GROUP BY category"


def a_report_that_sorts_in_files() -> Story:
    story = Story(steps=(("office", "report"),))
    for request in story.requests(60, rate_per_s=2):
        request.spend(0.005)
        request.sql(REPORT, 0.6, parameters=request.number % 3, rows=12, file="shop/report.py", line=30)
        request.spend(0.01)
    story.row(
        "statements",
        {
            "db_system_name": "postgresql", "db_query_text": REPORT, "calls": 60, "rows": 720,
            "execute_ns": 34_000_000_000, "blocks_hit": 900_000, "blocks_read": 50_000, "temp_blocks": 120_000,
        },
    )  # fmt: skip
    return story


def in_a_hundredth_of_requests() -> Story:
    story = Story(steps=(("browse", "search"),))
    for request in story.requests(1000):
        request.sql("SELECT id FROM product WHERE name = ?", 0.002, parameters=request.number)
        request.spend(0.002)
        if request.number % 100 == 0:
            request.sql("SELECT similarity(name, ?) FROM product ORDER BY ? LIMIT ?", 0.25, rows=5)
    return story


def in_traces_alone() -> Story:
    story = Story(own=False, service="ledger")
    for request in story.requests(30):
        with request.inside("LedgerRepository.balance"):
            request.spend(0.002)
            request.sql(REPORT, 0.12, system="mysql")
    return story


def for_one_tenant_of_fifty() -> Story:
    """Its other calls, and all other statements, are quick."""
    text = "SELECT count(*) FROM visit WHERE tenant_id = ?"
    story = Story(steps=(("office", "board"),))
    for request in story.requests(800):
        request.sql("SELECT name FROM tenant WHERE id = ?", 0.001, parameters=request.number % 50)
        request.sql(text, 0.3 if request.number % 50 == 0 else 0.002, parameters=request.number % 50, rows=1)
    return story


def without_a_text() -> Story:
    """An instrumentation that keeps no statements: its span's name is all there is."""
    story = Story(own=False)
    for request in story.requests(30):
        request.spend(0.004)
        request.span("client", "SELECT shop.orders", 0.09, db_system_name="postgresql")
    return story


CASES = (
    a_report_that_sorts_in_files,
    in_a_hundredth_of_requests,
    in_traces_alone,
    for_one_tenant_of_fifty,
    without_a_text,
)
EXPECTED = {
    "a_report_that_sorts_in_files": {"statement": REPORT, "file": "shop/report.py", "line": 30},
    "in_a_hundredth_of_requests": {"statement": "SELECT similarity(name, ?) FROM product ORDER BY ? LIMIT ?"},
    "in_traces_alone": {"statement": REPORT, "service": "ledger"},
    "for_one_tenant_of_fifty": {"statement": "SELECT count(*) FROM visit WHERE tenant_id = ?"},
    "without_a_text": {"span": "SELECT shop.orders"},
}
