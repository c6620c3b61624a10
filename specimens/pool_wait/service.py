"""A payment is read and another service is asked whether it is sound, with the connection held meanwhile, or not."""

from __future__ import annotations

import os

import psycopg
import requests
from flask.typing import ResponseReturnValue
from psycopg_pool import ConnectionPool

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
pool = ConnectionPool(postgres_dsn(), min_size=2, max_size=2, open=False)
calls = requests.Session()


def fill() -> None:
    """Five hundred payments."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS payment")
        connection.execute("CREATE TABLE payment (id int PRIMARY KEY, cents int)")
        connection.execute("INSERT INTO payment SELECT n, n * 17 FROM generate_series(1, 500) AS n")


def _sound(payment: int) -> bool:
    return bool(calls.get(f"{os.environ['BACK_URL']}/checks/{payment}", timeout=5).json()["sound"])


@app.get("/pay/<int:payment>")
def pay(payment: int) -> ResponseReturnValue:
    """What is paid, and whether it may be."""
    pool.open()
    sound = SICK or _sound(payment)
    with pool.connection() as connection:  # fault: pool-wait
        row = connection.execute("SELECT cents FROM payment WHERE id = %s", (payment,)).fetchone()
        if SICK:
            sound = _sound(payment)
    assert row is not None
    return {"cents": row[0], "sound": sound}
