"""Refuses two calls of three, after 15 ms."""

from __future__ import annotations

import itertools
import time

from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)
_calls = itertools.count()


@app.get("/rates/<int:number>")
def rate(number: int) -> ResponseReturnValue:
    """A rate, or 503."""
    time.sleep(0.015)
    if next(_calls) * 2654435761 % 2**32 % 3:
        return {"error": "busy"}, 503
    return {"per_mille": 900 + number}
