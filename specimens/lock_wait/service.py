"""Orders with a number without gaps from one row: taken at the start of the transaction, or at its end."""

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
    """A ledger that each order looks through."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS next_number, placed, ledger")
        connection.execute("CREATE TABLE next_number (name text PRIMARY KEY, value int) WITH (fillfactor = 10)")
        connection.execute("INSERT INTO next_number VALUES ('order', 0)")
        connection.execute("CREATE TABLE placed (customer int, credit bigint)")
        connection.execute("CREATE TABLE ledger (customer int, cents int)")
        connection.execute("INSERT INTO ledger SELECT n % 3, n % 977 FROM generate_series(1, 150000) AS n")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE ledger")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/orders/<int:customer>")
def order(customer: int) -> ResponseReturnValue:
    """Places an order."""
    connection = _connection()
    with connection.transaction():
        if SICK:
            _take_number(connection)
        row = connection.execute("SELECT sum(cents) FROM ledger WHERE customer = %s", (customer % 3,)).fetchone()
        assert row is not None
        connection.execute("INSERT INTO placed VALUES (%s, %s)", (customer, row[0]))
        if not SICK:
            _take_number(connection)
    return {"credit": int(row[0])}


def _take_number(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE next_number SET value = value + 1 WHERE name = 'order'")  # fault: lock-wait
