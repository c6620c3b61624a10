"""A log in pages of fifty: a page is skipped to, or, because numbers are without gaps, begun at its first key."""

from __future__ import annotations

import threading

import psycopg
from flask import request
from flask.typing import ResponseReturnValue

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

PAGE = 50

app = application(__name__)
_held = threading.local()


def fill() -> None:
    """Four thousand pages."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS event")
        connection.execute("CREATE TABLE event (id int PRIMARY KEY, words text NOT NULL)")
        connection.execute("INSERT INTO event SELECT n, 'event ' || n FROM generate_series(1, 200000) AS n")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE event")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/log")
def page() -> ResponseReturnValue:
    """One page."""
    number = int(request.args["page"])
    connection = _connection()
    if SICK:
        rows = connection.execute(  # fault: offset-pagination
            "SELECT id, words FROM event ORDER BY id LIMIT %s OFFSET %s", (PAGE, (number - 1) * PAGE)
        ).fetchall()
    else:
        rows = connection.execute(
            "SELECT id, words FROM event WHERE id > %s ORDER BY id LIMIT %s", ((number - 1) * PAGE, PAGE)
        ).fetchall()
    return {"items": [{"id": key, "words": words} for key, words in rows]}
