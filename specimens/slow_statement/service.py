"""What was sold by product since a day: added up from every sale, or from sums that are kept for each day.

No index would help: most of the table is wanted.
"""

from __future__ import annotations

import threading

import psycopg
from flask import request
from flask.typing import ResponseReturnValue

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
_held = threading.local()


def fill() -> None:
    """A thousand sales a day for 120 days, and their sums."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS sale, day_sum")
        connection.execute("CREATE TABLE sale (id int PRIMARY KEY, day int, product int, cents int)")
        connection.execute(
            "INSERT INTO sale SELECT n, n % 120 + 1, n * 31 % 50, n * 17 % 9000 FROM generate_series(1, 120000) AS n"
        )
        connection.execute(
            "CREATE TABLE day_sum AS "
            "SELECT day, product, count(*) AS sales, sum(cents) AS cents FROM sale GROUP BY 1, 2"
        )
        connection.execute("CREATE INDEX sale_by_day ON sale (day)")
        connection.execute("CREATE INDEX day_sum_by_day ON day_sum (day)")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE sale, day_sum")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/report")
def report() -> ResponseReturnValue:
    """The products that sold best."""
    since = int(request.args["from"])
    connection = _connection()
    if SICK:
        rows = connection.execute(  # fault: slow-statement
            "SELECT product, count(*), sum(cents) FROM sale WHERE day >= %s "
            "GROUP BY product ORDER BY 3 DESC, 1 LIMIT 10",
            (since,),
        ).fetchall()
    else:
        rows = connection.execute(
            "SELECT product, sum(sales)::bigint, sum(cents)::bigint FROM day_sum WHERE day >= %s "
            "GROUP BY product ORDER BY 3 DESC, 1 LIMIT 10",
            (since,),
        ).fetchall()
    return {"items": [{"product": product, "sales": sales, "cents": int(cents)} for product, sales, cents in rows]}
