"""Large answers that cost time."""

from __future__ import annotations

import json

from tests.scenes import Story


def a_list_with_everything() -> Story:
    """The more it sends the longer it takes, 30 ms for each megabyte."""
    story = Story(steps=(("browse", "list"),))
    for request in story.requests(300):
        size = int(request.random.uniform(500_000, 3_000_000))
        request.root["bytes"] = size
        request.sql("SELECT * FROM product", 0.01, rows=size // 1000)
        request.spend(0.03 * size / 1e6)
    return story


def a_service_answers_too_much() -> Story:
    """Imported traces; old names of attributes, headers that tell that it is not compressed."""
    story = Story(own=False, service="web", seed=2)
    for request in story.requests(120, rate_per_s=3, http_request_method="GET", http_route="/start"):
        request.spend(0.01)
        size = int(request.random.uniform(400_000, 4_000_000))
        told = {
            "http.response_content_length": str(size),
            "http.request.header.accept-encoding": ["gzip, deflate"],
            "http.response.header.content-type": ["application/json"],
        }
        request.call(
            "GET", "catalog", "/all", 0.01 + 0.05 * size / 1e6, attributes=json.dumps(told), file="a.ts", line=3
        )
    return story


CASES = (a_list_with_everything, a_service_answers_too_much)
EXPECTED = {
    "a_list_with_everything": {"step": "list"},
    "a_service_answers_too_much": {"span": "GET catalog/all", "file": "a.ts", "line": 3},
}
ALSO = {
    "a_list_with_everything": ("unbounded-result",),
}
