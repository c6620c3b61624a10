"""The newest messages: cut from all of them here, or by the database."""

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
    """Fifteen thousand messages."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS message")
        connection.execute("CREATE TABLE message (id int PRIMARY KEY, words text)")
        connection.execute("INSERT INTO message SELECT n, 'message ' || n FROM generate_series(1, 15000) AS n")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE message")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/inbox")
def inbox() -> ResponseReturnValue:
    """Twenty messages."""
    connection = _connection()
    if SICK:
        rows = connection.execute(
            "SELECT id, words FROM message ORDER BY id DESC"
        ).fetchall()  # fault: unbounded-result
    else:
        rows = connection.execute("SELECT id, words FROM message ORDER BY id DESC LIMIT 20").fetchall()
    return {"items": [{"id": number, "words": words} for number, words in rows[:20]]}
