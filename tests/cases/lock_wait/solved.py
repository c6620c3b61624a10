"""The counter is changed last, so the lock is held for a millisecond."""

from __future__ import annotations

from typing import Any

from tests.cases.lock_wait.guilty import COUNTER, INSERT, looks
from tests.scenes import Story


def changed_last() -> Story:
    story = Story(steps=(("buy", "checkout"),))
    for request in story.requests(300, rate_per_s=30):
        request.sql(INSERT, 0.001, parameters=request.number)
        request.spend(0.015)
        request.sql(COUNTER, 0.001, parameters="today")
    looks(story, COUNTER, 1)
    return story


def short_transactions_on_sqlite() -> Story:
    story = Story(steps=(("buy", "checkout"),))
    for request in story.requests(200, rate_per_s=30):
        request.spend(0.01)
        told: dict[str, Any] = {"db_system_name": "sqlite", "db_query_text": "BEGIN IMMEDIATE"}
        request.span("client", "BEGIN IMMEDIATE", 0.00003, **told)
        request.sql(INSERT, 0.0005, parameters=request.number, system="sqlite")
        request.span("client", "COMMIT", 0.001, db_system_name="sqlite", db_query_text="COMMIT")
    return story


CASES = (changed_last, short_transactions_on_sqlite)
