"""What PostgreSQL counted for each statement between two looks (pg_stat_statements).

The view's columns differ by the extension's version, which may be older than the server's: 1.8 split the time into
planning and execution and counts WAL, 1.9 tells statements inside of functions apart and how often entries were
thrown away, 1.11 tells since when an entry counts. So the columns are asked for, not the version.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from loadstone.gather.postgres.connection import TAG, Refused, first_line

if TYPE_CHECKING:
    from loadstone.gather.postgres.connection import Connection, Rights

__all__ = ["Changes", "Counters", "Key", "Layout", "Snapshot", "changes", "layout", "snapshot", "texts"]

Key = tuple[int, int | None]
"""Role and query id; the id is None for what this role may not see."""


class Counters(msgspec.Struct, frozen=True):
    """Counters of one statement, ever growing. Times are milliseconds, as the view has them; None is not counted."""

    calls: int
    rows: int
    plan_ms: float | None
    execute_ms: float
    blocks_hit: int
    blocks_read: int
    blocks_written: int
    temp_blocks: int
    wal_bytes: int | None

    def since(self, before: Counters) -> Counters:
        """What was added since."""
        return _both(self, before, operator.sub)

    def plus(self, other: Counters) -> Counters:
        """The sum of both."""
        return _both(self, other, operator.add)


def _both(one: Counters, other: Counters, step: Callable[[Any, Any], Any]) -> Counters:
    pairs = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    values: list[Any] = [None if left is None or right is None else step(left, right) for left, right in pairs]
    return Counters(*values)


class Layout(msgspec.Struct, frozen=True):
    """Where the view is, and what to ask of it."""

    version: str
    snapshot: bytes
    texts: bytes
    info: bytes | None
    entries: int


class Snapshot(msgspec.Struct, frozen=True):
    """All counters at one instant. ``thrown_away`` counts the entries evicted so far, ``reset_at`` is when all were
    emptied, ``since`` when each began to count; older versions do not tell them."""

    at_ns: int
    entries: Mapping[Key, Counters]
    thrown_away: int | None = None
    reset_at: str | None = None
    since: Mapping[Key, str] = {}


class Changes(msgspec.Struct, frozen=True):
    """What was counted between two snapshots. ``reset`` entries ran backwards: they were emptied or thrown away in
    between and count only from then on. ``gone`` entries were there before and are not any more."""

    entries: Mapping[Key, Counters]
    reset: int
    gone: int
    thrown_away: int
    emptied: bool


def layout(connection: Connection, may: Rights) -> Layout:
    """How the extension of this database is asked. Raises Refused with the way to get it, psycopg.Error when the
    connection is gone."""
    import psycopg

    found = connection.execute(
        f"SELECT {TAG} n.nspname::text, e.extversion::text FROM pg_extension e "
        "JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'".encode()
    ).fetchone()
    if found is None:
        advice = f"as its owner or a superuser, in {may.database}: CREATE EXTENSION pg_stat_statements"
        if not _preloaded(connection):
            advice = (
                "set shared_preload_libraries = 'pg_stat_statements' in postgresql.conf, restart the server, then "
                "CREATE EXTENSION pg_stat_statements"
            )
        raise Refused("statements", f"pg_stat_statements is not installed in {may.database}", advice)
    schema, version = psycopg.sql.Identifier(found[0]).as_string(connection), str(found[1])
    try:
        names = _columns(connection, f"{schema}.pg_stat_statements(false)")
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        raise Refused(
            "statements",
            "pg_stat_statements is installed and not loaded",
            "set shared_preload_libraries = 'pg_stat_statements' in postgresql.conf and restart the server",
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise Refused("statements", first_line(error), may.grant) from error
    settings: dict[str, str] = dict(
        connection.execute(
            f"SELECT {TAG} name, setting FROM pg_settings WHERE name LIKE 'pg_stat_statements.%'".encode()
        ).fetchall()
    )
    if settings.get("pg_stat_statements.track") == "none":
        advice = "ALTER SYSTEM SET pg_stat_statements.track = 'top'; SELECT pg_reload_conf()"
        raise Refused("statements", "pg_stat_statements.track is none, so nothing is counted", advice)
    planned = settings.get("pg_stat_statements.track_planning") == "on"
    view, info = f"{schema}.pg_stat_statements", None
    if "toplevel" in names:
        info = f"SELECT {TAG} dealloc, stats_reset::text FROM {schema}.pg_stat_statements_info".encode()
    return Layout(
        version,
        _asking(view, names, planned).encode(),
        f"SELECT {TAG} userid::int8, queryid, min(query) FROM {view}(true) WHERE {_ours(names)} "
        f"AND queryid = ANY(%s) GROUP BY 1, 2".encode(),
        info,
        int(settings.get("pg_stat_statements.max", 0)),
    )


def snapshot(connection: Connection, asked: Layout, now_ns: int) -> Snapshot:
    """All counters now. Raises psycopg.Error when the connection is gone or the statement took too long."""
    rows = connection.execute(asked.snapshot).fetchall()
    thrown_away, reset_at = None, None
    if asked.info is not None:
        found = connection.execute(asked.info).fetchone()
        thrown_away, reset_at = found if found is not None else (None, None)
    entries = {(row[0], row[1]): Counters(*row[2:-1]) for row in rows}
    since = {(row[0], row[1]): row[-1] for row in rows if row[-1] is not None}
    return Snapshot(now_ns, entries, thrown_away, reset_at, since)


def texts(connection: Connection, asked: Layout, ids: set[int]) -> dict[Key, str]:
    """The statements of these query ids, as they were first seen. Reading them costs the server a file's length."""
    rows: list[tuple[Any, ...]] = connection.execute(asked.texts, (sorted(ids),)).fetchall() if ids else []
    return {(row[0], row[1]): row[2] or "" for row in rows}


def changes(before: Snapshot, after: Snapshot) -> Changes:
    """What was counted between two looks; an entry that ran backwards counts from nothing."""
    emptied = before.reset_at != after.reset_at
    entries: dict[Key, Counters] = {}
    reset = 0
    for key, now in after.entries.items():
        then = None if emptied else before.entries.get(key)
        if then is not None and (now.calls < then.calls or before.since.get(key) != after.since.get(key)):
            reset += 1
            then = None
        added = now if then is None else now.since(then)
        if added.calls > 0:
            entries[key] = added
    thrown_away = (after.thrown_away or 0) - (before.thrown_away or 0)
    gone = len(before.entries.keys() - after.entries.keys())
    return Changes(entries, reset, gone, max(thrown_away, 0), emptied)


def _asking(view: str, names: set[str], planned: bool) -> str:
    execute = "total_exec_time" if "total_exec_time" in names else "total_time"
    plan = "sum(total_plan_time)::float8" if planned and "total_plan_time" in names else "NULL::float8"
    wal = "sum(wal_bytes)::int8" if "wal_bytes" in names else "NULL::int8"
    since = "max(stats_since)::text" if "stats_since" in names else "NULL::text"
    return (
        f"SELECT {TAG} userid::int8, queryid, sum(calls)::int8, sum(rows)::int8, {plan}, sum({execute})::float8, "
        "sum(shared_blks_hit + local_blks_hit)::int8, sum(shared_blks_read + local_blks_read)::int8, "
        "sum(shared_blks_written + local_blks_written)::int8, sum(temp_blks_read + temp_blks_written)::int8, "
        f"{wal}, {since} FROM {view}(false) WHERE {_ours(names)} GROUP BY 1, 2"
    )


def _ours(names: set[str]) -> str:
    """Statements of this database; those inside of functions are in the time of the statement that called them."""
    database = "dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    return f"{database} AND toplevel" if "toplevel" in names else database


def _columns(connection: Connection, source: str) -> set[str]:
    asked = connection.execute(f"SELECT {TAG} * FROM {source} LIMIT 1".encode())
    return {column.name for column in asked.description or ()}


def _preloaded(connection: Connection) -> bool:
    """Whether the library is there and only the extension is not created; False where it cannot be told."""
    row = connection.execute(
        f"SELECT {TAG} current_setting('pg_stat_statements.max', true) IS NOT NULL".encode()
    ).fetchone()
    return bool(row and row[0])
