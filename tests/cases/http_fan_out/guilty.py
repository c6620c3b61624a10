"""Answers that wait for the slowest of many."""

from __future__ import annotations

from tests.scenes import Request, Story


def _fan(request: Request, calls: list[tuple[str, str, float]], **more: object) -> None:
    """Calls at one time; the clock goes to the last one's end."""
    begun = request.now_s
    ends = []
    for host, path, lasts in calls:
        ends.append(request.call("GET", host, path, lasts, at=begun, **more)["end_s"])
    request.until(max(ends))


def forty_items_with_a_tail() -> Story:
    """A call takes 8 ms, one in a hundred 90 ms."""
    story = Story(steps=(("find", "search"),))
    for request in story.requests(300):
        request.spend(0.002)
        calls = [("index", f"/parts/{part}", 0.09 if request.random.random() < 0.01 else 0.008) for part in range(40)]
        _fan(request, calls, file="find/search.py", line=22)
        request.spend(0.001)
    return story


def a_host_for_each_part() -> Story:
    """Imported traces; each part of the index is a host of its own."""
    story = Story(own=False, service="search", seed=2)
    for request in story.requests(60, rate_per_s=3):
        request.spend(0.001)
        _fan(
            request,
            [(f"shard-{part:02d}", "/query", 0.12 if request.random.random() < 0.03 else 0.01) for part in range(16)],
        )
    return story


def a_pool_of_three() -> Story:
    """Ten routes are asked for, three at one time: the others wait for their turn."""
    story = Story(steps=(("ride", "dispatch"),), seed=3)
    for request in story.requests(150):
        request.spend(0.004)
        free = [request.now_s] * 3
        for route in range(10):
            worker = free.index(min(free))
            free[worker] = request.call("GET", "route", f"/route/{route}", 0.03, at=free[worker])["end_s"]
        request.until(max(free))
    return story


CASES = (forty_items_with_a_tail, a_host_for_each_part, a_pool_of_three)
EXPECTED = {
    "forty_items_with_a_tail": {"span": "GET index/parts/{}", "file": "find/search.py", "line": 22},
    "a_host_for_each_part": {"service": "search"},
    "a_pool_of_three": {"span": "GET route/route/{}"},
}
