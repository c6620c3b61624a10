"""The newest messages: all of them, or the first fifty and whether there are more."""

from __future__ import annotations

import threading

import psycopg
from flask.typing import ResponseReturnValue

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
_held = threading.local()


def fill() -> None:
    """Six thousand messages."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS message")
        connection.execute("CREATE TABLE message (id int PRIMARY KEY, words text)")
        connection.execute("INSERT INTO message SELECT n, 'message ' || n FROM generate_series(1, 6000) AS n")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE message")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/inbox")
def inbox() -> ResponseReturnValue:
    """The newest first."""
    connection = _connection()
    if SICK:
        found = connection.execute("SELECT id, words FROM message ORDER BY id DESC")  # fault: unbounded-result
    else:
        found = connection.execute("SELECT id, words FROM message ORDER BY id DESC LIMIT 51")
    rows = found.fetchall()
    shown = rows if SICK else rows[:50]
    return {"items": [{"id": number, "words": words} for number, words in shown], "more": len(rows) > len(shown)}
