"""Articles, while their words are counted again and again: by a thread of this process, or by another process."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path

from flask.typing import ResponseReturnValue

from specimens.stores import file_in_folder
from specimens.switch import SICK
from specimens.web import application

FILE = file_in_folder("articles.sqlite3")
WORDS = ("now", "is", "the", "time", "for", "all", "good", "men", "to", "come", "and", "aid", "their", "old", "party")

app = application(__name__)
_held = threading.local()
_starting = threading.Lock()
_counting: list[object] = []


def fill() -> None:
    """Three hundred articles."""
    Path(FILE).unlink(missing_ok=True)
    with sqlite3.connect(FILE) as connection:
        connection.execute("CREATE TABLE article (id integer PRIMARY KEY, words text)")
        rows = ((n, " ".join(WORDS[(n * m) % len(WORDS)] for m in range(200))) for n in range(1, 301))
        connection.executemany("INSERT INTO article VALUES (?, ?)", rows)


def count_words() -> None:
    """Counts for a fifth of a second, then rests for as long, while the process that started it is there."""
    parent = os.getppid()
    with sqlite3.connect(FILE) as connection:
        articles = [words for (words,) in connection.execute("SELECT words FROM article")]
    while os.getppid() == parent:
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            counts: Counter[str] = Counter()
            for words in articles:
                for word in words.split():
                    counts[word] += 1
        time.sleep(0.2)


def _start_counting() -> None:
    with _starting:
        if not _counting:
            kind = threading.Thread if SICK else multiprocessing.get_context("spawn").Process
            counting = kind(target=count_words, daemon=True)
            counting.start()
            _counting.append(counting)


@app.get("/articles/<int:number>")
def article(number: int) -> ResponseReturnValue:
    """An article, its rank by length, and the next one."""
    _start_counting()
    if not hasattr(_held, "connection"):
        _held.connection = sqlite3.connect(FILE)
    row = _held.connection.execute("SELECT words FROM article WHERE id = ?", (number,)).fetchone()
    longer = "SELECT count(*) FROM article WHERE length(words) > ?"
    rank = _held.connection.execute(longer, (len(row[0]),)).fetchone()
    after = _held.connection.execute("SELECT min(id) FROM article WHERE id > ?", (number,)).fetchone()
    return {"words": row[0], "longer": rank[0], "next": after[0]}
