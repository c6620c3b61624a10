"""Slow changes that wait for no lock, and locks that nobody waits for long."""

from __future__ import annotations

from typing import Any

from tests.cases.lock_wait.guilty import COUNTER, looks
from tests.evidence import START_NS
from tests.scenes import Story


def a_change_that_waits_for_the_disk() -> Story:
    story = Story()
    for request in story.requests(200, rate_per_s=30):
        request.sql(COUNTER, 0.05, parameters=request.number)
    for look in range(90):
        row = {"at_ns": START_NS + look * 10**8, "kind": "postgresql", "name": "IO:DataFileRead", "process_pid": 20}
        story.row("waits", row | {"db_query_text": COUNTER, "detail": '{"interval_ns": 100000000}'})
    return story


def waiting_that_was_seen_thrice() -> Story:
    story = Story()
    for request in story.requests(300, rate_per_s=30):
        request.sql(COUNTER, 0.03, parameters=request.number)
        request.spend(0.01)
    looks(story, COUNTER, 3)
    return story


def a_migration_before_the_load() -> Story:
    """Waits of a statement that the requests do not send."""
    story = Story()
    for request in story.requests(200, rate_per_s=30):
        request.sql("SELECT * FROM product WHERE id = ?", 0.03, parameters=request.number)
    looks(story, "ALTER TABLE product ADD COLUMN note text", 60)
    return story


def writers_that_meet_now_and_then() -> Story:
    story = Story()
    for request in story.requests(300, rate_per_s=30):
        told: dict[str, Any] = {"db_system_name": "sqlite", "db_query_text": "BEGIN IMMEDIATE"}
        request.span("client", "BEGIN IMMEDIATE", 0.003 if request.number % 30 == 0 else 0.00002, **told)
        request.spend(0.015)
        request.span("client", "COMMIT", 0.001, db_system_name="sqlite", db_query_text="COMMIT")
    return story


CASES = (
    writers_that_meet_now_and_then,
    a_change_that_waits_for_the_disk,
    waiting_that_was_seen_thrice,
    a_migration_before_the_load,
)
ALSO = {
    "a_change_that_waits_for_the_disk": ("slow-statement",),
    "waiting_that_was_seen_thrice": ("slow-statement",),
    "a_migration_before_the_load": ("slow-statement",),
}
