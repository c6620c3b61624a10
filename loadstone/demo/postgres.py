"""The shop on PostgreSQL, through psycopg 3 and its pool (extra ``postgres``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, cast

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from loadstone.demo.database import THREADS, Answer, Busy, Dialect, Row, Session
from loadstone.demo.schema import VERSION
from loadstone.demo.seed import Progress, fill

__all__ = ["SCHEMA", "PostgresDatabase", "fill_once"]

SCHEMA = "loadstone_shop"  # all tables live in a schema of their own, whatever else the database holds
_CONNECT_TIMEOUT_S = 10

_Connection = psycopg.Connection[Row]


@lru_cache(maxsize=256)
def _placeholders(sql: str) -> bytes:
    """The shop's ``?`` as psycopg's ``%s``; the shop's SQL has neither sign for anything else."""
    return sql.replace("?", "%s").encode()


class _PostgresSession:
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def ask(self, sql: str) -> Callable[..., Answer]:
        return partial(self._connection.execute, _placeholders(sql))

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


class PostgresDatabase:
    """A pool over one database; reads are single statements, writes are transactions.

    Raises psycopg.Error when the database cannot be reached.
    """

    dialect: Dialect = "postgresql"

    def __init__(self, dsn: str, *, connections: int = THREADS, patience_s: float = 30.0) -> None:
        options: dict[str, Any] = {"autocommit": True, "options": f"-c search_path={SCHEMA}"}
        self._pool = cast(
            "ConnectionPool[_Connection]",
            ConnectionPool(
                dsn, min_size=connections, max_size=connections, timeout=patience_s, kwargs=options, open=True
            ),
        )
        self._pool.wait(_CONNECT_TIMEOUT_S)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A pooled connection, each statement on its own; Busy when none comes free for ``patience_s``."""
        with self._connection() as connection:
            yield _PostgresSession(connection)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A pooled connection in a transaction."""
        with self._connection() as connection, connection.transaction():
            yield _PostgresSession(connection)

    @contextmanager
    def _connection(self) -> Iterator[_Connection]:
        try:
            connection = self._pool.getconn()
        except PoolTimeout:
            raise Busy from None
        try:
            yield connection
        finally:
            self._pool.putconn(connection)

    def close(self) -> None:
        """Close the pool and its connections."""
        self._pool.close()


def fill_once(dsn: str, tell: Progress) -> None:
    """Fill the schema unless it is filled already; two starts at once take turns.

    Raises ConnectionError when the database cannot be reached, ValueError when its schema holds another version.
    """
    try:
        with psycopg.connect(dsn, connect_timeout=_CONNECT_TIMEOUT_S, autocommit=True) as connection:
            connection.execute(b"SELECT pg_advisory_lock(hashtext(%s))", (SCHEMA,))
            connection.execute(b"CREATE SCHEMA IF NOT EXISTS loadstone_shop")
            found = _version(connection)
            if found is None:
                _fill(dsn, tell)
            elif found != str(VERSION):
                raise ValueError(
                    f"the schema {SCHEMA} holds another version of the shop; drop it: DROP SCHEMA {SCHEMA} CASCADE"
                )
    except psycopg.OperationalError as error:
        raise ConnectionError(f"cannot reach the database: {str(error).strip()}") from error


def _version(connection: psycopg.Connection[Row]) -> str | None:
    if connection.execute(b"SELECT to_regclass('loadstone_shop.setting')").fetchone() == (None,):
        return None
    row = connection.execute(b"SELECT value FROM loadstone_shop.setting WHERE name = 'version'").fetchone()
    return "" if row is None else str(row[0])


def _fill(dsn: str, tell: Progress) -> None:
    tell(f"filling the schema {SCHEMA}, once")
    database = PostgresDatabase(dsn, connections=1)
    try:
        fill(database, tell)
        with database.read() as session:
            session.ask("VACUUM ANALYZE")()  # the visibility map too, so that an index alone can answer
    finally:
        database.close()
