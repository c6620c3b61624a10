"""Evidence: what was seen inside the service and around it, as tables of columns, and the protocol they are read by.

A table is handed over as ``Columns``: names to 1-D numpy arrays of one length. Numbers are integer or float arrays,
masked (``numpy.ma``) where a value is missing; texts and blobs are object arrays with None where missing. Instants are
the host's wall clock in integer nanoseconds. Text from the service is masked before it comes here
(``loadstone.model.redaction``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "KINDS",
    "STATUSES",
    "TABLES",
    "Audit",
    "AuditCheck",
    "Columns",
    "Counts",
    "Coverage",
    "Evidence",
    "Keyed",
    "Missing",
    "Plan",
]

Columns = Mapping[str, NDArray[Any] | np.ma.MaskedArray[Any, Any]]
"""Columns of one batch of a table; a column of the table that is left out is null throughout."""

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
"""``kind`` of a span, as OpenTelemetry numbers them (trace.proto, SpanKind)."""

STATUSES = ("unset", "ok", "error")
"""``status`` of a span (trace.proto, Status.StatusCode)."""

# table -> column -> DuckDB's type. Names of promoted attributes are OpenTelemetry's semantic conventions with dots as
# underscores, old and new names folded into one.
TABLES: dict[str, dict[str, str]] = {
    "spans": {
        "trace_id": "BLOB",
        "span_id": "BLOB",
        "parent_id": "BLOB",
        "start_ns": "BIGINT",
        "end_ns": "BIGINT",
        "kind": "TINYINT",
        "status": "TINYINT",
        "phase": "SMALLINT",
        "step": "INTEGER",
        "request": "BIGINT",
        "service": "VARCHAR",
        "service_instance_id": "VARCHAR",
        "host_name": "VARCHAR",
        "process_pid": "INTEGER",
        "thread_cpu_ns": "BIGINT",
        "name": "VARCHAR",
        "scope": "VARCHAR",
        "http_request_method": "VARCHAR",
        "http_route": "VARCHAR",
        "url_path": "VARCHAR",
        "url_query": "VARCHAR",
        "http_response_status_code": "SMALLINT",
        "db_system_name": "VARCHAR",
        "db_query_text": "VARCHAR",
        "db_query_parameters_hash": "VARCHAR",
        "db_response_returned_rows": "BIGINT",
        "server_address": "VARCHAR",
        "code_file_path": "VARCHAR",
        "code_line_number": "INTEGER",
        "code_function_name": "VARCHAR",
        "error_type": "VARCHAR",
        "thread_id": "BIGINT",
        "attributes": "VARCHAR",
        "events": "VARCHAR",
        "links": "VARCHAR",
    },
    # One sample of one thread. `frames` runs from the root to the leaf, "function (file:line)" joined by ";".
    # `state` is cpu, gil (on the CPU and holding the interpreter lock), idle, or alloc for memory.
    "stacks": {
        "at_ns": "BIGINT",
        "source": "VARCHAR",
        "process_pid": "INTEGER",
        "thread_id": "BIGINT",
        "thread_name": "VARCHAR",
        "state": "VARCHAR",
        "weight": "BIGINT",
        "unit": "VARCHAR",
        "frames": "VARCHAR",
    },
    # What the database counted itself, from start_ns to end_ns: one row a statement and phase.
    "statements": {
        "phase": "VARCHAR",
        "start_ns": "BIGINT",
        "end_ns": "BIGINT",
        "db_system_name": "VARCHAR",
        "database": "VARCHAR",
        "query_id": "VARCHAR",
        "db_query_text": "VARCHAR",
        "calls": "BIGINT",
        "rows": "BIGINT",
        "plan_ns": "BIGINT",
        "execute_ns": "BIGINT",
        "blocks_hit": "BIGINT",
        "blocks_read": "BIGINT",
        "blocks_written": "BIGINT",
        "temp_blocks": "BIGINT",
        "wal_bytes": "BIGINT",
    },
    # Waiting that is not a span: sampled database waits and locks, garbage collections, as `kind` says.
    "waits": {
        "at_ns": "BIGINT",
        "duration_ns": "BIGINT",
        "kind": "VARCHAR",
        "name": "VARCHAR",
        "process_pid": "INTEGER",
        "thread_id": "BIGINT",
        "blocked_by": "INTEGER",
        "trace_id": "BLOB",
        "span_id": "BLOB",
        "db_query_text": "VARCHAR",
        "detail": "VARCHAR",
    },
    # One value of one metric at one instant, over the span_ns before it. `scope` is host, service, generator, cgroup.
    "host": {
        "at_ns": "BIGINT",
        "span_ns": "BIGINT",
        "scope": "VARCHAR",
        "metric": "VARCHAR",
        "unit": "VARCHAR",
        "value": "DOUBLE",
        "detail": "VARCHAR",
    },
}


class Missing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Evidence that could not be had: ``kind`` is a table or a source, ``reason`` why, ``advice`` how to get it."""

    kind: str
    reason: str
    advice: str = ""


class Coverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of one process or one of its libraries is seen. ``state``: ``spans`` (and how many), ``no spans`` (loaded,
    hooked, silent), ``not covered`` (no hook for this version), ``not loaded`` (a process without the recorder)."""

    process_pid: int | None
    library: str
    version: str | None
    state: Literal["spans", "no spans", "not covered", "not loaded"]
    spans: int = 0
    note: str = ""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One statement's plan. ``root`` is PostgreSQL's JSON ("Plan") or SQLite's lines (``{"lines": [{"id", "parent",
    "detail"}]}``), literals masked. ``trace_id`` and ``span_id`` (hex) name the span that it answered, where the
    statement told it."""

    statement: str
    db_system_name: str
    source: Literal["explain analyze", "explain", "auto_explain", "explain query plan"]
    parameters: Literal["sample", "pg_stats", "generic", "none"]
    root: dict[str, Any]
    query_id: str | None = None
    execute_s: float | None = None
    note: str = ""
    trace_id: str | None = None
    span_id: str | None = None


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``evidence/counts.json``: what was kept. ``rows`` by table; ``traces`` in all, ``own_traces`` of this run's own
    requests; ``duplicates`` are spans that came more than once and were dropped; ``repaired`` are texts that were not
    UTF-8 and numbers that no column can hold."""

    format: Literal[1]
    rows: dict[str, int]
    traces: int = 0
    own_traces: int = 0
    duplicates: int = 0
    repaired: int = 0
    services: tuple[str, ...] = ()


class AuditCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One count held against another. ``takes_away`` names the conclusions that a failed check does not allow."""

    code: str
    outcome: Literal["pass", "fail", "could not look"]
    message: str
    left: float | None = None
    right: float | None = None
    takes_away: tuple[str, ...] = ()


class Audit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``evidence/audit.json``: how far the evidence of a run can be believed."""

    format: Literal[1]
    checks: tuple[AuditCheck, ...]


class Keyed(msgspec.Struct, frozen=True):
    """A batch of spans without their texts, as columns of one length.

    ``trace``, ``span`` and ``parent`` are ids as 64 bits, 0 for none: spans and parents exactly, traces by a hash;
    ``trace_ids`` gives the ids (16 bytes each) of the traces of this batch beside their hashes. ``numbers`` were asked
    for by name. ``codes`` number what keys stand for, in the order in which it was first met; ``words`` tells what the
    codes stand for that were not met before, in their order.
    """

    trace: NDArray[np.uint64]
    span: NDArray[np.uint64]
    parent: NDArray[np.uint64]
    numbers: Mapping[str, NDArray[Any]]
    codes: Mapping[str, NDArray[np.int64]]
    words: Mapping[str, tuple[tuple[Any, ...], ...]] = {}
    trace_ids: tuple[NDArray[np.uint64], NDArray[np.void]] | None = None

    def __len__(self) -> int:
        return len(self.trace)

    def chosen(self, rows: slice | NDArray[np.bool_]) -> Keyed:
        """Some of the rows, without words and trace ids."""
        return Keyed(
            self.trace[rows],
            self.span[rows],
            self.parent[rows],
            {name: column[rows] for name, column in self.numbers.items()},
            {name: column[rows] for name, column in self.codes.items()},
        )


class Evidence(Protocol):
    """A run's evidence, batch by batch. Nobody holds more than a batch and what was added up from it."""

    def rows(self, table: str, columns: Sequence[str], where: str = "", order: str = "") -> Iterator[Columns]:
        """Batches of the table's columns; nothing where the table is missing. ``where`` and ``order`` are SQL over
        the table's own columns, written by the caller, never by what was measured."""
        ...

    def keyed(self, numbers: Mapping[str, str], keys: Mapping[str, Sequence[str]], where: str = "") -> Iterator[Keyed]:
        """Spans in the order of ``rows``, batch by batch, nothing where there are none. ``numbers`` are named SQL over
        their columns that gives BIGINT or UBIGINT and is never null, ``keys`` named lists of SQL of any type."""
        ...

    def missing(self) -> tuple[Missing, ...]:
        """What this evidence has not, and why."""
        ...

    def coverage(self) -> tuple[Coverage, ...]:
        """Processes and libraries, seen or not."""
        ...

    def plans(self) -> tuple[Plan, ...]:
        """Plans of statements."""
        ...
