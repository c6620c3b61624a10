"""How PostgreSQL answers one statement: planned always, run again only where that changes nothing.

A statement runs again when it is one query by its syntax, when neither it nor its plan calls a volatile function or
reads a foreign table, and when a value is known for each parameter. It runs in a read-only transaction that is rolled
back, one command at a time (the extended protocol takes no more), and for a bounded time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from loadstone.gather.postgres import values
from loadstone.gather.postgres.connection import TAG, first_line
from loadstone.gather.postgres.masking import masked
from loadstone.gather.postgres.syntax import called, read, typed_literals
from loadstone.model.evidence import Plan
from loadstone.model.quantity import format_duration
from loadstone.model.redaction import Redaction

if TYPE_CHECKING:
    from loadstone.gather.postgres.connection import Connection

__all__ = ["Unexplained", "explain", "ready"]

HARMLESS = ("random", "clock_timestamp", "timeofday", "gen_random_uuid", "uuid_generate_v4")
"""Volatile functions that change nothing (pg_proc: provolatile 'v')."""

SCHEMAS = 20
"""Schemas in which a statement's tables are looked for when the session's own search_path does not lead to them."""

_NAME = "loadstone_plan"


class Unexplained(Exception):
    """A statement without a plan; its words say why, without values."""


class _Prepared(msgspec.Struct, frozen=True):
    types: tuple[str, ...]
    note: str


def ready(connection: Connection) -> None:
    """Make a session one that explains: read-only transactions, left out of the server's own statistics and logs where
    the role may say so."""
    import psycopg

    connection.read_only = True
    for name, value in (
        ("pg_stat_statements.track", "none"),
        ("auto_explain.log_min_duration", "-1"),
        ("log_min_duration_statement", "-1"),
        ("log_min_error_statement", "panic"),
    ):
        try:
            if connection.execute(f"SELECT {TAG} current_setting(%s, true)".encode(), (name,)).fetchone() != (None,):
                connection.execute(f"SELECT {TAG} set_config(%s, %s, false)".encode(), (name, value))
        except psycopg.errors.InsufficientPrivilege:
            continue


def explain(
    connection: Connection,
    statement: str,
    text: str,
    query_id: str | None,
    redaction: Redaction,
    *,
    statement_ms: int,
    sample: Sequence[object] | None = None,
) -> Plan:
    """The plan of a statement as pg_stat_statements keeps it; ``text`` is its masked form.

    Raises Unexplained, and psycopg.OperationalError when the connection is gone.
    """
    import psycopg

    reading = read(statement)
    if reading.kind == "other":
        raise Unexplained(reading.why)
    notes: list[str] = []
    source: Literal["explain", "explain analyze"] = "explain"
    parameters: Literal["sample", "pg_stats", "generic", "none"]
    try:
        with connection.transaction(force_rollback=True):
            _set(connection, "statement_timeout", str(statement_ms))
            prepared = _prepare(connection, typed_literals(statement))
            if prepared.note:
                notes.append(prepared.note)
            told = _planned(connection, len(prepared.types))
            given = values.values_for(connection, statement, prepared.types, told["Plan"], sample)
            parameters = "generic" if prepared.types else "none"
            refused = reading.why or _refused(connection, reading.functions, told["Plan"])
            if not refused and given.lacking:
                refused = given.note
            if refused:
                notes.append(f"Not run: {refused}.")
            told, source, ran = _better(connection, told, given, refused, statement_ms, notes)
            if ran and prepared.types:
                parameters = given.source
    except psycopg.OperationalError as error:
        if connection.closed:
            raise
        raise Unexplained(first_line(error)) from error
    except psycopg.Error as error:
        raise Unexplained(first_line(error)) from error
    finally:
        _forget(connection)
    notes += _asides(told)
    execution_ms = told.get("Execution Time")
    return Plan(
        statement=text,
        db_system_name="postgresql",
        source=source,
        parameters=parameters,
        root=masked(told["Plan"], redaction),
        query_id=query_id,
        execute_s=execution_ms / 1e3 if isinstance(execution_ms, (int, float)) else None,
        note=" ".join(notes),
    )


def _better(
    connection: Connection,
    generic: dict[str, Any],
    given: values.Values,
    refused: str,
    statement_ms: int,
    notes: list[str],
) -> tuple[dict[str, Any], Literal["explain", "explain analyze"], bool]:
    """The plan with values, run where that is allowed; else the generic one, and False."""
    import psycopg

    known = any(text is not None for text in given.texts)
    if given.lacking or (refused and not known):
        return generic, "explain", False
    options = "FORMAT JSON" if refused else "ANALYZE, BUFFERS, FORMAT JSON"
    try:
        with connection.transaction():
            _set(connection, "plan_cache_mode", "force_custom_plan")
            told = _explained(connection, options, given.texts)
    except psycopg.errors.QueryCanceled:
        notes.append(f"Run and given up after {format_duration(statement_ms / 1e3)}; what is shown is planned only.")
        return generic, "explain", False
    except psycopg.errors.ReadOnlySqlTransaction as error:
        notes.append(f"Not run to its end: it writes, which the server refused ({first_line(error)}).")
        return generic, "explain", False
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        notes.append(f"Running it failed: {first_line(error)}.")
        return generic, "explain", False
    if given.source == "pg_stats" and not refused:
        notes.append("Values are usual ones of the columns, rows of LIMIT and OFFSET those of a first page of 20.")
    return told, ("explain" if refused else "explain analyze"), True


def _prepare(connection: Connection, statement: str) -> _Prepared:
    """Prepare it, with the search_path that leads to its tables: the session's own, else one schema more."""
    import psycopg

    lost = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedObject)
    try:
        return _Prepared(_prepared_types(connection, statement), "")
    except lost as error:
        first = error
    found: list[str] = []
    for schema in _schemas(connection):
        try:
            with connection.transaction():
                path = psycopg.sql.Identifier(schema).as_string(connection)
                _set(connection, "search_path", f"{path}, public")
                _prepared_types(connection, statement)
                found.append(schema)
                _forget(connection)
        except lost:
            continue
    if not found:
        raise first
    if len(found) > 1:
        raise Unexplained(f"its tables are in several schemas: {', '.join(found[:3])}")
    path = psycopg.sql.Identifier(found[0]).as_string(connection)
    _set(connection, "search_path", f"{path}, public")
    return _Prepared(_prepared_types(connection, statement), f"Its tables were found in the schema {found[0]}.")


def _prepared_types(connection: Connection, statement: str) -> tuple[str, ...]:
    with connection.transaction():
        _command(connection, f"PREPARE {_NAME} AS {statement}")
        row = connection.execute(
            f"SELECT {TAG} parameter_types::text[] FROM pg_prepared_statements WHERE name = '{_NAME}'".encode()
        ).fetchone()
    return tuple(row[0]) if row else ()


def _schemas(connection: Connection) -> list[str]:
    rows = connection.execute(
        f"SELECT {TAG} n.nspname::text FROM pg_namespace n WHERE n.nspname !~ '^(pg_|information_schema$)' "
        f"AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) "
        f"AND NOT n.nspname = ANY (current_schemas(false)) ORDER BY 1 LIMIT {SCHEMAS}".encode()
    ).fetchall()
    return [str(row[0]) for row in rows]


def _planned(connection: Connection, parameters: int) -> dict[str, Any]:
    """The generic plan, with all that it puts out: where values are needed, and what it would call."""
    _set(connection, "plan_cache_mode", "force_generic_plan")
    return _explained(connection, "VERBOSE, FORMAT JSON", (None,) * parameters)


def _explained(connection: Connection, options: str, texts: Sequence[str | None]) -> dict[str, Any]:
    import psycopg

    literals = ["NULL" if text is None else psycopg.sql.Literal(text).as_string(connection) for text in texts]
    call = f"{_NAME}({', '.join(literals)})" if literals else _NAME
    told = _command(connection, f"EXPLAIN {TAG} ({options}) EXECUTE {call}")
    if not isinstance(told, list) or not told or "Plan" not in told[0]:
        raise Unexplained("EXPLAIN answered without a plan")
    return dict(told[0])


def _refused(connection: Connection, functions: Iterable[str], plan: Mapping[str, Any]) -> str:
    """Why a query must not run again, "" where it may."""
    names = set(functions)
    for node in values.nodes(plan):
        if node.get("Node Type") in ("Foreign Scan", "Custom Scan"):
            return f"it reads through a {str(node['Node Type']).lower()}"
        names |= {str(node[name]) for name in ("Function Name", "Table Function Name") if name in node}
        for value in node.values():
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    names |= called(text)
    rows = connection.execute(
        f"SELECT {TAG} DISTINCT proname::text FROM pg_proc WHERE proname = ANY(%s) AND provolatile = 'v' "
        "AND NOT proname = ANY(%s) ORDER BY 1".encode(),
        (sorted(names), list(HARMLESS)),
    ).fetchall()
    if rows:
        return f"it calls {', '.join(str(row[0]) for row in rows[:3])}, which may change something"
    return "its plan cannot be read" if "?" in names else ""


def _asides(told: Mapping[str, Any]) -> list[str]:
    """What took time beside the plan's nodes."""
    found: list[str] = []
    if isinstance(planning := told.get("Planning Time"), (int, float)):
        found.append(f"Planning took {format_duration(planning / 1e3)}.")
    jit = told.get("JIT")
    if isinstance(jit, Mapping) and isinstance(total := jit.get("Timing", {}).get("Total"), (int, float)):
        found.append(f"Compiling (JIT) took {format_duration(total / 1e3)}.")
    return found


def _command(connection: Connection, words: str) -> object:
    """Send one command by the extended protocol, which refuses a second one behind a semicolon."""
    cursor = connection.cursor()
    cursor.execute(words.encode(), binary=True)
    row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(f"SELECT {TAG} set_config(%s, %s, true)".encode(), (name, value))


def _forget(connection: Connection) -> None:
    import psycopg

    try:
        connection.execute(f"DEALLOCATE {_NAME}".encode())
    except psycopg.Error:
        return  # it was never prepared, or the connection is gone
