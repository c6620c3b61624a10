"""The same trouble with a short deadline and an answer without it."""

from __future__ import annotations

from tests.scenes import Story


def a_deadline_and_a_fallback() -> Story:
    story = Story(steps=(("buy", "price"),))
    for request in story.requests(1000):
        request.spend(0.002)
        late = request.number % 50 == 0
        request.call("GET", "rates", "/rates", 0.03 if late else 0.008, status=2 if late else 0)
        request.spend(0.001)
    return story


CASES = (a_deadline_and_a_fallback,)
ALSO = {
    "a_deadline_and_a_fallback": ("slow-dependency",),
}
