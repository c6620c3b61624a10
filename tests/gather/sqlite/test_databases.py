"""A service's databases are found by what its processes have open, and reading a schema leaves nothing behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from loadstone.errors import EvidenceError
from loadstone.gather.sqlite.databases import MAGIC, opened, schema_of

Test = TypeVar("Test", bound=Callable[..., None])

WHY = "descriptors are read from /proc, which Linux alone has"


def linux(test: Test) -> Test:
    """Skip where there is no /proc; that is accepted where CI is set."""
    skipped: Test = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason=WHY)(test)
    marked: Test = pytest.mark.optional(reason=WHY)(skipped)
    return marked


SERVICE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT * FROM a").fetchall()
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def service(path: Path) -> Iterator[int]:
    """A process that has the database open."""
    command = [sys.executable, "-c", SERVICE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid


def made(path: Path, journal: str = "delete") -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("CREATE INDEX a_by_name ON a (name)")
        connection.commit()
    return path


@linux
@pytest.mark.parametrize("name", ["shop.db", "shop.sqlite3", "no ending at all", "ünï%20code?.db"])
def test_an_open_database_is_found_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = made(tmp_path / name)
    (tmp_path / "text.db").write_text("no database")
    with service(path) as pid, (tmp_path / "text.db").open("rb"):
        assert opened([pid, os.getpid(), 2**22 + 1], {}) == {path}
    assert len(schema_of(path).statements) == 2


@linux
def test_an_empty_file_is_looked_at_again(tmp_path: Path) -> None:
    path, known = tmp_path / "new.db", dict[str, bool]()
    with path.open("ab") as file:
        assert opened([os.getpid()], known) == set()
        file.write(MAGIC + bytes(84))
        file.flush()
        assert opened([os.getpid()], known) == {path}


@linux
def test_a_wal_is_read_and_nothing_is_made(tmp_path: Path) -> None:
    """A table that is only in the write-ahead log yet, while the service has it open."""
    path = made(tmp_path / "shop.db", "wal")
    with service(path) as pid, closing(sqlite3.connect(path)) as writer:
        writer.execute("CREATE TABLE b (x)")
        writer.commit()
        before = _folder(tmp_path)
        assert "CREATE TABLE b (x)" in schema_of(path).statements
        assert _folder(tmp_path) == before
        assert opened([pid], {}) == {path}


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_reading_a_database_that_nobody_has_open_makes_no_file(tmp_path: Path, journal: str) -> None:
    path = made(tmp_path / "shop.db", journal)
    before = _folder(tmp_path)
    assert len(schema_of(path).statements) == 2
    assert _folder(tmp_path) == before


def test_statistics_come_with_it_and_shadow_tables_do_not(tmp_path: Path) -> None:
    path = made(tmp_path / "shop.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (name)")
        connection.execute("INSERT INTO a (name) VALUES ('x'), ('x'), ('y')")
        connection.execute("ANALYZE")
        connection.commit()
    found = schema_of(path)
    assert ("a", "a_by_name", "3 2") in found.statistics
    assert [statement for statement in found.statements if "words" in statement] == [
        "CREATE VIRTUAL TABLE words USING fts5 (name)"
    ]


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(MAGIC + b"\xff" * 5000)
    with pytest.raises(EvidenceError, match=r"broken\.db cannot be read"):
        schema_of(path)
    with pytest.raises(EvidenceError, match="cannot be read"):
        schema_of(tmp_path / "gone.db")


def _folder(path: Path) -> dict[str, int]:
    return {entry.name: entry.stat().st_size for entry in path.iterdir() if not entry.name.endswith("-shm")}
