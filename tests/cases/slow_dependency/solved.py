"""The same service, quick."""

from __future__ import annotations

from tests.scenes import Story


def payments_answer_evenly() -> Story:
    story = Story(steps=(("buy", "pay"),))
    for request in story.requests(1000):
        request.spend(0.004)
        request.call("POST", "payments", "/charge", 0.02, file="shop/pay.py", line=17)
        request.spend(0.002)
    return story


CASES = (payments_answer_evenly,)
