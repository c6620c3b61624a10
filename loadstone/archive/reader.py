"""Reading a run back: whole, still going, or cut off by a crash. Nothing is locked and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from loadstone.archive.columns import HISTOGRAMS, INTERVAL_COLUMNS, SAMPLE_COLUMNS, quoted
from loadstone.archive.connection import connect
from loadstone.archive.process import is_alive
from loadstone.errors import EvidenceError
from loadstone.model.interval import (
    Connections,
    Generator,
    Host,
    InFlight,
    Interval,
    Sample,
)
from loadstone.model.run import Manifest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loadstone.archive.evidence_reader import RunEvidence

__all__ = ["Run"]

FORMAT = 1
MANIFEST = "manifest.json"
TAIL = "intervals.jsonl"
SAMPLES = "samples.parquet"

UNIFORM = 100
"""Of the uniform reservoir that a page and a table are given; an observed run keeps many more for the diagnosis."""

_PLAIN_INTERVAL = ("t_s", "span_s", "offered", "started", "dropped", "sent", "done", "redirects")
_PLAIN_CELL = ("journey", "step", "phase", "result", "error", "count", "bytes_in", "bytes_out", "over")

_FETCH = 2000  # rows at a time: a bound on memory, not on length


class _Stamp(msgspec.Struct, frozen=True):
    """As much of a manifest as every format will have."""

    format: int = 0
    versions: dict[str, str] = {}


class Run:
    """One run's directory. Raises EvidenceError when it is unreadable or of a format that is not known."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def id(self) -> str:
        """The run's id, which is its directory's name."""
        return self.directory.resolve().name

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest; a run that claims to be running without a live process is ``crashed``."""
        manifest = self._read_manifest()
        if manifest.status != "running" or _has_writer(manifest):
            return manifest
        manifest = self._read_manifest()  # it may have ended, and its process with it, between the two looks
        return msgspec.structs.replace(manifest, status="crashed") if manifest.status == "running" else manifest

    def intervals(self) -> Iterator[Interval]:
        """Every interval in order: the closed parts, then the open tail but for a torn last line."""
        self._check_format()
        latest = float("-inf")
        for interval in self._closed():
            latest = interval.t_s
            yield interval
        for interval in self._tail():
            if interval.t_s > latest:  # a crash may fall between a part's closing and the emptying of the tail
                yield interval

    def samples(self) -> tuple[Sample, ...]:
        """The slowest and the failed, and a few of the others; none while the run is going, or after a crash."""
        self._check_format()
        path = self.directory / SAMPLES
        if not path.exists():
            return ()
        names = ", ".join(f'"{name}"' for name in SAMPLE_COLUMNS)
        few = f"kept <> 'uniform' OR row_number() OVER (PARTITION BY kept, journey, step ORDER BY request) <= {UNIFORM}"
        source = f"read_parquet({quoted(str(path))}, file_row_number = true)"
        with connect() as connection:
            rows = _query(connection, f"SELECT {names} FROM {source} QUALIFY {few} ORDER BY file_row_number").fetchall()
        return tuple(msgspec.convert(dict(zip(SAMPLE_COLUMNS, row, strict=True)), Sample) for row in rows)

    def sample_columns(self) -> dict[str, Any] | None:
        """Every request that was kept, once, in order of its number, as columns of SAMPLE_COLUMNS by name; None where
        there are no samples."""
        self._check_format()
        path = self.directory / SAMPLES
        if not path.exists():
            return None
        names = "journey, step, phase, error, arrival, request, intended_ns, sent_ns, done_ns, bytes_in"
        source = f"SELECT DISTINCT {names} FROM read_parquet({quoted(str(path))}) ORDER BY request"
        with connect() as connection:
            columns: dict[str, Any] = _query(connection, source).fetchnumpy()
        return columns

    def evidence(self) -> RunEvidence | None:
        """What was seen inside the service, where anything was; None while the run is going."""
        if self.manifest.status == "running" or not (self.directory / "evidence").is_dir():
            return None
        from loadstone.archive.evidence_reader import RunEvidence

        return RunEvidence(self.directory)

    def text(self, name: str) -> str | None:
        """A file of the run as text (``spec.toml``, ``plan.json``), or None."""
        try:
            return (self.directory / name).read_text()
        except FileNotFoundError:
            return None

    def parts(self) -> list[Path]:
        """The closed parts of the intervals, in order."""
        return sorted(self.directory.glob("intervals-*.parquet"))

    def _closed(self) -> Iterator[Interval]:
        """Part by part, so that a long run takes no more memory than ten minutes of it."""
        parts = self.parts()
        if not parts:
            return
        names = ", ".join(f'"{name}"' for name in INTERVAL_COLUMNS)
        with connect() as connection:
            for part in parts:
                rows = f"SELECT {names} FROM read_parquet({quoted(str(part))}) ORDER BY number, cell"
                yield from _rebuilt(_fetched(_query(connection, rows)))

    def _tail(self) -> Iterator[Interval]:
        try:
            content = (self.directory / TAIL).read_bytes()
        except FileNotFoundError:
            return
        decoder = msgspec.json.Decoder(Interval)
        lines = content.split(b"\n")
        for number, line in enumerate(lines[:-1], start=1):  # what follows the last newline is torn, or empty
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise EvidenceError(f"{self.directory / TAIL}:{number}: not an interval ({error})") from error

    def _check_format(self) -> None:
        _ = self.manifest

    def _read_manifest(self) -> Manifest:
        path = self.directory / MANIFEST
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise EvidenceError(f"{self.directory} has no {MANIFEST}, so it is not a run") from error
        except OSError as error:
            raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
        try:
            stamp = msgspec.json.decode(content, type=_Stamp)
            if stamp.format == FORMAT:
                return msgspec.json.decode(content, type=Manifest)
        except msgspec.DecodeError as error:
            raise EvidenceError(f"{path} is not a run's manifest: {error}") from error
        writer = stamp.versions.get("loadstone")
        reads = f"loadstone {writer}, which wrote it, reads it" if writer else "a later loadstone reads it"
        raise EvidenceError(f"{path} has format {stamp.format}; this loadstone reads format {FORMAT}, {reads}")


def _has_writer(manifest: Manifest) -> bool:
    return is_alive(manifest.pid, manifest.pid_start_ticks, manifest.boot_id)


def _query(connection: DuckDBPyConnection, sql: str) -> DuckDBPyConnection:
    import duckdb

    try:
        return connection.execute(sql)
    except duckdb.Error as error:
        raise EvidenceError(f"the archive cannot be read: {error}") from error


def _fetched(cursor: DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    while rows := cursor.fetchmany(_FETCH):
        for row in rows:
            yield dict(zip(INTERVAL_COLUMNS, row, strict=True))


def _rebuilt(rows: Iterator[dict[str, Any]]) -> Iterator[Interval]:
    """Intervals out of their rows, which come in order of number and cell."""
    first: dict[str, Any] | None = None
    cells: list[dict[str, Any]] = []
    for row in rows:
        if first is None or row["number"] != first["number"]:
            if first is not None:
                yield _interval(first, cells)
            first, cells = row, []
        if row["cell"] is not None:
            cells.append(_cell(row))
    if first is not None:
        yield _interval(first, cells)


def _interval(row: dict[str, Any], cells: list[dict[str, Any]]) -> Interval:
    document = {name: row[name] for name in _PLAIN_INTERVAL} | {
        "format": FORMAT,
        "in_flight": _part(row, "in_flight", InFlight),
        "connections": _part(row, "connections", Connections),
        "generator": _part(row, "generator", Generator),
        "host": _part(row, "host", Host) if row["host_known"] else None,
        "cells": cells,
    }
    return msgspec.convert(document, Interval)


def _cell(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _PLAIN_CELL} | {name: _histogram(row, name) for name in HISTOGRAMS}


def _histogram(row: dict[str, Any], name: str) -> dict[str, Any]:
    pairs = zip(row[f"{name}_buckets"], row[f"{name}_counts"], strict=True)
    return {key: row[f"{name}_{key}"] for key in ("count", "min_ns", "max_ns", "sum_ns")} | {"buckets": tuple(pairs)}


def _part(row: dict[str, Any], prefix: str, kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: row[f"{prefix}_{name}"] for name in kind.__struct_fields__}
