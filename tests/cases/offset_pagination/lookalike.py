"""OFFSET that costs nothing: shallow pages, a noisy machine, the same few pages from memory."""

from __future__ import annotations

from tests.cases.offset_pagination.guilty import PAGE
from tests.scenes import Story


def first_pages_only() -> Story:
    story = Story()
    for request in story.requests(400):
        page = 1 + int(request.random.integers(0, 3))
        request.spend(0.001)
        request.sql(PAGE, 0.002 + 0.0001 * page, parameters=page, rows=20)
    return story


def on_a_noisy_machine() -> Story:
    """Times vary tenfold, whatever the page."""
    story = Story()
    for request in story.requests(400):
        page = 1 + int(request.random.integers(0, 20))
        noise = float(request.random.lognormal(0, 1))
        request.sql("SELECT id FROM session WHERE token = ?", 0.002 * noise, parameters=request.number)
        request.sql(PAGE, 0.004 * noise, parameters=page, rows=20)
    return story


def on_a_noisy_machine_without_hashes() -> Story:
    story = Story(own=False)
    for request in story.requests(400):
        noise = float(request.random.lognormal(0, 1))
        request.sql("SELECT id FROM session WHERE token = ?", 0.002 * noise)
        request.sql(PAGE, 0.004 * noise)
    return story


def deep_but_cheap() -> Story:
    story = Story()
    for request in story.requests(400):
        page = 1 + int(request.random.integers(0, 60))
        request.spend(0.05)
        request.sql(PAGE, 0.0002 + 0.00005 * page, parameters=page, rows=20)
    return story


CASES = (first_pages_only, on_a_noisy_machine, on_a_noisy_machine_without_hashes, deep_but_cheap)
