"""The four services that the page is made of; each waits 50 to 80 ms for somebody else."""

from __future__ import annotations

import time

from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)
TAKES_S = {"weather": 0.05, "basket": 0.06, "offers": 0.08, "messages": 0.07}


@app.get("/<name>/<int:user>")
def part(name: str, user: int) -> ResponseReturnValue:
    """A part of a user's page."""
    time.sleep(TAKES_S[name])
    return {"part": name, "user": user}
