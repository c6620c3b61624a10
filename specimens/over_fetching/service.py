"""Titles of the documents in a folder."""

from __future__ import annotations

import threading

import psycopg
from flask.typing import ResponseReturnValue
from psycopg.rows import dict_row

from specimens.stores import postgres_dsn
from specimens.switch import SICK
from specimens.web import application

app = application(__name__)
_held = threading.local()


def fill() -> None:
    """Ten folders of sixty documents."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS document")
        connection.execute("CREATE TABLE document (id int PRIMARY KEY, folder int, title text, notes text, body text)")
        connection.execute(
            "INSERT INTO document SELECT n, n % 10 + 1, 'title ' || n, repeat('note ', 20), repeat(md5(n::text), 1000) "
            "FROM generate_series(1, 600) AS n"
        )
        connection.execute("CREATE INDEX document_by_folder ON document (folder)")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE document")


def _connection() -> psycopg.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(postgres_dsn(), autocommit=True)
    connection: psycopg.Connection = _held.connection
    return connection


@app.get("/folders/<int:folder>")
def titles(folder: int) -> ResponseReturnValue:
    """What a folder holds."""
    cursor = _connection().cursor(row_factory=dict_row)
    if SICK:
        cursor.execute("SELECT * FROM document WHERE folder = %s ORDER BY id", (folder,))  # fault: over-fetching
    else:
        cursor.execute("SELECT id, title FROM document WHERE folder = %s ORDER BY id", (folder,))
    return {"items": [{"id": row["id"], "title": row["title"]} for row in cursor.fetchall()]}
