"""One call for all items."""

from __future__ import annotations

from tests.scenes import Story


def one_call() -> Story:
    story = Story(steps=(("find", "search"),))
    for request in story.requests(300):
        request.spend(0.002)
        request.call("GET", "index", "/parts", 0.09 if request.random.random() < 0.01 else 0.012)
        request.spend(0.001)
    return story


CASES = (one_call,)
