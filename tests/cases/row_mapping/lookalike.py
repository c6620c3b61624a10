"""A mapper in the profile that makes no objects, few samples, few rows, requests that wait for something else."""

from __future__ import annotations

from tests.cases.row_mapping.guilty import SERVE, with_rows
from tests.scenes import Story

LOAD = "instances (sqlalchemy/orm/loading.py:220);_instance (sqlalchemy/orm/loading.py:1100)"


def statements_being_written_and_sent() -> Story:
    story = Story()
    with_rows(story, 100, 900, 0.03)
    sends = "execute (sqlalchemy/orm/session.py:2300);orm_execute_statement (sqlalchemy/orm/context.py:300)"
    story.stack(f"{SERVE};{sends};do_execute (sqlalchemy/engine/default.py:920)", 200)
    story.stack(f"{SERVE};render (shop/page.py:4)", 120)
    return story


def a_handful_of_samples() -> Story:
    story = Story()
    with_rows(story, 100, 900, 0.03)
    story.stack(f"{SERVE};{LOAD}", 12)
    story.stack(f"{SERVE};render (shop/page.py:4)", 20)
    return story


def one_row_a_request() -> Story:
    story = Story()
    with_rows(story, 100, 1, 0.03)
    story.stack(f"{SERVE};{LOAD}", 140)
    story.stack(f"{SERVE};render (shop/page.py:4)", 120)
    return story


def requests_that_wait_for_the_database() -> Story:
    story = Story()
    for request in story.requests(100, rate_per_s=1):
        request.sql("SELECT * FROM orders WHERE customer_id = ?", 0.9, parameters=request.number, rows=900)
        request.spend(0.004)
    story.stack(f"{SERVE};{LOAD}", 60)
    return story


CASES = (
    statements_being_written_and_sent,
    a_handful_of_samples,
    one_row_a_request,
    requests_that_wait_for_the_database,
)
ALSO = {"requests_that_wait_for_the_database": ("over-fetching",)}
