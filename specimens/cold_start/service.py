"""Words by their number, out of a table that is built when the first request needs it, or at the start."""

from __future__ import annotations

import hashlib
import threading

from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
_building = threading.Lock()
_table: list[str] = []


def table() -> list[str]:
    """The words, built once."""
    with _building:
        if not _table:
            _table.extend(hashlib.sha256(str(number).encode()).hexdigest()[:12] for number in range(800_000))
    return _table


if not SICK:
    table()


@app.get("/words/<int:number>")
def word(number: int) -> ResponseReturnValue:
    """One."""
    return {"word": table()[number]}
