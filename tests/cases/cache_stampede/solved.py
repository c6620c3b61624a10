"""One makes the entry, the others take the old one."""

from __future__ import annotations

from tests.scenes import Story


def single_flight() -> Story:
    story = Story(steps=(("browse", "start"),))
    filled = 0.0
    for request in story.requests(3000, rate_per_s=100):
        request.spend(0.001)
        request.sql("GET ?", 0.0004, system="redis", parameters="front")
        if request.at_s >= filled:
            filled = request.at_s + 5.0
            request.sql("SELECT * FROM product ORDER BY sold DESC LIMIT ?", 0.3, parameters=20, rows=20)
        request.spend(0.001)
    return story


CASES = (single_flight,)
ALSO = {"single_flight": ("slow-statement",)}
