"""Quotes that another service makes. The fault is how this one is started: see SPECIMEN_THREADS in specimen.toml."""

from __future__ import annotations

import os

import requests
from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)
calls = requests.Session()


@app.get("/quotes/<int:number>")
def quote(number: int) -> ResponseReturnValue:
    """One."""
    return {"cents": calls.get(f"{os.environ['BACK_URL']}/quotes/{number}", timeout=5).json()["cents"]}
