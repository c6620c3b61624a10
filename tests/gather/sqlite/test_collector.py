"""The SQLite collector around a process that has a database open, and goes away with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from loadstone.gather.collector import Collector, Scene
from loadstone.gather.sqlite.collector import MOST, Sqlite
from loadstone.model.redaction import Redaction
from tests.gather.sqlite.test_databases import linux, made, service

BY_NAME = "SELECT * FROM a WHERE name = ?"


def scene(spool: Path, pids: Callable[[], set[int]] = set) -> Scene:
    return Scene(spool=spool, redaction=Redaction("00112233445566778899aabbccddeeff"), pids=pids, generator=0)


@linux
def test_plans_can_be_had_when_the_database_is_gone(tmp_path: Path) -> None:
    path = made(tmp_path / "shop.db")
    collector = Sqlite()
    with service(path) as pid:
        assert collector.prepare(scene(tmp_path, lambda: {pid}), None) is None
        collector.open()
        collector.mark("load")
        collector.stop()
    path.unlink()
    gathered = collector.close()
    assert gathered.missing == ()
    assert gathered.cpu_s is not None
    assert collector.databases == (path,)
    plans, missing = collector.plans([BY_NAME, "BEGIN", BY_NAME])
    assert [plan.root["lines"][0]["detail"] for plan in plans] == ["SEARCH a USING COVERING INDEX a_by_name (name=?)"]
    assert missing == ()


@linux
def test_a_database_that_is_open_for_a_moment_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.gather.sqlite.collector.LOOK_S", 0.01)
    path, pids, pause = made(tmp_path / "shop.db"), set[int](), threading.Event()
    collector = Sqlite()
    collector.prepare(scene(tmp_path, lambda: set(pids)), None)
    collector.open()
    assert not collector.databases
    with service(path) as pid:
        pids.add(pid)
        for _ in range(1000):
            if collector.databases:
                break
            pause.wait(0.01)
    pids.clear()
    collector.stop()
    collector.close()
    assert collector.databases == (path,)


def test_a_named_database_needs_no_process(tmp_path: Path) -> None:
    collector = Sqlite(made(tmp_path / "shop.db"))
    collector.prepare(scene(tmp_path), None)
    collector.open()
    collector.stop()
    collector.close()
    assert len(collector.plans([BY_NAME])[0]) == 1


def test_each_statement_is_planned_where_its_tables_are(tmp_path: Path) -> None:
    import sqlite3

    first, second = made(tmp_path / "1.db"), tmp_path / "2.db"
    with sqlite3.connect(second) as connection:
        connection.execute("CREATE TABLE b (x)")
    connection.close()
    collector = Sqlite(first)
    collector._paths.add(second)
    collector.prepare(scene(tmp_path), None)
    collector.stop()
    plans, missing = collector.plans([BY_NAME, "SELECT * FROM b", "SELECT * FROM c", "SELECT * FROM d"])
    assert [plan.statement for plan in plans] == [BY_NAME, "SELECT * FROM b"]
    assert [one.reason for one in missing] == [
        "1 SQLite statement has no plan: no such table: c",
        "1 SQLite statement has no plan: no such table: d",
    ]


def test_statements_without_a_database_are_told(tmp_path: Path) -> None:
    collector = Sqlite()
    collector.prepare(scene(tmp_path), None)
    collector.open()
    collector.stop()
    assert collector.close().missing == ()
    plans, missing = collector.plans([BY_NAME])
    assert plans == ()
    assert "no SQLite database was found" in missing[0].reason
    assert collector.plans([]) == ((), ())


def test_a_broken_database_is_told(tmp_path: Path) -> None:
    collector = Sqlite(tmp_path / "gone.db")
    collector.prepare(scene(tmp_path), None)
    collector.open()
    collector.stop()
    (missing,) = collector.close().missing
    assert "gone.db cannot be read" in missing.reason


def test_the_number_of_plans_is_bounded(tmp_path: Path) -> None:
    collector = Sqlite(made(tmp_path / "shop.db"))
    collector.prepare(scene(tmp_path), None)
    collector.stop()
    plans, missing = collector.plans(f"SELECT * FROM a AS a{at}" for at in range(MOST + 3))
    assert len(plans) == MOST
    assert missing[0].reason == f"3 SQLite statements have no plan: only {MOST} are planned"


def test_it_is_a_collector() -> None:
    collector: Collector = Sqlite()
    assert collector.name == "sqlite"
    collector.close()
