"""Sixteen threads for the same load."""

from __future__ import annotations

from tests.cases.server_queue.guilty import served
from tests.queueing import Queue
from tests.scenes import Story


def sixteen_workers() -> Story:
    story = Story(steps=(("shop", "quote"),))
    queue = Queue(16)
    for number in range(1500):
        request = served(story, queue, 41.0, 0.09, pid=100 + number % 4)
        request.spend(0.002, exact=True)
        request.call("GET", "rates", "/today", 0.086, exact=True)
        request.spend(0.002, exact=True)
    return story


CASES = (sixteen_workers,)
