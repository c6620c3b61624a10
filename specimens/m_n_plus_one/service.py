"""Invoices with the rate of their currency and their lines: a pattern of two statements that repeats for each."""

from __future__ import annotations

import threading
from collections import defaultdict

import psycopg
from flask.typing import ResponseReturnValue

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
_held = threading.local()


def fill() -> None:
    """Forty customers of twenty invoices of three lines."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS invoice_line, invoice, rate")
        connection.execute("CREATE TABLE rate (currency int PRIMARY KEY, per_mille int)")
        connection.execute("INSERT INTO rate SELECT n, 900 + n FROM generate_series(1, 150) AS n")
        connection.execute("CREATE TABLE invoice (id int PRIMARY KEY, customer int, currency int)")
        connection.execute(
            "INSERT INTO invoice SELECT n, n % 40 + 1, n * 7 % 150 + 1 FROM generate_series(1, 800) AS n"
        )
        connection.execute(
            "CREATE TABLE invoice_line (invoice int, place int, cents int, PRIMARY KEY (invoice, place))"
        )
        connection.execute(
            "INSERT INTO invoice_line SELECT i, p, i * p % 977 FROM generate_series(1, 800) i, generate_series(1, 3) p"
        )
        connection.execute("CREATE INDEX invoice_by_customer ON invoice (customer)")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE rate, invoice, invoice_line")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/customers/<int:customer>/invoices")
def invoices(customer: int) -> ResponseReturnValue:
    """What each invoice of a customer comes to."""
    connection = _connection()
    found = connection.execute(
        "SELECT id, currency FROM invoice WHERE customer = %s ORDER BY id", (customer,)
    ).fetchall()
    if SICK:
        return {"items": [_one(connection, invoice, currency) for invoice, currency in found]}
    rates: dict[int, int] = dict(
        connection.execute("SELECT currency, per_mille FROM rate WHERE currency = ANY(%s)", ([c for _, c in found],))
    )
    lines = defaultdict(list)
    for invoice, cents in connection.execute(
        "SELECT invoice, cents FROM invoice_line WHERE invoice = ANY(%s) ORDER BY invoice, place",
        ([invoice for invoice, _ in found],),
    ):
        lines[invoice].append(cents)
    return {"items": [_shown(invoice, rates[currency], lines[invoice]) for invoice, currency in found]}


def _one(connection: psycopg.Connection, invoice: int, currency: int) -> dict[str, object]:
    rate = connection.execute("SELECT per_mille FROM rate WHERE currency = %s", (currency,)).fetchone()
    lines = connection.execute(  # fault: m-n-plus-one
        "SELECT cents FROM invoice_line WHERE invoice = %s ORDER BY place", (invoice,)
    ).fetchall()
    assert rate is not None
    return _shown(invoice, rate[0], [cents for (cents,) in lines])


def _shown(invoice: int, per_mille: int, cents: list[int]) -> dict[str, object]:
    return {"id": invoice, "lines": len(cents), "cents": sum(cents) * per_mille // 1000}
