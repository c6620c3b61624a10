"""The long-lived objects frozen: young collections only."""

from __future__ import annotations

from tests.cases.gc_pause.guilty import collection, stopped
from tests.scenes import Story


def frozen() -> Story:
    story = Story(steps=(("browse", "detail"),))
    for request in story.requests(2000, rate_per_s=40):
        request.spend(0.003)
        collection(story, request.at_s, 0.00005, name="generation 0", freed=300)
        request.sql("SELECT * FROM product WHERE id = ?", 0.003)
        if request.number % 90 == 0:
            stopped(story, request, 0.002)
        request.spend(0.003)
    return story


CASES = (frozen,)
