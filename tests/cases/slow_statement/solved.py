"""The sums are kept up to date in a table of their own."""

from __future__ import annotations

from tests.scenes import Story


def kept_sums() -> Story:
    story = Story(steps=(("office", "report"),))
    for request in story.requests(60, rate_per_s=2):
        request.spend(0.005)
        request.sql("SELECT category, total FROM month_total WHERE month >= ?", 0.002, parameters=1, rows=12)
        request.spend(0.01)
    return story


CASES = (kept_sums,)
