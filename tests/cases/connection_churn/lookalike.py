"""Connections that are opened at the start, now and then, or at no cost."""

from __future__ import annotations

from tests.scenes import Story


def many_workers_warming_up() -> Story:
    story = Story()
    for request in story.requests(300):
        if request.number <= 60:
            request.span("client", "connect", 0.008, db_system_name="postgresql")
        request.sql("SELECT * FROM product WHERE id = ?", 0.002, parameters=request.number)
    return story


def replaced_once_in_a_while() -> Story:
    story = Story()
    for request in story.requests(1000):
        if request.number % 40 == 0:
            request.span("client", "connect", 0.008, db_system_name="postgresql")
        request.sql("SELECT * FROM product WHERE id = ?", 0.004, parameters=request.number)
        request.spend(0.003)
    return story


def a_file_that_is_opened() -> Story:
    story = Story()
    for request in story.requests(300):
        request.span("client", "connect", 0.00008, db_system_name="sqlite")
        request.sql("SELECT * FROM product WHERE id = ?", 0.001, parameters=request.number, system="sqlite")
        request.spend(0.004)
    return story


CASES = (many_workers_warming_up, replaced_once_in_a_while, a_file_that_is_opened)
