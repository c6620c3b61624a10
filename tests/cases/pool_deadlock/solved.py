"""The same orders on one connection each."""

from __future__ import annotations

from tests.cases.pool_deadlock.guilty import SIZE
from tests.scenes import Story


def one_connection_each() -> Story:
    story = Story(steps=(("shop", "order"), ("shop", "read")))
    for _ in range(8):
        for request in story.requests(40, step=2, rate_per_s=10):
            request.sql("SELECT * FROM product", 0.004)
        for request in story.requests(4, step=1, rate_per_s=400):
            request.span("internal", "pool wait", 0.004, **SIZE)
            request.sql("BEGIN", 0.0005)
            request.sql("INSERT INTO orders VALUES (?)", 0.003)
            request.sql("INSERT INTO audit VALUES (?)", 0.003)
            request.sql("COMMIT", 0.001)
    return story


CASES = (one_connection_each,)
ALSO = ("pool-wait",)
