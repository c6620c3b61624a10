"""The server's log, and the plans that auto_explain wrote into it while the load ran.

The log is read where it can be: a file that the logging collector writes, or the file behind the server's standard
error when the server runs on this machine. Plans in JSON alone are taken: auto_explain.log_format = json.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from loadstone.gather.postgres.connection import TAG, Refused, Rights

if TYPE_CHECKING:
    from loadstone.gather.postgres.connection import Connection

__all__ = ["MOST_BYTES", "Log", "Logged", "find", "logged", "written"]

MOST_BYTES = 64 << 20
"""How much of the log is read, from where the load began."""

Format = Literal["stderr", "csvlog", "jsonlog"]

_HEAD = re.compile(r"duration: (\d+(?:\.\d+)?) ms  plan:\s*$")
_MESSAGE = re.compile(r"duration: (\d+(?:\.\d+)?) ms  plan:\s*(\{.*)\Z", re.DOTALL)
_CSV_DATABASE, _CSV_MESSAGE = 2, 13  # documentation of PostgreSQL, "Using CSV-Format Log Output"


class Log(msgspec.Struct, frozen=True):
    """A log file and where its end was when it was found."""

    path: Path
    format: Format
    offset: int


class Logged(msgspec.Struct, frozen=True):
    """One plan of auto_explain: seconds that the statement ran, the statement, and EXPLAIN's JSON."""

    seconds: float
    statement: str
    told: dict[str, Any]


def find(connection: Connection, may: Rights) -> Log | None:
    """Where auto_explain writes; None where it is not at work. Raises Refused where it is and cannot be read."""
    import psycopg

    def setting(name: str) -> str | None:
        row = connection.execute(f"SELECT {TAG} current_setting(%s, true)".encode(), (name,)).fetchone()
        return None if row is None or row[0] is None else str(row[0])

    if setting("auto_explain.log_min_duration") in (None, "-1"):
        return None
    if setting("auto_explain.log_format") != "json":
        advice = "ALTER SYSTEM SET auto_explain.log_format = 'json'; SELECT pg_reload_conf()"
        raise Refused("auto_explain", "auto_explain does not write JSON", advice)
    advice = f"run Loadstone where the server's log can be read, as a role that may ask: GRANT pg_monitor TO {may.name}"
    try:
        path, kind = _collected(connection, setting) if setting("logging_collector") == "on" else _behind(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise Refused("auto_explain", f"{may.role} may not ask where the server's log is", advice) from error
    if path is None:
        raise Refused("auto_explain", "the server's log is no file on this machine", advice)
    try:
        with path.open("rb") as file:
            return Log(path, kind, file.seek(0, os.SEEK_END))
    except OSError as error:
        raise Refused("auto_explain", f"the server's log cannot be read: {error.strerror}", advice) from error


def written(log: Log) -> tuple[str, bool]:
    """What was written since the log was found, and whether that is all of it. Raises OSError."""
    with log.path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(log.offset if size >= log.offset else 0)
        content = file.read(MOST_BYTES + 1)
    return content[:MOST_BYTES].decode("utf-8", "replace"), len(content) <= MOST_BYTES


def logged(content: str, kind: Format, database: str) -> Iterator[Logged]:
    """The plans in a piece of a log, our own left out; what is not whole is passed over."""
    messages = {"stderr": _of_lines, "csvlog": _of_csv, "jsonlog": _of_json}[kind](content, database)
    for seconds, text in messages:
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if not isinstance(told, dict) or not isinstance(told.get("Plan"), dict):
            continue
        statement = told.get("Query Text")
        if isinstance(statement, str) and TAG not in statement:
            yield Logged(seconds, statement, told)


def _of_lines(content: str, database: str) -> Iterator[tuple[float, str]]:
    """Lines of a message after its first begin with a tab."""
    seconds: float | None = None
    lines: list[str] = []
    for line in content.split("\n"):
        if seconds is not None and line.startswith("\t"):
            lines.append(line[1:])
            continue
        if seconds is not None:
            yield seconds, "\n".join(lines)
        head = _HEAD.search(line)
        seconds, lines = (float(head[1]) / 1e3 if head else None), []
    if seconds is not None:
        yield seconds, "\n".join(lines)


def _of_csv(content: str, database: str) -> Iterator[tuple[float, str]]:
    limit = csv.field_size_limit(MOST_BYTES)
    try:
        for row in csv.reader(io.StringIO(content, newline="")):
            if len(row) > _CSV_MESSAGE and row[_CSV_DATABASE] == database:
                yield from _of_message(row[_CSV_MESSAGE])
    except csv.Error:
        return
    finally:
        csv.field_size_limit(limit)


def _of_json(content: str, database: str) -> Iterator[tuple[float, str]]:
    for line in content.split("\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and entry.get("dbname") == database:
            yield from _of_message(str(entry.get("message", "")))


def _of_message(message: str) -> Iterator[tuple[float, str]]:
    found = _MESSAGE.match(message)
    if found:
        yield float(found[1]) / 1e3, found[2]


def _collected(connection: Connection, setting: Callable[[str], str | None]) -> tuple[Path | None, Format]:
    """The file that the logging collector writes now."""
    destinations = [word.strip() for word in (setting("log_destination") or "").split(",")]
    kinds: tuple[Format, ...] = ("jsonlog", "csvlog", "stderr")
    for kind in kinds:
        if kind in destinations:
            row = connection.execute(f"SELECT {TAG} pg_current_logfile(%s)".encode(), (kind,)).fetchone()
            if row and row[0]:
                return Path(setting("data_directory") or "/", str(row[0])), kind
    return None, "stderr"


def _behind(connection: Connection) -> tuple[Path | None, Format]:
    """The file behind the server's standard error, when the server is a process of this machine."""
    backend = connection.info.backend_pid
    local = connection.info.host.startswith("/") or connection.info.hostaddr in ("127.0.0.1", "::1", "")
    try:
        status = Path("/proc", str(backend), "status").read_text() if local else ""
        parent = re.search(r"^PPid:\s+(\d+)$", status, re.MULTILINE)
        if parent is None or not re.search(r"^Name:\s+(?:postgres|postmaster)$", status, re.MULTILINE):
            return None, "stderr"
        path = Path("/proc", parent[1], "fd", "2").readlink()
    except OSError:
        return None, "stderr"
    return (path if path.is_file() else None), "stderr"
