"""Statements that queue up for one row, or for SQLite's one writer."""

from __future__ import annotations

from typing import Any

from tests.evidence import START_NS
from tests.scenes import Story

COUNTER = "UPDATE counter SET orders = orders + ? WHERE day = ?"
INSERT = "INSERT INTO orders (total) VALUES (?)"


def looks(story: Story, statement: str, count: int, *, each_s: float = 0.1, blocker: str | None = None) -> None:
    """So many looks, of which three sessions wait at a time, the second for the first."""
    told = '{"interval_ns": 100000000' + (f', "blocker": "{blocker}"' if blocker else "") + "}"
    for look in range(count):
        at = START_NS + round(1e9 * each_s * (look // 3))
        place = look % 3
        story.row(
            "waits",
            {"at_ns": at, "kind": "postgresql", "name": "Lock:transactionid" if place == 0 else "Lock:tuple",
             "process_pid": 20 + place, "blocked_by": 9 if place == 0 else 19 + place, "db_query_text": statement,
             "detail": told},
        )  # fmt: skip


def a_counter_that_every_order_holds() -> Story:
    story = Story(steps=(("buy", "checkout"),))
    for request in story.requests(300, rate_per_s=30):
        wait = float(request.random.exponential(0.06))
        request.sql(COUNTER, 0.001 + wait, parameters="today", file="shop/orders.py", line=50)
        request.sql(INSERT, 0.001, parameters=request.number)
        request.spend(0.015)
    looks(story, COUNTER, 180, blocker=f"idle in transaction: {INSERT}")
    return story


def a_tenth_of_the_requests_at_one_row() -> Story:
    text = "SELECT id FROM seat WHERE show_id = ? FOR UPDATE"
    story = Story(steps=(("book", "seat"),))
    for request in story.requests(600, rate_per_s=30):
        wait = 0.2 if request.number % 10 == 0 else 0.0
        request.sql(text, 0.001 + wait, parameters=request.number % 10)
        request.spend(0.003)
    looks(story, text, 110)
    return story


def the_one_writer_of_sqlite() -> Story:
    story = Story(steps=(("buy", "checkout"),))
    for request in story.requests(200, rate_per_s=30):
        wait = float(request.random.exponential(0.04))
        told: dict[str, Any] = {
            "db_system_name": "sqlite",
            "db_query_text": "BEGIN IMMEDIATE",
            "code_file_path": "shop/db.py",
        }
        request.span("client", "BEGIN IMMEDIATE", 0.00002 + wait, **told)
        request.sql(INSERT, 0.001, parameters=request.number, system="sqlite")
        request.spend(0.01)
        request.span("client", "COMMIT", 0.004, db_system_name="sqlite", db_query_text="COMMIT")
    return story


CASES = (a_counter_that_every_order_holds, a_tenth_of_the_requests_at_one_row, the_one_writer_of_sqlite)
EXPECTED = {
    "a_counter_that_every_order_holds": {"statement": COUNTER, "file": "shop/orders.py", "line": 50},
    "a_tenth_of_the_requests_at_one_row": {"statement": "SELECT id FROM seat WHERE show_id = ? FOR UPDATE"},
    "the_one_writer_of_sqlite": {"span": "BEGIN IMMEDIATE", "file": "shop/db.py"},
}
