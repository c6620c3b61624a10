"""Evidence into a run's archive: collectors' tables as Parquet, their documents as files, spans sorted by trace.

    evidence/spool/NAME/      a collector's own, mode 0700, while the run goes
    evidence/spool/staged/    rows taken over, not yet sorted
    evidence/spans-NNN.parquet, stacks.parquet, ...   what stays; each appears under its name when it is whole
    evidence/counts.json      how much there is, and what was dropped

The spool is removed at the end; what ends the process before leaves the spool, which can still be read.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from loadstone.archive.connection import connect, replace
from loadstone.archive.evidence_reader import COUNTS, EVIDENCE, SPOOL, STAGED
from loadstone.errors import InstrumentError
from loadstone.model.evidence import TABLES, Columns, Counts

if TYPE_CHECKING:
    from loadstone.archive.staging import Staging

__all__ = ["EvidenceWriter"]

MEMORY = "2500MB"
"""What DuckDB may take before it spills. With the rows held, below 4 GB for any number of spans: ten million took
1.6 GB in all (benches/evidence.py)."""

_ORDER = {"stacks": "at_ns", "statements": "start_ns, query_id", "waits": "at_ns", "host": "at_ns, scope, metric"}


class _Shape(msgspec.Struct):
    phases: list[Any] = []


class _Journey(msgspec.Struct):
    ops: list[dict[str, Any]] = []


class _Plan(msgspec.Struct):
    """As much of plan.json as bounds the ids that the engine gives out."""

    journeys: list[_Journey]
    shape: _Shape


class EvidenceWriter:
    """The one writer of a run's evidence, in the run's own process. Opening it makes only the spool."""

    def __init__(self, run_directory: Path) -> None:
        self.directory = run_directory / EVIDENCE
        self._spool = self.directory / SPOOL
        self._run = run_directory
        self._stagings: dict[str, Staging] = {}

    def spool(self, name: str) -> Path:
        """A collector's own directory, which nobody else may read, removed by ``finish``."""
        self.directory.mkdir(exist_ok=True)
        self._spool.mkdir(mode=0o700, exist_ok=True)
        path = self._spool / _plain(name)
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def add(self, tables: Mapping[str, Iterable[Columns]], documents: Mapping[str, bytes]) -> None:
        """Take over tables, batch by batch, and whole files. May be called any number of times.

        A JSON list that is given twice grows (plans of two databases); any other file is replaced. Raises ValueError
        for a table or a file name that is none.
        """
        for table, batches in tables.items():
            if table not in TABLES:
                raise ValueError(f"there is no table {table}; the tables are {', '.join(TABLES)}")
            staging = self._staging(table)
            for batch in batches:
                staging.add(batch)
        for name, content in documents.items():
            self.directory.mkdir(exist_ok=True)
            path = self.directory / _plain(name)
            replace(path, _grown(path, content))

    def finish(self, nonce: int | None = None) -> Counts:
        """Sort, deduplicate, write, and remove the spool. ``nonce`` begins the trace ids of this run's own requests:
        every span of such a trace learns its phase, step and request.

        Raises InstrumentError when it cannot be written.
        """
        import duckdb

        self.directory.mkdir(exist_ok=True)
        try:
            counts = Counts(1, {})
            for staging in self._stagings.values():
                try:
                    counts = self._write(staging, counts, nonce)
                except duckdb.Error:
                    if not staging.repair():
                        raise
                    counts = self._write(staging, counts, nonce)
            repaired = sum(staging.repaired for staging in self._stagings.values())
            counts = msgspec.structs.replace(counts, repaired=repaired)
            replace(self.directory / COUNTS, msgspec.json.format(msgspec.json.encode(counts)))
        except (duckdb.Error, OSError) as error:
            raise InstrumentError(f"the evidence {self.directory} cannot be written: {error}") from error
        for staging in self._stagings.values():
            staging.close()
        self._stagings.clear()
        shutil.rmtree(self._spool, ignore_errors=True)
        return counts

    def _staging(self, table: str) -> Staging:
        from loadstone.archive.staging import Staging

        if table not in self._stagings:
            connected = partial(connect, self._spool / "spill", MEMORY)
            self._stagings[table] = Staging(table, self.spool(STAGED), connected)
        return self._stagings[table]

    def _write(self, staging: Staging, counts: Counts, nonce: int | None) -> Counts:
        from loadstone.archive.span_parts import write_spans
        from loadstone.archive.staging import as_archived

        if staging.table == "spans":
            return write_spans(staging, self.directory, counts, nonce, _bounds(self._run))
        columns = ", ".join(map(as_archived, TABLES[staging.table]))
        rows = f"SELECT {columns} FROM {staging.relation()} ORDER BY {_ORDER[staging.table]}, number"
        staging.copy(rows, self.directory / f"{staging.table}.parquet")
        return msgspec.structs.replace(counts, rows=counts.rows | {staging.table: staging.rows})


def _bounds(run: Path) -> tuple[int, int]:
    """How many phases and steps the run's plan has, as far as it tells: ids beyond them are not ours."""
    try:
        plan = msgspec.json.decode((run / "plan.json").read_bytes(), type=_Plan)
    except (OSError, msgspec.DecodeError):
        return 1 << 8, (1 << 16) - 1
    return max(1, len(plan.shape.phases)), sum(
        op.get("op") == "request" for journey in plan.journeys for op in journey.ops
    )


def _grown(path: Path, content: bytes) -> bytes:
    """The content, after the list that the file holds already where both are lists."""
    try:
        before, now = msgspec.json.decode(path.read_bytes()), msgspec.json.decode(content)
    except (OSError, msgspec.DecodeError):
        return content
    if isinstance(before, list) and isinstance(now, list):
        return msgspec.json.format(msgspec.json.encode(before + now))
    return content


def _plain(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise ValueError(f"{name!r} is no plain file name")
    return name
