"""The same page, the similarity computed once at start-up."""

from __future__ import annotations

from tests.profiled import Sampler
from tests.scenes import Story


def computed_once() -> Story:
    story = Story(steps=(("browse", "detail"),))
    sampler = Sampler(story)
    for request in story.requests(600, rate_per_s=20):
        sampler.spend(request, 0.002, "detail (shop/pages.py:28)")
        request.sql("SELECT * FROM product WHERE id = ?", 0.002, parameters=request.number, rows=1)
        sampler.spend(request, 0.0005, "detail (shop/pages.py:31)", "similar (shop/related.py:70)")
        sampler.spend(request, 0.002, "detail (shop/pages.py:33)", "render (jinja2/environment.py:1295)")
    return story


CASES = (computed_once,)
