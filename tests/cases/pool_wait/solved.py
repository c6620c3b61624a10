"""The same load, the connection given back before the other service is called."""

from __future__ import annotations

from tests.cases.pool_wait.guilty import SIZE, _waits
from tests.queueing import Queue
from tests.scenes import Story


def given_back_before_the_call() -> Story:
    story = Story(steps=(("shop", "report"), ("shop", "item")))
    queue = Queue(3)
    for number in range(900):
        report = number % 4 == 0
        request = next(iter(story.requests(1, step=1 if report else 2, rate_per_s=40)))
        request.spend(0.001)
        _waits(request, queue, 0.007 if report else 0.004, **SIZE)
        request.sql("SELECT * FROM product WHERE id = ?", 0.003, parameters=number, exact=True)
        if report:
            request.call("POST", "rates", "/convert", 0.24, exact=True)
        request.spend(0.001)
    return story


CASES = (given_back_before_the_call,)
