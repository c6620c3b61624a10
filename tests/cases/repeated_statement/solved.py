"""Asked once, kept for the request."""

from __future__ import annotations

from tests.cases.repeated_statement.guilty import TAX
from tests.scenes import Story


def once() -> Story:
    story = Story(steps=(("buy", "bill"),))
    for request in story.requests(200):
        request.sql("SELECT * FROM line WHERE cart_id = ?", 0.002, parameters=request.number, rows=12)
        request.sql(TAX, 0.001, parameters="AT", rows=1)
        request.spend(0.002)
    return story


CASES = (once,)
