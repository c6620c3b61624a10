"""Makes quotes, in 25 ms."""

from __future__ import annotations

import time

from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)


@app.get("/quotes/<int:number>")
def quote(number: int) -> ResponseReturnValue:
    """One."""
    time.sleep(0.025)
    return {"cents": number * 17 % 9999}
