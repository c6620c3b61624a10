"""Many like calls for other reasons: a poll, pages, side by side, cheap ones, failed ones, writes."""

from __future__ import annotations

from tests.scenes import Story


def a_job_is_polled() -> Story:
    story = Story()
    for request in story.requests(200):
        for _ in range(8):
            request.call("GET", "jobs", "/jobs/17/state", 0.004)
            request.until(request.now_s + 0.02)
    return story


def pages_by_a_cursor() -> Story:
    story = Story()
    for request in story.requests(200):
        for page in range(7):
            request.call("GET", "stock", "/items", 0.01, url_query=f"cursor=#{page:08x}")
    return story


def cheap_beside_the_work() -> Story:
    story = Story()
    for request in story.requests(200):
        for item in range(6):
            request.spend(0.03)
            request.call("GET", "flags", f"/flags/{item}", 0.0004)
    return story


def side_by_side() -> Story:
    story = Story()
    for request in story.requests(200):
        request.spend(0.001)
        for item in range(8):
            request.call("GET", "stock", f"/items/{item}", 0.01, at=0.001)
        request.until(0.013)
    return story


def tried_again_after_errors() -> Story:
    story = Story()
    for request in story.requests(300):
        for attempt in range(6 if request.number % 10 == 0 else 1):
            failed = request.number % 10 == 0 and attempt < 5
            request.call("GET", "stock", f"/items/{request.number}", 0.02, status=2 if failed else 0)
    return story


def rows_are_written() -> Story:
    story = Story()
    for request in story.requests(100):
        for item in range(6):
            request.call("POST", "events", f"/events/{item}", 0.01)
    return story


CASES = (
    a_job_is_polled,
    pages_by_a_cursor,
    cheap_beside_the_work,
    side_by_side,
    tried_again_after_errors,
    rows_are_written,
)
ALSO = {
    "tried_again_after_errors": ("retry-amplification",),
}
