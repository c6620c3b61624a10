"""Notes, each read over a connection that is opened for it, or over one that is kept."""

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
    """Two hundred notes."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS note")
        connection.execute("CREATE TABLE note (id int PRIMARY KEY, words text)")
        connection.execute("INSERT INTO note SELECT n, 'note ' || n FROM generate_series(1, 200) AS n")


@app.get("/notes/<int:number>")
def note(number: int) -> ResponseReturnValue:
    """One."""
    statement = "SELECT words FROM note WHERE id = %s"
    if SICK:
        with psycopg.connect(postgres_dsn()) as connection:  # fault: connection-churn
            row = connection.execute(statement, (number,)).fetchone()
    else:
        if not hasattr(_held, "connection"):
            _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
        row = _held.connection.execute(statement, (number,)).fetchone()
    assert row is not None
    return {"words": row[0]}
