"""The mean rating of a product: of all ratings, added up here, or told by the database."""

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
    """Ten products of eight thousand ratings."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS rating")
        connection.execute("CREATE TABLE rating (product int, stars int)")
        connection.execute(
            "INSERT INTO rating SELECT n % 10 + 1, (n % 10 + n % 7) % 5 + 1 FROM generate_series(1, 80000) AS n"
        )
        connection.execute("CREATE INDEX rating_by_product ON rating (product) INCLUDE (stars)")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE rating")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/products/<int:product>/rating")
def rating(product: int) -> ResponseReturnValue:
    """How many ratings, and their mean in hundredths."""
    connection = _connection()
    if SICK:
        rows = connection.execute("SELECT stars FROM rating WHERE product = %s", (product,))  # fault: over-fetching
        stars = [row[0] for row in rows.fetchall()]
        return {"ratings": len(stars), "hundredths": 100 * sum(stars) // len(stars)}
    counted = "SELECT count(*), 100 * sum(stars) / count(*) FROM rating WHERE product = %s"
    row = connection.execute(counted, (product,)).fetchone()
    assert row is not None
    return {"ratings": row[0], "hundredths": row[1]}
