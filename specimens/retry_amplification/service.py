"""Exchange rates from a service that is overloaded: asked again at once until it answers, or once."""

from __future__ import annotations

import os

import requests
from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application

TRIES = 6 if SICK else 1

app = application(__name__)
calls = requests.Session()


@app.get("/rates/<int:number>")
def rate(number: int) -> ResponseReturnValue:
    """A rate: as it is told, else as it was yesterday, which is the same."""
    for _ in range(TRIES):
        reply = calls.get(f"{os.environ['BACK_URL']}/rates/{number}", timeout=5)  # fault: retry-amplification
        if reply.ok:
            return {"per_mille": reply.json()["per_mille"]}
    return {"per_mille": 900 + number}
