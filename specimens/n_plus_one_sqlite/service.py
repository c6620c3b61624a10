"""A library: a shelf of books, with the author of each looked up in a loop, or joined."""

from __future__ import annotations

import random
import sqlite3
import threading
from pathlib import Path

from flask.typing import ResponseReturnValue

from specimens.stores import file_in_folder
from specimens.switch import SICK
from specimens.web import application

FILE = file_in_folder("library.sqlite3")
AUTHORS, BOOKS, SHELVES = 30_000, 1_200, 20

app = application(__name__)
_held = threading.local()


def fill() -> None:
    """Authors, and the books of twenty shelves."""
    Path(FILE).unlink(missing_ok=True)
    draw = random.Random(1)
    with sqlite3.connect(FILE) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE author (id integer PRIMARY KEY, name text, sold integer)")
        connection.execute("CREATE TABLE book (id integer PRIMARY KEY, shelf integer, title text, author_id integer)")
        authors = [(number, f"author {number}", draw.randrange(10**6)) for number in range(1, AUTHORS + 1)]
        connection.executemany("INSERT INTO author VALUES (?, ?, ?)", authors)
        books = [(n, n % SHELVES + 1, f"book {n}", draw.randint(1, AUTHORS)) for n in range(1, BOOKS + 1)]
        connection.executemany("INSERT INTO book VALUES (?, ?, ?, ?)", books)
        connection.execute("CREATE INDEX book_by_shelf ON book (shelf)")
        connection.execute("CREATE INDEX author_by_sold ON author (sold)")


def _connection() -> sqlite3.Connection:
    if not hasattr(_held, "connection"):
        _held.connection = sqlite3.connect(FILE)
    connection: sqlite3.Connection = _held.connection
    return connection


@app.get("/shelves/<int:number>")
def shelf(number: int) -> ResponseReturnValue:
    """The books of a shelf, with their authors and whether those are among the hundred that sold most."""
    connection = _connection()
    if SICK:
        books = connection.execute(
            "SELECT title, author_id FROM book WHERE shelf = ? ORDER BY id", (number,)
        ).fetchall()
        return {"items": [_with_author(connection, title, author) for title, author in books]}
    rows = connection.execute(
        "SELECT title, name, sold >= (SELECT min(sold) FROM (SELECT sold FROM author ORDER BY sold DESC LIMIT 100)) "
        "FROM book JOIN author ON author.id = author_id WHERE shelf = ? ORDER BY book.id",
        (number,),
    ).fetchall()
    return {"items": [{"title": title, "author": name, "top": bool(top)} for title, name, top in rows]}


def _with_author(connection: sqlite3.Connection, title: str, author: int) -> dict[str, object]:
    name, ahead = connection.execute(  # fault: n-plus-one
        "SELECT name, (SELECT count(*) FROM author AS other WHERE other.sold > author.sold) FROM author WHERE id = ?",
        (author,),
    ).fetchone()
    return {"title": title, "author": name, "top": ahead < 100}
