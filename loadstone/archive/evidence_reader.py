"""A run's evidence read back, as ``loadstone.model.evidence.Evidence``: batches of columns by DuckDB out of Parquet."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from loadstone.archive.columns import quoted
from loadstone.archive.connection import connect
from loadstone.archive.keyed import keyed
from loadstone.errors import EvidenceError
from loadstone.model.evidence import TABLES, Audit, Columns, Counts, Coverage, Keyed, Missing, Plan

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

__all__ = ["BATCH", "COUNTS", "EVIDENCE", "SPOOL", "STAGED", "RunEvidence", "table_files"]

EVIDENCE = "evidence"
SPOOL = "spool"
STAGED = "staged"
COUNTS = "counts.json"

BATCH = 131_072
"""Rows of a batch: a row group of DuckDB's Parquet (122,880 rows) and a little, some 30 MB with texts."""

MEMORY = "1GB"
"""What DuckDB may take while it sorts for a reader; the rest goes to the system's temporary directory."""

_FILES = {"spans": "spans-*.parquet"}

T = TypeVar("T")


def table_files(directory: Path, table: str) -> list[Path]:
    """The files of a table in a run's directory, in order."""
    return sorted((directory / EVIDENCE).glob(_FILES.get(table, f"{table}.parquet")))


class RunEvidence:
    """The evidence of one run. Nothing is locked and nothing in the run's directory is changed.

    A run that was cut off while its evidence was being written is read from what had been staged.
    """

    def __init__(self, run_directory: Path) -> None:
        self.directory = run_directory / EVIDENCE

    def rows(self, table: str, columns: Sequence[str], where: str = "", order: str = "") -> Iterator[Columns]:
        """Batches of the table's columns. Without ``order`` spans come by trace, then start, part by part: a trace's
        spans follow each other, over the end of a batch too.

        Raises EvidenceError when a file cannot be read, KeyError for what is no table or column.
        """
        kinds = TABLES[table]
        chosen = [(name, kinds[name]) for name in columns]
        files = table_files(self.directory.parent, table)
        staged = [] if files else sorted((self.directory / SPOOL / STAGED).glob(f"{table}-*.parquet"))
        if not chosen or not (files or staged):
            return
        with _reading() as connection:
            if staged and table == "spans" and not order:
                order = "trace_id, start_ns"
            if order or staged:
                source = _whole(files) if files else _staged(table, staged)
                pieces = _ordered(connection, source, [name for name, _ in chosen], where, order)
            else:
                pieces = _in_turn(connection, files, [name for name, _ in chosen], where)
            for piece in pieces:
                yield {name: _plain(piece[name], kind) for name, kind in chosen}

    def keyed(self, numbers: Mapping[str, str], keys: Mapping[str, Sequence[str]], where: str = "") -> Iterator[Keyed]:
        """Spans as ``rows`` orders them, without their texts; see ``loadstone.model.evidence.Evidence``.

        Raises EvidenceError when a file cannot be read.
        """
        files = table_files(self.directory.parent, "spans")
        staged = [] if files else sorted((self.directory / SPOOL / STAGED).glob("spans-*.parquet"))
        if not (files or staged):
            return
        with _reading() as connection:
            sources: Iterator[str]
            if files:
                sources = chain.from_iterable(_row_groups(connection, file, where) for file in files)
            else:
                sources = _sorted(connection, f"SELECT * FROM {_staged('spans', staged)}", "trace_id, start_ns", where)
            yield from keyed(connection, sources, numbers, keys)

    def missing(self) -> tuple[Missing, ...]:
        """What this evidence has not, and why."""
        return self._document("missing.json", tuple[Missing, ...]) or ()

    def coverage(self) -> tuple[Coverage, ...]:
        """Processes and libraries, seen or not."""
        return self._document("coverage.json", tuple[Coverage, ...]) or ()

    def plans(self) -> tuple[Plan, ...]:
        """Plans of statements."""
        return self._document("plans.json", tuple[Plan, ...]) or ()

    def counts(self) -> Counts | None:
        """How much was kept and dropped; None where the writing was cut off."""
        return self._document(COUNTS, Counts)

    def audit(self) -> Audit | None:
        """How far this evidence can be believed, as it was judged when the run ended."""
        return self._document("audit.json", Audit)

    def text(self, name: str) -> bytes | None:
        """A document of the evidence as it lies there (``receiver.json``), or None."""
        try:
            return (self.directory / name).read_bytes()
        except FileNotFoundError:
            return None

    def _document(self, name: str, kind: type[T]) -> T | None:
        content = self.text(name)
        if content is None:
            return None
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError as error:
            raise EvidenceError(f"{self.directory / name} cannot be read: {error}") from error


@contextmanager
def _reading() -> Iterator[DuckDBPyConnection]:
    import duckdb

    spill = Path(tempfile.gettempdir()) / f"loadstone-{secrets.token_hex(8)}"
    with connect(spill, MEMORY) as connection:
        try:
            yield connection
        except duckdb.Error as error:
            raise EvidenceError(f"the evidence cannot be read: {error}") from error


def _whole(files: list[Path]) -> str:
    return f"read_parquet([{', '.join(quoted(str(file)) for file in files)}], union_by_name = true)"


def _staged(table: str, parts: list[Path]) -> str:
    from loadstone.archive.staging import as_archived, relation_of

    columns = ", ".join(as_archived(name) for name in TABLES[table])
    return f"(SELECT {columns} FROM {relation_of(table, parts)})"


def _select(columns: list[str], source: str, where: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"SELECT {names} FROM {source}{f' WHERE ({where})' if where else ''}"


def _in_turn(
    connection: DuckDBPyConnection, files: list[Path], columns: list[str], where: str
) -> Iterator[dict[str, NDArray[Any]]]:
    """Row range after row range of each file: DuckDB reads no row group that lies outside."""
    for file in files:
        source = f"read_parquet({quoted(str(file))}, file_row_number = true)"
        total = connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
        for first in range(0, total, BATCH):
            reach = f"file_row_number BETWEEN {first} AND {first + BATCH - 1}"
            sql = _select(columns, source, f"{reach} AND ({where})" if where else reach)
            yield from _some(connection, sql)


def _ordered(
    connection: DuckDBPyConnection, source: str, columns: list[str], where: str, order: str
) -> Iterator[dict[str, NDArray[Any]]]:
    """All rows sorted into a table that may spill, then range after range of it."""
    for reach in _sorted(connection, _select(columns, source, ""), order, where):
        yield from _some(connection, f"SELECT * FROM {reach}")


def _sorted(connection: DuckDBPyConnection, select: str, order: str, where: str) -> Iterator[str]:
    """The rows sorted into a table that may spill, as one relation after the other."""
    asked = f"{select}{f' WHERE ({where})' if where else ''}{f' ORDER BY {order}' if order else ''}"
    connection.execute(f"CREATE TEMP TABLE sorted AS {asked}")
    total = connection.execute("SELECT count(*) FROM sorted").fetchall()[0][0]
    for first in range(0, total, BATCH):
        yield f"(SELECT * FROM sorted WHERE rowid BETWEEN {first} AND {first + BATCH - 1})"


def _row_groups(connection: DuckDBPyConnection, file: Path, where: str) -> Iterator[str]:
    """A file's row groups as relations, so that each is read once; a larger one than a batch in pieces."""
    name = quoted(str(file))
    groups = connection.execute(
        f"SELECT row_group_id, any_value(row_group_num_rows) FROM parquet_metadata({name}) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    at = 0
    for _, rows in groups:
        for first in range(at, at + rows, BATCH):
            last = min(first + BATCH, at + rows) - 1
            reach = f"file_row_number BETWEEN {first} AND {last}{f' AND ({where})' if where else ''}"
            yield f"(SELECT * FROM read_parquet({name}, file_row_number = true) WHERE {reach})"
        at += rows


def _some(connection: DuckDBPyConnection, sql: str) -> Iterator[dict[str, NDArray[Any]]]:
    batch = connection.execute(sql).fetchnumpy()
    if len(next(iter(batch.values()))):
        yield batch


def _plain(values: NDArray[Any], kind: str) -> NDArray[Any]:
    """The column as the protocol has it: numbers masked where they are null, texts and blobs with None."""
    if kind not in ("VARCHAR", "BLOB"):
        return values
    plain = np.ma.getdata(values)
    mask = np.ma.getmaskarray(values)
    if kind == "BLOB":
        fresh = np.empty(len(plain), object)
        fresh[:] = [None if hidden else bytes(value) for value, hidden in zip(plain, mask.tolist(), strict=True)]
        return fresh
    if mask.any():
        plain = plain.astype(object)
        plain[mask] = None
    return plain
