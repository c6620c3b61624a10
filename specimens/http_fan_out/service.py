"""A search over 32 shards: all of them asked at once, or the one that knows where the word occurs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import requests
from flask import request
from flask.typing import ResponseReturnValue

from specimens.switch import SICK
from specimens.web import application

SHARDS = 32

app = application(__name__)
calls = requests.Session()
calls.mount("http://", requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=64))
pool = ThreadPoolExecutor(SHARDS)


@app.get("/search")
def search() -> ResponseReturnValue:
    """The ten best hits."""
    word = request.args["q"]
    shards = range(SHARDS) if SICK else [sum(word.encode()) % SHARDS]
    found = pool.map(lambda shard: _hits(shard, word), shards)
    return {"hits": sorted(hit for hits in found for hit in hits)[:10]}


def _hits(shard: int, word: str) -> list[str]:
    reply = calls.get(f"{os.environ['BACK_URL']}/shards/{shard}", params={"q": word}, timeout=5)  # fault: http-fan-out
    hits: list[str] = reply.json()["hits"]
    return hits
