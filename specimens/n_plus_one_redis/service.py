"""A board of scores that are kept one a key."""

from __future__ import annotations

import redis
from flask.typing import ResponseReturnValue

from specimens.stores import redis_port
from specimens.switch import SICK
from specimens.web import application

PLAYERS = 60

app = application(__name__)
store = redis.Redis(port=redis_port())


def fill() -> None:
    """Thirty boards of sixty players."""
    store.mset({f"score:{n}:{m}": n * m % 97 for n in range(1, 31) for m in range(PLAYERS)})


@app.get("/boards/<int:number>")
def board(number: int) -> ResponseReturnValue:
    """The scores, the highest first."""
    keys = [f"score:{number}:{player}" for player in range(PLAYERS)]
    found = [store.get(key) for key in keys] if SICK else store.mget(keys)  # fault: n-plus-one
    return {"scores": sorted((int(score) for score in found), reverse=True)}  # type: ignore[arg-type]
