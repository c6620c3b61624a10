"""Access logs as hits: files read natively, packed or not, in time order, as often as somebody goes through them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.errors import Problem, SpecError
from loadstone.model.hits import HitBatch
from loadstone.model.log_reading import LogReading
from loadstone.model.route import Route
from loadstone.traffic.access_log import LineFormat, detect, named
from loadstone.traffic.lines import Lines, Told, head

__all__ = ["LogHits", "read_logs"]

_TOLD_EVERY = 32
"""Batches between two words on how far it is: two million lines, which take some seconds."""


class _File(msgspec.Struct, frozen=True):
    path: Path
    name: str
    format: LineFormat
    size_bytes: int


class LogHits:
    """Hits of some files. Each call of ``batches`` reads them again, as far as they went when first looked at;
    ``routes``, ``settled`` and ``reading`` tell what the last whole reading found, and read where there was none."""

    def __init__(
        self,
        files: Sequence[_File],
        key: str,
        declared: Sequence[Route],
        show: Sequence[str],
        doing: Callable[[str], None],
        notes: tuple[str, ...] = (),
    ) -> None:
        self._files = tuple(files)
        self._key = key
        self._declared = tuple(declared)
        self._show = tuple(show)
        self._doing = doing
        self._notes = notes
        self._told: Told | None = None

    def batches(self) -> Iterator[HitBatch]:
        """In time order over all files, as far as the files are in order themselves. Raises SpecError where a file can
        no longer be read, or no line of any could be understood."""
        formats = msgspec.json.encode([file.format for file in self._files])
        sources = [(file.name, file.path, file.size_bytes) for file in self._files]
        lines = Lines(formats, sources, self._key, self._declared, self._show)
        rows = 0
        for number, batch in enumerate(lines):
            rows += len(batch.time_ns)
            if number % _TOLD_EVERY == _TOLD_EVERY - 1:
                self._doing(f"reading the log: {rows:,} requests")
            yield batch
        told = lines.settle()
        if rows == 0:
            raise _nothing(told.reading)
        self._told = msgspec.structs.replace(
            told, reading=msgspec.structs.replace(told.reading, notes=(*self._notes, *told.reading.notes))
        )

    def settled(self) -> NDArray[np.int32]:
        """From a batch's route to the index in ``routes()``, -1 where it is no route of the service; one longer than
        there are routes in batches, its last item -1, so that ``settled()[batch.route]`` holds for NONE too."""
        return self._read().map

    def routes(self) -> tuple[Route, ...]:
        """The routes, with their fields."""
        return self._read().routes

    def reading(self) -> LogReading:
        """What was read and what could not be."""
        return self._read().reading

    def _read(self) -> Told:
        if self._told is None:
            for _ in self.batches():
                pass
        assert self._told is not None
        return self._told


def read_logs(
    paths: Sequence[str | os.PathLike[str]],
    *,
    format: str | None,
    key: str,
    declared: Sequence[Route] = (),
    show: Sequence[str] = (),
    doing: Callable[[str], None] = lambda _: None,
) -> LogHits:
    """Hits of access logs: plain, gzip, bzip2 or zstd by content, in any order, of one format each.

    ``format`` is a name or a server's own format string, None to find each file's by its first lines; ``key`` is 32
    hex digits, under which addresses and values are hashed; ``declared`` are routes that other sources name, ``show``
    the parameters whose values may be read; ``doing`` is told what goes on. Raises SpecError, with the file, for one
    that cannot be read or whose format is not known.
    """
    line_format = None if format is None else named(format)
    notes: list[str] = []
    files: list[_File] = []
    seen: set[Path] = set()
    for path in (Path(path) for path in paths):
        real = path.resolve()
        if real in seen:
            notes.append(f"{path} was named twice and is read once")
            continue
        seen.add(real)
        beginning = head(path)
        size_bytes = path.stat().st_size
        if not beginning.strip():
            notes.append(f"{path} is empty")
            continue
        doing(f"looking at {path}")
        files.append(_File(path, str(path), line_format or _detected(path, beginning), size_bytes))
    if not files:
        named_files = ", ".join(str(path) for path in paths) or "no file"
        raise SpecError(f"There is no line to read in {named_files}. Name the access log's files: --log FILE.")
    return LogHits(files, key, declared, show, doing, tuple(notes))


def _detected(path: Path, beginning: bytes) -> LineFormat:
    try:
        return detect(beginning)
    except SpecError as error:
        raise SpecError(f"{path}:1: {error}", (Problem(str(path), 1, "", str(error)),)) from error


def _nothing(reading: LogReading) -> SpecError:
    """No line was understood: where the first stands, what it looks like, what is wrong with it."""
    if not reading.samples:
        files = ", ".join(file.path for file in reading.files)
        return SpecError(f"There is no request in {files}. Name the access log's files: --log FILE.")
    first = reading.samples[0]
    problem = Problem(
        first.file,
        first.line,
        first.text,
        f"Of {reading.lines:,} lines none is of the format {reading.files[0].format!r}: {first.reason}. Say which it "
        "is: --format NAME, or the server's own format string.",
    )
    return SpecError.of((problem,))
