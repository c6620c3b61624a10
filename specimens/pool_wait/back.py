"""Whoever checks payments takes 45 ms for it: they ask a bank."""

from __future__ import annotations

import time

from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)


@app.get("/checks/<int:payment>")
def check(payment: int) -> ResponseReturnValue:
    """Whether a payment is sound."""
    time.sleep(0.045)
    return {"sound": payment % 9 > 0}
