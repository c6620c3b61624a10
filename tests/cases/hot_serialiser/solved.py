"""The same page with an encoder in C, which shows no frames of its own."""

from __future__ import annotations

from tests.profiled import Sampler
from tests.scenes import Story


def an_encoder_in_c() -> Story:
    story = Story(steps=(("browse", "list"),))
    sampler = Sampler(story)
    for request in story.requests(600, rate_per_s=20):
        request.sql("SELECT * FROM product LIMIT ?", 0.004, rows=300)
        sampler.spend(request, 0.004, "listing (shop/pages.py:80)")
        sampler.spend(request, 0.004, "listing (shop/pages.py:85)", "shown (shop/money.py:3)")
        sampler.spend(request, 0.001, "listing (shop/pages.py:88)", "encoded (shop/answers.py:5)")
    return story


CASES = (an_encoder_in_c,)
