"""A ranking that is cached for a second and takes a while to make: everybody makes it, or whoever is first."""

from __future__ import annotations

import json
import threading

import psycopg
import redis
from flask.typing import ResponseReturnValue

from specimens.stores import postgres_dsn, redis_port
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
store = redis.Redis(port=redis_port())
_held = threading.local()
_making = threading.Lock()


def fill() -> None:
    """200,000 votes."""
    store.delete("ranking")
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS vote")
        connection.execute("CREATE TABLE vote (name text, points int)")
        connection.execute("INSERT INTO vote SELECT md5((n % 400)::text), n % 7 FROM generate_series(1, 200000) AS n")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


def _make() -> bytes:
    rows = _connection().execute(  # fault: cache-stampede
        "SELECT name, sum(points)::int FROM vote GROUP BY name ORDER BY 2 DESC, 1 LIMIT 10"
    )
    made = json.dumps(rows.fetchall()).encode()
    store.set("ranking", made, px=1000)
    store.set("ranking before", made)
    return made


@app.get("/ranking")
def ranking() -> ResponseReturnValue:
    """The first ten."""
    found = store.get("ranking")
    if found is None and SICK:
        found = _make()
    elif found is None:
        found = store.get("ranking before")
        if found is None or _making.acquire(blocking=False):
            try:
                found = _make()
            finally:
                if _making.locked():
                    _making.release()
    return {"items": json.loads(found)}
