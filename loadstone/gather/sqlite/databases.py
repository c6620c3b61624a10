"""Which SQLite databases a service's processes have open, and what is in their schema.

Only the schema is read, and it is read at once: the file may go away with the service. Reading leaves nothing behind.
A file whose shared memory is there is read as any reader does; one without is opened as immutable, since a reader
would make the shared memory, which could then belong to another user than the service.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec

from loadstone.errors import EvidenceError

__all__ = ["MAGIC", "Schema", "opened", "schema_of"]

MAGIC = b"SQLite format 3\0"
"""The first bytes of every database (https://sqlite.org/fileformat.html, 1.3)."""

BUSY_S = 1.0
_BESIDE = ("-wal", "-shm", "-journal")
_ORDER = ("table", "index", "view", "trigger")


class Schema(msgspec.Struct, frozen=True):
    """What a database is made of: its CREATE statements in an order in which they can be run, and the statistics that
    ANALYZE has left (rows of sqlite_stat1)."""

    path: Path
    statements: tuple[str, ...]
    statistics: tuple[tuple[str | None, str | None, str | None], ...] = ()


def opened(pids: Iterable[int], known: dict[str, bool]) -> set[Path]:
    """Databases that these processes have open now, as far as this user may see. ``known`` remembers what a file is
    from one look to the next."""
    found: set[Path] = set()
    for pid in pids:
        process = Path("/proc", str(pid))
        try:
            descriptors = list((process / "fd").iterdir())
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                target = str(descriptor.readlink())
            except OSError:
                continue
            if not target.startswith("/") or target.startswith(("/dev/", "/proc/")) or target.endswith(_BESIDE):
                continue
            if target not in known:
                is_database = _is_database(descriptor)
                if is_database is not None:
                    known[target] = is_database
            if known.get(target):
                path = Path(target)
                found.add(path if path.exists() else process / "root" / target.lstrip("/"))
    return found


def schema_of(path: Path) -> Schema:
    """Read a database's schema. Raises EvidenceError when it cannot be read."""
    try:
        with closing(_connect(path)) as connection:
            hidden = _shadows(connection)
            rows = connection.execute(
                "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' "
                "ESCAPE '\\'"
            ).fetchall()
            statistics: list[tuple[str | None, str | None, str | None]] = []
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").fetchone():
                statistics = connection.execute("SELECT tbl, idx, stat FROM sqlite_stat1").fetchall()
    except sqlite3.Error as error:
        raise EvidenceError(f"the database {path} cannot be read: {error}") from error
    rows.sort(key=lambda row: _ORDER.index(row[0]) if row[0] in _ORDER else len(_ORDER))
    return Schema(path, tuple(row[2] for row in rows if row[1] not in hidden), tuple(statistics))


def _connect(path: Path) -> sqlite3.Connection:
    shared = Path(f"{path}-shm").exists()
    name = quote(str(path.absolute()))
    return sqlite3.connect(f"file:{name}?mode=ro{'' if shared else '&immutable=1'}", uri=True, timeout=BUSY_S)


def _shadows(connection: sqlite3.Connection) -> set[str]:
    """Tables that a virtual table keeps its contents in, and makes by itself."""
    if sqlite3.sqlite_version_info < (3, 37):
        return set()
    return {row[1] for row in connection.execute("PRAGMA table_list") if row[2] == "shadow"}


def _is_database(descriptor: Path) -> bool | None:
    """None while it cannot be told: the file is still empty."""
    try:
        if not descriptor.is_file():
            return False
        with descriptor.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError:
        return False
    return None if not head else head == MAGIC
