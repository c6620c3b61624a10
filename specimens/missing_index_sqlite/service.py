"""The parcels of a customer, found by reading all parcels or along an index."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from flask.typing import ResponseReturnValue

from specimens.stores import file_in_folder
from specimens.switch import SICK
from specimens.web import application

FILE = file_in_folder("parcels.sqlite3")

app = application(__name__)
_held = threading.local()


def fill() -> None:
    """150,000 parcels of 9,000 customers; the index is the cure."""
    Path(FILE).unlink(missing_ok=True)
    with sqlite3.connect(FILE) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE parcel (id integer PRIMARY KEY, customer integer, sent integer, words text)")
        words = "handle with care " * 4
        rows = ((n, n * 31 % 9000 + 1, n % 365, words) for n in range(1, 150_001))
        connection.executemany("INSERT INTO parcel VALUES (?, ?, ?, ?)", rows)
        if not SICK:
            connection.execute("CREATE INDEX parcel_by_customer ON parcel (customer)")


def _connection() -> sqlite3.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = sqlite3.connect(FILE)
    connection: sqlite3.Connection = _held.connection
    return connection


@app.get("/customers/<int:customer>/parcels")
def parcels(customer: int) -> ResponseReturnValue:
    """What was sent to a customer."""
    rows = (
        _connection()
        .execute(  # fault: missing-index
            "SELECT id, sent FROM parcel WHERE customer = ? ORDER BY id", (customer,)
        )
        .fetchall()
    )
    return {"items": [{"id": number, "sent": sent} for number, sent in rows]}
