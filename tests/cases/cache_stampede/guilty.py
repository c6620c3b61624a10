"""An entry that expires, and everybody makes it anew."""

from __future__ import annotations

from tests.scenes import Story

STATEMENT = "SELECT * FROM product ORDER BY sold DESC LIMIT ?"


def every_five_seconds() -> Story:
    story = Story(steps=(("browse", "start"),))
    filled = 0.0  # until when the entry is good
    made = None  # when the first one that makes it will be done
    for request in story.requests(3000, rate_per_s=100):
        request.spend(0.001)
        request.sql("GET ?", 0.0004, system="redis", parameters="front")
        now = request.at_s + request.now_s
        if made is not None and now >= made:
            filled, made = made + 5.0, None
        if now >= filled:
            request.sql(STATEMENT, 0.3, parameters=20, rows=20, exact=True, file="shop/start.py", line=14)
            request.sql("SET ? ?", 0.0004, system="redis", parameters="front")
            made = made or request.at_s + request.now_s
        request.spend(0.001)
    return story


def another_service_behind_it() -> Story:
    """Imported traces; a call fills the cache."""
    story = Story(own=False, service="web", seed=2)
    filled, made = 0.0, None
    for request in story.requests(2000, rate_per_s=80, http_request_method="GET", http_route="/rates"):
        request.spend(0.001)
        request.sql("get rates", 0.0004, system="memcached")
        now = request.at_s + request.now_s
        if made is not None and now >= made:
            filled, made = made + 4.0, None
        if now >= filled:
            request.call("GET", "bank", "/rates", 0.25, exact=True)
            made = made or request.at_s + request.now_s
    return story


CASES = (every_five_seconds, another_service_behind_it)
EXPECTED = {
    "every_five_seconds": {"statement": STATEMENT, "file": "shop/start.py", "line": 14},
    "another_service_behind_it": {"span": "GET bank/rates"},
}
ALSO = {
    "every_five_seconds": ("slow-statement",),
}
