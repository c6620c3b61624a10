"""What is in stock, as another service knows."""

from __future__ import annotations

import os

import requests
from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)
calls = requests.Session()


@app.get("/stock/<int:number>")
def stock(number: int) -> ResponseReturnValue:
    """Of one product."""
    reply = calls.get(f"{os.environ['BACK_URL']}/stock/{number}", timeout=5)  # fault: slow-dependency
    return {"stock": reply.json()["stock"]}
