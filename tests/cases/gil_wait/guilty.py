"""Threads that take turns at the lock: among themselves, beside a thread that always computes, without CPU times."""

from __future__ import annotations

from typing import Any

from tests.profiled import Sampler
from tests.scenes import Request, Story

LINE = ("report (shop/reports.py:20)", "total (shop/sums.py:8)")


def turns(story: Story, sampler: Sampler, request: Request, seconds: float, of: int, thread: int, *line: str) -> None:
    """A thread computes for a five-hundredth of a second in every ``of``."""
    until = request.now_s + seconds
    while request.now_s < until:
        sampler.spend(request, 0.005, *line, state="gil" if story.random.random() < 0.8 else "cpu", thread_id=thread)
        sampler.spend(request, 0.005 * (of - 1), *line, state="idle", thread_id=thread)


def four_threads_compute() -> Story:
    story = Story(steps=(("shop", "report"),))
    sampler = Sampler(story)
    for _ in range(60):
        for thread in range(1, 5):
            request = next(iter(story.requests(1, rate_per_s=2000, thread_id=thread)))
            request.sql("SELECT * FROM line", 0.004)
            turns(story, sampler, request, 0.12, 4, thread, *LINE)
        story.pause(0.15)
    return story


def beside_a_thread_that_always_computes() -> Story:
    story = Story(steps=(("browse", "detail"),))
    sampler = Sampler(story)
    for request in story.requests(400, rate_per_s=25, thread_id=1):
        for part in ("product", "price", "stock", "review"):
            request.sql(f"SELECT * FROM {part} WHERE id = ?", 0.001, parameters=request.number)
            sampler.spend(request, 0.0012, "detail (shop/pages.py:31)", state="gil", thread_id=1)
            sampler.spend(request, 0.005, "detail (shop/pages.py:31)", state="idle", thread_id=1)
    end = story.written[-1].at_s
    sampler.seen(0, end, "rebuild (shop/index.py:44)", state="gil", thread_id=9)
    return story


def without_cpu_times() -> Story:
    story = Story(own=False)
    sampler = Sampler(story)
    root: dict[str, Any] = {"http_request_method": "GET", "http_route": "/report"}
    for _ in range(60):
        for thread in range(1, 4):
            request = next(iter(story.requests(1, rate_per_s=2000, thread_id=thread, **root)))
            turns(story, sampler, request, 0.12, 3, thread, *LINE)
            request.root["thread_cpu_ns"] = None
        story.pause(0.15)
    return story


CASES = (four_threads_compute, beside_a_thread_that_always_computes, without_cpu_times)
EXPECTED = {
    "four_threads_compute": {"step": "report", "file": "shop/sums.py", "line": 8},
    "beside_a_thread_that_always_computes": {"step": "detail", "file": "shop/index.py", "line": 44},
    "without_cpu_times": {"file": "shop/sums.py", "service": "shop"},
}
