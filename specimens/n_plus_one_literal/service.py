"""Baskets whose prices are asked for one by one, each number a literal of its own statement, or all at once."""

from __future__ import annotations

import threading

import psycopg
from flask.typing import ResponseReturnValue
from psycopg import sql

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
_held = threading.local()


def fill() -> None:
    """Fifty baskets of forty products."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS price, basket_line")
        connection.execute("CREATE TABLE price (product int PRIMARY KEY, cents int)")
        connection.execute("INSERT INTO price SELECT n, n * 7 % 10000 FROM generate_series(1, 20000) AS n")
        connection.execute("CREATE TABLE basket_line (basket int, product int, PRIMARY KEY (basket, product))")
        connection.execute(
            "INSERT INTO basket_line SELECT b, b * 37 + n * 311 FROM generate_series(1, 50) b, generate_series(1, 40) n"
        )
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE price, basket_line")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/baskets/<int:number>")
def basket(number: int) -> ResponseReturnValue:
    """What a basket costs."""
    connection = _connection()
    found = connection.execute("SELECT product FROM basket_line WHERE basket = %s ORDER BY product", (number,))
    products = [product for (product,) in found.fetchall()]
    if SICK:
        cents = [_price(connection, product) for product in products]
    else:
        rows = connection.execute("SELECT product, cents FROM price WHERE product = ANY(%s)", (products,)).fetchall()
        known: dict[int, int] = dict(rows)
        cents = [known[product] for product in products]
    return {"cents": cents, "total": sum(cents)}


def _price(connection: psycopg.Connection, product: int) -> int:
    statement = sql.SQL("SELECT cents FROM price WHERE product = {}").format(product)
    row = connection.execute(statement).fetchone()  # fault: n-plus-one
    assert row is not None
    cents: int = row[0]
    return cents
