"""Counts the stock: in a far warehouse, or from its own books."""

from __future__ import annotations

import time

from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application

app = application(__name__)


@app.get("/stock/<int:number>")
def stock(number: int) -> ResponseReturnValue:
    """Of one product."""
    time.sleep(0.55 if SICK else 0.004)
    return {"stock": number * 17 % 90}
