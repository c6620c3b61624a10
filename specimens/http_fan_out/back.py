"""The shards: a word is in one of them. Once in two hundred times a shard tidies up, and takes 90 ms for its answer."""

from __future__ import annotations

import itertools
import time

from flask import request
from flask.typing import ResponseReturnValue

from specimens.web import application

app = application(__name__)
_calls = itertools.count()


@app.get("/shards/<int:number>")
def shard(number: int) -> ResponseReturnValue:
    """What one shard holds."""
    word = request.args["q"]
    time.sleep(0.09 if next(_calls) % 200 == 150 else 0.003)
    return {"hits": [f"{word} {place}" for place in range(20)] if sum(word.encode()) % 32 == number else []}
