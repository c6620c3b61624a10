"""The same work in four processes of one thread each."""

from __future__ import annotations

from tests.cases.gil_wait.guilty import LINE
from tests.profiled import Sampler
from tests.scenes import Story


def four_processes() -> Story:
    story = Story(steps=(("shop", "report"),))
    sampler = Sampler(story)
    for _ in range(60):
        for pid in range(101, 105):
            request = next(iter(story.requests(1, rate_per_s=2000, thread_id=1, process_pid=pid)))
            request.sql("SELECT * FROM line", 0.004)
            sampler.spend(request, 0.03, *LINE, state="gil", thread_id=1, process_pid=pid)
        story.pause(0.15)
    return story


CASES = (four_processes,)
ALSO = ("hot-function",)
