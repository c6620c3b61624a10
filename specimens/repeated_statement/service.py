"""Bills, whose every line needs the rate of the bill's own country."""

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
    """Two hundred countries."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS vat")
        connection.execute("CREATE TABLE vat (country int PRIMARY KEY, per_mille int)")
        connection.execute("INSERT INTO vat SELECT n, 100 + n FROM generate_series(1, 200) AS n")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/bills/<int:number>")
def bill(number: int) -> ResponseReturnValue:
    """The lines of a bill with their tax."""
    connection = _connection()
    lines = [number * place % 977 for place in range(1, 31)]
    if SICK:
        return {"lines": [cents * _rate(connection, number) // 1000 for cents in lines]}
    rate = _rate(connection, number)
    return {"lines": [cents * rate // 1000 for cents in lines]}


def _rate(connection: psycopg.Connection, country: int) -> int:
    statement = "SELECT per_mille FROM vat WHERE country = %s"
    row = connection.execute(statement, (country,)).fetchone()  # fault: repeated-statement
    assert row is not None
    rate: int = row[0]
    return rate
