from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from loadstone.demo.database import SqliteDatabase
from loadstone.demo.seed import fill, sqlite_file, working_copy
from tests.demo.shopping import silent


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(path) as connection:
        tables = ("category", "product", "customer", "review")
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in tables}


def test_the_same_data_each_time(tmp_path: Path) -> None:
    for name in ("one", "other"):
        database = SqliteDatabase(tmp_path / name)
        fill(database, silent, products=200, customers=5)
        database.close()
    assert rows_of(tmp_path / "one") == rows_of(tmp_path / "other")


def test_the_catalogue_of_a_start(tmp_path: Path) -> None:
    told: list[str] = []
    first = working_copy(tmp_path, tmp_path / "cache", told.append)
    rows = rows_of(first)
    assert len(rows["product"]) == 10_000
    assert len(rows["customer"]) == 80_000
    assert len(rows["review"]) > 80_000
    assert told, "the first start says what takes its time"

    with sqlite3.connect(first) as connection:
        connection.execute("UPDATE product SET stock = 0")
    told.clear()
    (tmp_path / "again").mkdir()
    again = working_copy(tmp_path / "again", tmp_path / "cache", told.append)
    assert rows_of(again) == rows, "every start sells from a full stock"
    assert told == []


def test_a_named_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite3"
    database = SqliteDatabase(path)
    fill(database, silent, products=20, customers=2)
    with database.write() as session:
        session.ask("UPDATE product SET stock = 7")()
    database.close()
    assert sqlite_file(path, silent) == path
    assert {row[7] for row in rows_of(path)["product"]} == {7}


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_a_file_that_is_no_shop_is_left_alone(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.sqlite3"
    if content is None:
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE setting (name text, value text)")
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"mine\.sqlite3 is not a shop of this version"):
        sqlite_file(path, silent)
    assert path.read_bytes() == before


def test_a_broken_build_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(what: str) -> None:
        if what == "indexes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sqlite_file(tmp_path / "cache" / "shop.sqlite3", interrupt)
    assert list((tmp_path / "cache").iterdir()) == []
