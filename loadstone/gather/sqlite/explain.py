"""How SQLite answers statements: EXPLAIN QUERY PLAN over an empty database of the same schema and statistics.

The planner knows of a table what its schema and sqlite_stat1 say, never how many rows it has, so a copy without rows
has the same plans. Nothing of the service's own database is opened, locked or run.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from loadstone.gather.sqlite.databases import Schema, schema_of
from loadstone.model.evidence import Plan

__all__ = ["Explained", "explain", "explained"]

SYSTEM = "sqlite"
STUBS = 20
"""Functions and collations of the service's own that are stood in for, a statement."""

_PLANNED = re.compile(r"\s*\(*\s*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|VALUES)\b", re.IGNORECASE)
_ROWS = re.compile(r"(?:INSERT|REPLACE)\b(?!.*\bSELECT\b).*\bVALUES\b", re.IGNORECASE | re.DOTALL)
_BINDINGS = re.compile(r"current statement uses (\d+)")
_FUNCTION = re.compile(r"no such function: (.+)")
_COLLATION = re.compile(r"no such collation sequence: (.+)")
_CONSTANT = re.compile(r"\bWHERE\b.*\bLIKE\s+\?", re.IGNORECASE | re.DOTALL)


class Explained(msgspec.Struct, frozen=True):
    """Plans, and why the other statements have none (``refused``, by statement)."""

    plans: tuple[Plan, ...]
    refused: dict[str, str]


def explain(path: Path, statements: Iterable[str]) -> tuple[Plan, ...]:
    """Plans of masked statements against a database. Raises EvidenceError when the database cannot be read."""
    return explained(schema_of(path), statements).plans


def explained(schema: Schema, statements: Iterable[str]) -> Explained:
    """Plans of masked statements against a schema. Transactions, PRAGMA and rows that are put
    in have none and are left out."""
    plans: list[Plan] = []
    refused: dict[str, str] = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.set_authorizer(_no_files)
        _build(connection, schema)
        connection.set_authorizer(_only_plans)
        for statement in dict.fromkeys(statements):
            if not _PLANNED.match(statement) or _ROWS.match(statement):
                continue
            try:
                lines = _planned(connection, f"EXPLAIN QUERY PLAN {statement}")
            except (sqlite3.Error, sqlite3.Warning) as error:
                refused[statement] = str(error)
                continue
            plans.append(
                Plan(
                    statement=statement,
                    db_system_name=SYSTEM,
                    source="explain query plan",
                    parameters="none",
                    root={"lines": [{"id": line[0], "parent": line[1], "detail": line[3]} for line in lines]},
                    note=_note(statement),
                )
            )
    return Explained(tuple(plans), refused)


def _build(connection: sqlite3.Connection, schema: Schema) -> None:
    """An empty database of this schema; what cannot be made is left out, and statements that need it have no plan."""
    for statement in schema.statements:
        try:
            _stubbed(connection, statement)
        except sqlite3.Error:
            continue
    if schema.statistics:
        connection.execute("ANALYZE")
        connection.execute("DELETE FROM sqlite_stat1")
        connection.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", schema.statistics)
        connection.execute("ANALYZE sqlite_schema")


def _planned(connection: sqlite3.Connection, statement: str) -> list[tuple[int, int, int, str]]:
    try:
        return _stubbed(connection, statement)
    except sqlite3.ProgrammingError as error:
        needed = _BINDINGS.search(str(error))
        if needed is None:
            raise
        return _stubbed(connection, statement, (None,) * int(needed[1]))


def _stubbed(
    connection: sqlite3.Connection, statement: str, parameters: tuple[None, ...] = ()
) -> list[tuple[int, int, int, str]]:
    """Execute it; functions and collations that the service made itself are stood in for and never called."""
    for _ in range(STUBS):
        try:
            return connection.execute(statement, parameters).fetchall()
        except sqlite3.OperationalError as error:
            function, collation = _FUNCTION.match(str(error)), _COLLATION.match(str(error))
            if function:
                connection.create_function(function[1], -1, lambda *_: None, deterministic=True)
            elif collation:
                connection.create_collation(collation[1], lambda one, other: (one > other) - (one < other))
            else:
                raise
    raise sqlite3.OperationalError("it needs too many functions of the service's own")


def _no_files(action: int, *_: str | None) -> int:
    """What making a schema may ask for."""
    return sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH) else sqlite3.SQLITE_OK


def _only_plans(action: int, *_: str | None) -> int:
    """What planning a statement may ask for. A PRAGMA takes effect while it is planned, an ATTACH makes a file."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_PRAGMA else _no_files(action)


def _note(statement: str) -> str:
    if _CONSTANT.search(statement):
        return "Planned without values: with a pattern that begins with a letter, LIKE may use an index after all."
    return ""
