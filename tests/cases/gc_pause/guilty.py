"""Full collections that stop the process: rare and long, frequent, in one of two processes, of another runtime."""

from __future__ import annotations

from typing import Any

from tests.evidence import START_NS
from tests.scenes import Request, Story


def collection(
    story: Story, at_s: float, lasts_s: float, *, name: str = "generation 2", pid: int = 100, freed: int = 0
) -> None:
    story.row(
        "waits",
        {
            "at_ns": START_NS + round(at_s * 1e9),
            "duration_ns": round(lasts_s * 1e9),
            "kind": "gc",
            "name": name,
            "process_pid": pid,
            "detail": f'{{"collected": {freed}}}',
        },
    )


def stopped(story: Story, request: Request, lasts_s: float, **more: int | str) -> None:
    """A collection in the middle of a request."""
    pid = int(request.root.get("process_pid", 100))
    collection(story, request.at_s + request.now_s, lasts_s, pid=pid, **more)  # type: ignore[arg-type]
    request.spend(lasts_s, exact=True)


def once_in_a_hundred_requests() -> Story:
    story = Story(steps=(("browse", "detail"),))
    for request in story.requests(2000, rate_per_s=40):
        request.spend(0.003)
        collection(story, request.at_s, 0.00005, name="generation 0", freed=300)
        request.sql("SELECT * FROM product WHERE id = ?", 0.003)
        if request.number % 90 == 0:
            stopped(story, request, 0.25)
        request.spend(0.003)
    return story


def in_every_request() -> Story:
    """Cycles: each request makes so many that the collector runs within it."""
    story = Story()
    for request in story.requests(400, rate_per_s=20):
        request.spend(0.01)
        stopped(story, request, 0.012, name="generation 1", freed=40_000)
        request.spend(0.01)
    return story


def in_one_of_two_processes() -> Story:
    story = Story(own=False)
    root: dict[str, Any] = {
        "http_request_method": "GET",
        "http_route": "/item",
        "process_pid": lambda number: 100 + number % 2,
    }
    for request in story.requests(2000, rate_per_s=40, **root):
        request.spend(0.004)
        if request.number % 100 == 1:
            stopped(story, request, 0.2)
        request.spend(0.004)
    return story


def of_another_runtime() -> Story:
    story = Story(own=False, service="orders")
    for request in story.requests(1500, rate_per_s=40, http_request_method="GET", http_route="/orders"):
        request.spend(0.004)
        if request.number % 60 == 0:
            stopped(story, request, 0.15, name="G1 Old Generation")
        request.spend(0.004)
    return story


CASES = (once_in_a_hundred_requests, in_every_request, in_one_of_two_processes, of_another_runtime)
EXPECTED = {
    "once_in_a_hundred_requests": {"step": "detail", "service": "shop"},
    "in_every_request": {"step": "page"},
    "in_one_of_two_processes": {"service": "shop"},
    "of_another_runtime": {"service": "orders"},
}
