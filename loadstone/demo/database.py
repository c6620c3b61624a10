"""Where the shop keeps its data: sessions of plain SQL over SQLite, or over PostgreSQL (``postgres.py``).

SQL is written once, with ``?`` for each parameter; rows are tuples. A thread takes a connection from the pool for
as long as it needs one and gives it back. The pool holds as many connections as there are worker threads, so no
thread ever waits for one.

``ask(sql)`` is the driver's own method: no frame of this file stands between a statement and the line that asks for it.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

__all__ = ["THREADS", "Answer", "Busy", "Database", "Row", "Session", "SqliteDatabase"]

Row = tuple[Any, ...]
Dialect = Literal["sqlite", "postgresql"]

THREADS = 8  # worker threads and connections: a request holds one of each, and more only adds switching
_BUSY_TIMEOUT_S = 5.0  # how long a write waits for the writer of another worker process


class Busy(Exception):
    """No connection came free in time."""


class Answer(Protocol):
    """What a statement yields: a cursor of either driver."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Row | None:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Row]:
        """Every row that is left."""
        ...


class Session(Protocol):
    """One connection, held for one piece of work."""

    def ask(self, sql: str) -> Callable[..., Answer]:
        """The statement, to be called with the tuple of its parameters, or with nothing when it has none."""
        ...

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert many rows, the fast way of this database."""
        ...


class Database(Protocol):
    """A pool of connections to one database."""

    @property
    def dialect(self) -> Dialect:
        """Which SQL this database speaks."""
        ...

    def read(self) -> AbstractContextManager[Session]:
        """A session for reading."""
        ...

    def write(self) -> AbstractContextManager[Session]:
        """A session in a transaction: committed when the block ends, rolled back when it raises."""
        ...

    def close(self) -> None:
        """Close every connection; no session may be open."""
        ...


class _SqliteSession:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, sql: str) -> Callable[..., Answer]:
        return partial(self._connection.execute, sql)

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


class SqliteDatabase:
    """One file in write-ahead mode: readers never wait, writers wait their turn.

    Raises sqlite3.Error when the file cannot be opened.
    """

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, *, connections: int = THREADS, patience_s: float = 30.0) -> None:
        self._patience_s = patience_s
        self._writer = threading.Lock()  # a fair queue inside the process; the busy timeout polls, this does not
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._all = [self._open(path) for _ in range(connections)]
        for connection in self._all:
            self._idle.put(connection)

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        """An idle connection, back in the pool when the block ends; Busy when there is none for ``patience_s``."""
        try:
            connection = self._idle.get(timeout=self._patience_s)
        except queue.Empty:
            raise Busy from None
        try:
            yield _SqliteSession(connection)
        finally:
            self._idle.put(connection)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """The same within a transaction; one thread of the process at a time."""
        with self._writer, self.read() as session:
            session.ask("BEGIN IMMEDIATE")()
            try:
                yield session
                session.ask("COMMIT")()
            except BaseException:
                session.ask("ROLLBACK")()
                raise

    def close(self) -> None:
        """Close every connection; the last folds the write-ahead log into the file."""
        for connection in self._all:
            connection.close()
