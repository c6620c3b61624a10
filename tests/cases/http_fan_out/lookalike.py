"""Many calls that nobody waits long for."""

from __future__ import annotations

from tests.scenes import Story


def four_at_one_time() -> Story:
    story = Story()
    for request in story.requests(200):
        request.spend(0.002)
        for part in range(4):
            request.call("GET", "index", f"/parts/{part}", 0.02, at=0.002)
        request.until(0.026)
    return story


def even_and_short_beside_the_work() -> Story:
    story = Story()
    for request in story.requests(200):
        request.spend(0.08)
        begun = request.now_s
        for part in range(12):
            request.call("GET", "index", f"/parts/{part}", 0.005, at=begun)
        request.until(begun + 0.007)
        request.spend(0.02)
    return story


def one_after_another() -> Story:
    story = Story()
    for request in story.requests(100):
        for part in range(30):
            request.call("GET", "index", f"/parts/{part}", 0.003)
    return story


CASES = (four_at_one_time, even_and_short_beside_the_work, one_after_another)
ALSO = {
    "one_after_another": ("http-n-plus-one",),
}
