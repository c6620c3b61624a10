"""A line in front of few workers: near full use, in bursts, in front of one that computes, of several steps."""

from __future__ import annotations

from tests.queueing import Queue
from tests.scenes import Request, Story


def served(story: Story, queue: Queue, rate_per_s: float, lasts_s: float, step: int = 1, pid: int = 100) -> Request:
    """A request that waits for one of the queue's workers, which it keeps for so long."""
    request = next(iter(story.requests(1, step=step, rate_per_s=rate_per_s, process_pid=pid)))
    waited = queue.take(request.at_s, lasts_s)
    request.root["waited_s"] = waited
    request.at_s += waited
    return request


def four_workers_wait_for_another_service() -> Story:
    story = Story(steps=(("shop", "quote"),))
    queue = Queue(4)
    for number in range(1500):
        request = served(story, queue, 41.0, 0.09, pid=100 + number % 4)
        request.spend(0.002, exact=True)
        request.call("GET", "rates", "/today", 0.086, exact=True)
        request.spend(0.002, exact=True)
    return story


def one_worker_computes() -> Story:
    story = Story()
    queue = Queue(1)
    for _ in range(1000):
        served(story, queue, 16.0, 0.05).spend(0.05, exact=True)
    return story


def bursts_of_one_step_hurt_another() -> Story:
    story = Story(steps=(("shop", "item"), ("shop", "export")))
    queue = Queue(2)
    for number in range(2000):
        if number % 100 < 3:
            request = served(story, queue, 500.0, 0.6, step=2)
            request.sql("SELECT everything", 0.6, exact=True)
        else:
            request = served(story, queue, 30.0, 0.01)
            request.sql("SELECT one", 0.01, exact=True)
    return story


CASES = (four_workers_wait_for_another_service, one_worker_computes, bursts_of_one_step_hurt_another)
EXPECTED = {
    "four_workers_wait_for_another_service": {"step": "quote", "service": "shop"},
    "one_worker_computes": {"step": "page"},
    "bursts_of_one_step_hurt_another": {"step": "item"},
}
ALSO = {"bursts_of_one_step_hurt_another": ("slow-statement",)}
