"""One call for all lines."""

from __future__ import annotations

from tests.scenes import Story


def one_call_for_all() -> Story:
    story = Story(steps=(("buy", "basket"),))
    for request in story.requests(400):
        request.spend(0.002)
        request.sql("SELECT * FROM line WHERE basket_id = ?", 0.001, parameters=request.number, rows=12)
        request.call("GET", "stock", "/items", 0.009, url_query="id=#1f2e3d4c", file="shop/basket.py", line=31)
        request.spend(0.001)
    return story


CASES = (one_call_for_all,)
