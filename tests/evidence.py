"""Evidence in memory: the protocol over columns that a test wrote, and rows written as plain dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
import numpy as np

from loadstone.archive.keyed import keyed
from loadstone.model.evidence import TABLES, Columns, Coverage, Keyed, Missing, Plan

__all__ = ["START_NS", "MemoryEvidence", "columns", "packed", "span", "trace_id"]

START_NS = 1_795_521_600_000_000_000


class MemoryEvidence:
    """``loadstone.model.evidence.Evidence`` over tables in memory, handed out in batches of ``batch`` rows."""

    def __init__(
        self,
        tables: Mapping[str, Columns] | None = None,
        *,
        missing: tuple[Missing, ...] = (),
        coverage: tuple[Coverage, ...] = (),
        plans: tuple[Plan, ...] = (),
        batch: int = 1000,
    ) -> None:
        self._tables = dict(tables or {})
        self._missing, self._coverage, self._plans = missing, coverage, plans
        self._batch = batch

    def rows(self, table: str, columns: Sequence[str], where: str = "", order: str = "") -> Iterator[Columns]:
        if table not in self._tables:
            return
        names = ", ".join(f'"{name}"' for name in columns)
        if not order and table == "spans":
            order = "trace_id, start_ns"
        with duckdb.connect(":memory:", config={"threads": "1", "pandas_analyze_sample": "0"}) as connection:
            connection.register("held", {name: _texts(values) for name, values in self._tables[table].items()})
            sql = f"SELECT {names} FROM ({self._all(table)})"
            sql += f" WHERE {where}" if where else ""
            sql += f" ORDER BY {order}" if order else ""
            cursor = connection.execute(sql)
            while rows := cursor.fetchmany(self._batch):
                yield _columns(table, list(columns), rows)

    def keyed(self, numbers: Mapping[str, str], keys: Mapping[str, Sequence[str]], where: str = "") -> Iterator[Keyed]:
        if "spans" not in self._tables:
            return
        with duckdb.connect(":memory:", config={"threads": "1", "pandas_analyze_sample": "0"}) as connection:
            connection.register("held", {name: _texts(values) for name, values in self._tables["spans"].items()})
            sql = f"SELECT * FROM ({self._all('spans')}){f' WHERE {where}' if where else ''}"
            connection.execute(f"CREATE TABLE sorted AS {sql} ORDER BY trace_id, start_ns")
            (total,) = connection.execute("SELECT count(*) FROM sorted").fetchall()[0]
            sources = (
                f"(SELECT * FROM sorted WHERE rowid BETWEEN {first} AND {first + self._batch - 1})"
                for first in range(0, total, self._batch)
            )
            yield from keyed(connection, sources, numbers, keys)

    def _all(self, table: str) -> str:
        held = self._tables[table]
        typed = ", ".join(
            f'{_sql(name, kind) if name in held else f"CAST(NULL AS {kind})"} AS "{name}"'
            for name, kind in TABLES[table].items()
        )
        return f"SELECT {typed} FROM held"

    def missing(self) -> tuple[Missing, ...]:
        return self._missing

    def coverage(self) -> tuple[Coverage, ...]:
        return self._coverage

    def plans(self) -> tuple[Plan, ...]:
        return self._plans


def columns(table: str, rows: Iterable[Mapping[str, Any]]) -> Columns:
    """Rows as the table's columns; what a row lacks is null."""
    names = list(TABLES[table])
    return _columns(table, names, [tuple(row.get(name) for name in names) for row in rows])


def _sql(name: str, kind: str) -> str:
    return f'unhex("{name}")' if kind == "BLOB" else f'CAST("{name}" AS {kind})'


def _texts(values: Any) -> Any:  # noqa: ANN401
    """What DuckDB 1.5 takes from numpy too: no mask, and no bytes among objects."""
    plain = np.empty(len(values), object)
    plain[:] = [
        value.hex() if isinstance(value, bytes) else None if value is None else str(value) for value in values.tolist()
    ]
    return plain


def _columns(table: str, names: list[str], rows: Sequence[Sequence[Any]]) -> Columns:
    kinds = {"BIGINT": np.int64, "INTEGER": np.int32, "SMALLINT": np.int16, "TINYINT": np.int8, "DOUBLE": np.float64}
    made: dict[str, Any] = {}
    for place, name in enumerate(names):
        values = [row[place] for row in rows]
        kind = kinds.get(TABLES[table][name])
        if kind is None:
            made[name] = np.empty(len(values), object)
            made[name][:] = values
        else:
            mask = [value is None for value in values]
            made[name] = np.ma.MaskedArray(np.array([value or 0 for value in values], kind), mask)
    return made


def trace_id(number: int, nonce: int = 7) -> bytes:
    """A trace id of the run with this nonce."""
    return nonce.to_bytes(4, "big") + number.to_bytes(12, "big")


def packed(request: int, step: int = 1, phase: int = 0) -> bytes:
    """The parent id that the engine sends: phase, step and request (core/src/load/trace.rs)."""
    return (phase << 56 | step << 40 | request).to_bytes(8, "big")


def span(
    trace: int, number: int, parent: int | bytes | None, start_s: float, end_s: float, **more: object
) -> dict[str, Any]:
    """One span: ids by number, instants in seconds from START_NS."""
    return {
        "trace_id": trace_id(trace),
        "span_id": number.to_bytes(8, "big"),
        "parent_id": parent.to_bytes(8, "big") if isinstance(parent, int) else parent,
        "start_ns": START_NS + round(start_s * 1e9),
        "end_ns": START_NS + round(end_s * 1e9),
        "kind": 1,
        "status": 0,
        "name": f"span {number}",
        "service": "shop",
    } | more
