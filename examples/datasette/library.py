"""Write the library that the example drives: 300 authors and 5,000 books in a SQLite file.

python library.py library.db
"""

from __future__ import annotations

import random
import sqlite3
import sys
from pathlib import Path

AUTHORS = 300
BOOKS = 5_000

_FIRST = ("Ada", "Bruno", "Chiara", "Elif", "Farid", "Hana", "Ivo", "Jun", "Kofi", "Lena", "Noor", "Olga")
_LAST = ("Abel", "Costa", "Dahl", "Haddad", "Ito", "Kaya", "Moreau", "Novak", "Okafor", "Rossi", "Sato", "Weiss")
_FORMS = ("A history of", "Letters on", "The end of", "Notes from", "A field guide to", "Without")
_MATTERS = ("rivers", "salt", "winter", "the harbour", "small engines", "glass", "maps", "sleep", "bees", "islands")


def write_library(path: Path) -> None:
    """Write the database, the same each time. Raises FileExistsError when the file is there already."""
    path.touch(exist_ok=False)
    draw = random.Random(7)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    connection.execute(
        "CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES author (id), "
        "title TEXT NOT NULL, year INTEGER NOT NULL, pages INTEGER NOT NULL)"
    )
    authors = [(number, f"{draw.choice(_FIRST)} {draw.choice(_LAST)}") for number in range(1, AUTHORS + 1)]
    connection.executemany("INSERT INTO author VALUES (?, ?)", authors)
    books = [
        (
            number,
            1 + (number - 1) % AUTHORS,
            f"{draw.choice(_FORMS)} {draw.choice(_MATTERS)}",
            draw.randint(1850, 2025),
            draw.randint(80, 900),
        )
        for number in range(1, BOOKS + 1)
    ]
    connection.executemany("INSERT INTO book VALUES (?, ?, ?, ?, ?)", books)
    connection.execute("CREATE INDEX book_by_author ON book (author_id)")
    connection.commit()
    connection.close()


if __name__ == "__main__":
    write_library(Path(sys.argv[1]))
