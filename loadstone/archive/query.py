"""SQL over all runs: ``runs``, ``intervals`` (a row a cell), ``samples`` and the evidence's tables (``spans``,
``stacks``, ``statements``, ``waits``, ``host``), each with a ``run`` column; ``experiments`` and the ``ledger``.

The views lie over the Parquet files and the open tails as they are at this moment, in a DuckDB in memory that is
locked before the user's statement is seen: it may read those files and nothing else, and only SELECT is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from loadstone.archive.columns import INTERVAL_COLUMNS, SAMPLE_COLUMNS, interval_rows, intervals_from_json, quoted
from loadstone.archive.connection import connect
from loadstone.archive.proved import EXPERIMENT_COLUMNS, LEDGER_COLUMNS, experiment_rows, ledger_rows
from loadstone.archive.reader import SAMPLES, TAIL
from loadstone.errors import EvidenceError, SpecError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loadstone.archive.layout import Archive
    from loadstone.archive.reader import Run
    from loadstone.model.run import LatencySet, Manifest, Summary

__all__ = ["RUN_COLUMNS", "VIEWS", "Table", "query"]

RUN_COLUMNS: dict[str, str] = {
    "run": "VARCHAR",
    "kind": "VARCHAR",
    "status": "VARCHAR",
    "started_ns": "BIGINT",
    "url": "VARCHAR",
    "commit": "VARCHAR",
    "dirty": "BOOLEAN",
    "labels": "MAP(VARCHAR, VARCHAR)",
    "seed": "UBIGINT",
    "experiment": "VARCHAR",
    "pair": "INTEGER",
    "side": "VARCHAR",
    "observed": "VARCHAR",
    "version": "VARCHAR",
    "machine_class": "VARCHAR",
    "machine_cores": "INTEGER",
    "machine_memory_bytes": "BIGINT",
    "outcome": "VARCHAR",
    "validity": "VARCHAR",
    "caveats": "VARCHAR[]",
    "duration_s": "DOUBLE",
    "offered_per_s": "DOUBLE",
    "achieved_per_s": "DOUBLE",
    "requests": "BIGINT",
    "errors": "BIGINT",
    "dropped": "BIGINT",
    "generator_cpu_s": "DOUBLE",
    **{
        f"{instant}_{value}_s": "DOUBLE"
        for instant in ("response", "service", "lag", "first_byte")
        for value in ("min", "mean", "p50", "p90", "p95", "p99", "p999", "max")
    },
}

VIEWS = (
    "runs", "intervals", "samples", "spans", "stacks", "statements", "waits", "host", "experiments", "ledger",
)  # fmt: skip

_MANY = 1 << 26  # bytes of a line that a tail may hold: far above any interval seen, a bound for DuckDB's buffer


class Table(msgspec.Struct, frozen=True):
    """An answer: column names, and rows of plain values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def query(archive: Archive, sql: str) -> Table:
    """The statement's answer. Raises SpecError when it is not one SELECT that DuckDB can run."""
    import duckdb

    runs, manifests = _readable(archive)
    with connect() as connection:
        try:
            files = _define(connection, runs, manifests)
            _table(connection, "experiments", EXPERIMENT_COLUMNS, experiment_rows(archive.root))
            _table(connection, "ledger", LEDGER_COLUMNS, ledger_rows(archive.root))
            _lock(connection, files)
        except duckdb.Error as error:
            raise EvidenceError(f"the archive cannot be read: {error}") from error
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise SpecError(f"sql takes one SELECT; its tables are {', '.join(VIEWS)}")
            cursor = connection.execute(statements[0])
            columns = tuple(column[0] for column in cursor.description or ())
            return Table(columns, tuple(tuple(row) for row in cursor.fetchall()))
        except duckdb.Error as error:
            raise SpecError(str(error).strip()) from error


def _readable(archive: Archive) -> tuple[list[Run], list[Manifest]]:
    """Runs that this version reads; others are left out, as ``loadstone runs`` tells."""
    runs: list[Run] = []
    manifests: list[Manifest] = []
    for run in map(archive.run, archive.ids()):
        try:
            manifests.append(run.manifest)
        except EvidenceError:
            continue
        runs.append(run)
    return runs, manifests


def _define(connection: DuckDBPyConnection, runs: list[Run], manifests: list[Manifest]) -> list[Path]:
    """Make the tables of runs, their views; the files that the views read."""
    _table(connection, "runs", RUN_COLUMNS, [_row(manifest) for manifest in manifests])
    connection.execute("ALTER TABLE runs ADD COLUMN started TIMESTAMP")
    connection.execute("UPDATE runs SET started = make_timestamp_ns(started_ns)")
    parts = {run.id: run.parts() for run in runs}
    samples = {run.id: [run.directory / SAMPLES] for run in runs if (run.directory / SAMPLES).exists()}
    tails = [run for run in runs if _size(run.directory / TAIL)]
    closed = _parquet(parts, INTERVAL_COLUMNS)
    opened = " ".join(f"UNION ALL SELECT * FROM ({_tail(run)})" for run in tails)
    connection.execute(f"CREATE VIEW intervals AS {closed} {opened}")
    connection.execute(f"CREATE VIEW samples AS {_parquet(samples, SAMPLE_COLUMNS)}")
    evidence = _evidence(connection, runs)
    return [
        *(path for paths in (*parts.values(), *samples.values()) for path in paths),
        *evidence,
        *(run.directory / TAIL for run in tails),
    ]


def _table(connection: DuckDBPyConnection, name: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    document = msgspec.json.encode(rows).decode()
    structure = msgspec.json.encode([columns]).decode()
    connection.execute(
        f"CREATE TABLE {name} AS SELECT unnest(from_json(?::JSON, {quoted(structure)}), recursive := true)", [document]
    )


def _evidence(connection: DuckDBPyConnection, runs: list[Run]) -> list[Path]:
    """Make the views over what was seen inside services; the files that they read."""
    from loadstone.archive.evidence_reader import table_files
    from loadstone.model.evidence import TABLES

    read: list[Path] = []
    for table, columns in TABLES.items():
        files = {run.id: table_files(run.directory, table) for run in runs}
        connection.execute(f"CREATE VIEW {table} AS {_parquet(files, columns, depth=3)}")
        read += [path for paths in files.values() for path in paths]
    return read


def _parquet(files: dict[str, list[Path]], columns: dict[str, str], depth: int = 2) -> str:
    """SELECT of ``run`` and the columns over the files of each run; typed and empty when there are none.

    ``depth`` counts the places in a file's path from its end to the run's id.
    """
    paths = [path for found in files.values() for path in found]
    if not paths:
        nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())
        return f"SELECT CAST(NULL AS VARCHAR) AS run, {nothing} WHERE false"
    names = ", ".join(f'"{name}"' for name in columns)
    listed = ", ".join(quoted(str(path)) for path in paths)
    return (
        f"SELECT parse_path(filename)[-{depth}] AS run, {names} "
        f"FROM read_parquet([{listed}], filename = true, union_by_name = true)"
    )


def _tail(run: Run) -> str:
    """SELECT of the open tail's rows, but for a torn last line and for what is in a part already."""
    source = intervals_from_json(str(run.directory / TAIL), _MANY, torn=True)
    parts = ", ".join(quoted(str(part)) for part in run.parts())
    where, first = "t_s IS NOT NULL", "0"
    if parts:
        where += f" AND t_s > (SELECT max(t_s) FROM read_parquet([{parts}]))"
        first = f"(SELECT max(number) + 1 FROM read_parquet([{parts}]))"
    rows = interval_rows(f"(SELECT * FROM {source} WHERE {where})", first)
    return f"SELECT {quoted(run.id)} AS run, * FROM ({rows})"


def _lock(connection: DuckDBPyConnection, files: list[Path]) -> None:
    allowed = ", ".join(quoted(str(path)) for path in files)
    connection.execute(f"SET allowed_paths = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _row(manifest: Manifest) -> dict[str, Any]:
    service = manifest.service
    row: dict[str, Any] = {
        "run": manifest.run,
        "kind": manifest.kind,
        "status": manifest.status,
        "started_ns": manifest.started_ns,
        "url": service.url if service else None,
        "commit": service.commit if service else None,
        "dirty": service.dirty if service else None,
        "labels": manifest.labels,
        "seed": manifest.seed,
        "experiment": manifest.experiment,
        "pair": manifest.pair,
        "side": manifest.side,
        "observed": manifest.observed,
        "version": manifest.versions.get("loadstone"),
        "machine_class": manifest.machine.class_,
        "machine_cores": manifest.machine.cores,
        "machine_memory_bytes": manifest.machine.memory_bytes,
    }
    return row | _told(manifest.summary) if manifest.summary else row


def _told(summary: Summary) -> dict[str, Any]:
    return {
        "outcome": summary.outcome,
        "validity": summary.validity,
        "caveats": [caveat.code for caveat in summary.caveats],
        "duration_s": summary.duration_s,
        "offered_per_s": summary.offered_per_s,
        "achieved_per_s": summary.achieved_per_s,
        "requests": summary.requests,
        "errors": summary.errors,
        "dropped": summary.dropped,
        "generator_cpu_s": summary.generator.cpu_s,
        **_latencies(summary.latency_s),
    }


def _latencies(latency: LatencySet) -> dict[str, float | None]:
    return {
        f"{instant}_{value}_s": seconds
        for instant, values in msgspec.to_builtins(latency).items()
        for value, seconds in values.items()
    }
