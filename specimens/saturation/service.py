"""Proofs of work that was not asked for: with so many rounds that no core is left, or with few."""

from __future__ import annotations

import hashlib

from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application

ROUNDS = 100_000 if SICK else 5_000

app = application(__name__)


@app.get("/proofs/<int:number>")
def proof(number: int) -> ResponseReturnValue:
    """One."""
    digest = hashlib.pbkdf2_hmac("sha256", b"specimen", number.to_bytes(4, "big"), ROUNDS)
    return {"number": number, "bytes": len(digest)}
