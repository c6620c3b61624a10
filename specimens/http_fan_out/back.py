"""The shards: a word is in one of them."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)


@app.get("/shards/<int:number>")
def shard(number: int) -> ResponseReturnValue:
    """What one shard holds."""
    word = request.args["q"]
    return {"hits": [f"{word} {place}" for place in range(20)] if sum(word.encode()) % 32 == number else []}
