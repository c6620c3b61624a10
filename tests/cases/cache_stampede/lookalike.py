"""Misses that are no stampede: of many keys at any time, and of a cold cache once."""

from __future__ import annotations

from tests.scenes import Story


def a_steady_share_of_misses() -> Story:
    story = Story()
    for request in story.requests(3000, rate_per_s=100):
        request.sql("GET ?", 0.0004, system="redis", parameters=request.number)
        if request.random.random() < 0.2:
            request.sql("SELECT * FROM product WHERE id = ?", 0.2, parameters=request.number)
    return story


def a_cold_cache_once() -> Story:
    story = Story()
    for request in story.requests(2000, rate_per_s=100):
        request.sql("GET ?", 0.0004, system="redis", parameters="front")
        if request.at_s < 0.4:
            request.sql("SELECT * FROM product ORDER BY sold", 0.4, parameters=1, exact=True)
    return story


def a_cache_that_never_hits() -> Story:
    story = Story()
    for request in story.requests(600, rate_per_s=100):
        request.sql("GET ?", 0.0004, system="redis", parameters=request.number)
        request.sql("SELECT * FROM product WHERE id = ?", 0.1, parameters=request.number)
    return story


CASES = (a_steady_share_of_misses, a_cold_cache_once, a_cache_that_never_hits)
ALSO = {
    "a_steady_share_of_misses": ("slow-statement",),
    "a_cold_cache_once": ("slow-statement",),
    "a_cache_that_never_hits": ("slow-statement",),
}
