"""The parcels of a customer, found by reading all parcels or along an index."""

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
    """150,000 parcels of 9,000 customers; the index is the cure."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS parcel")
        connection.execute("CREATE TABLE parcel (id int PRIMARY KEY, customer int NOT NULL, sent int, words text)")
        connection.execute(
            "INSERT INTO parcel SELECT n, n * 31 % 9000 + 1, n % 365, repeat('handle with care ', 4) "
            "FROM generate_series(1, 150000) AS n"
        )
        if not SICK:
            connection.execute("CREATE INDEX parcel_by_customer ON parcel (customer)")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE parcel")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/customers/<int:customer>/parcels")
def parcels(customer: int) -> ResponseReturnValue:
    """What was sent to a customer."""
    rows = _connection().execute(  # fault: missing-index
        "SELECT id, sent FROM parcel WHERE customer = %s ORDER BY id", (customer,)
    )
    return {"items": [{"id": number, "sent": sent} for number, sent in rows.fetchall()]}
