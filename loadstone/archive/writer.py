"""Writing a run as it goes, so that whatever ends the process leaves something that can be read.

The manifest comes first and is replaced atomically at each change of status. Intervals go to ``intervals.jsonl``, a
line at a time, handed to the system at once; every ten minutes and at the end they are closed into a Parquet part and
the tail is emptied. A part appears under its name only when it is whole.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from loadstone.archive.columns import interval_rows, intervals_from_json, samples_from_json
from loadstone.archive.connection import connect, copy, replace
from loadstone.archive.process import boot_id, start_ticks
from loadstone.archive.reader import MANIFEST, SAMPLES, TAIL
from loadstone.errors import InstrumentError
from loadstone.model.run import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loadstone.archive.layout import Archive
    from loadstone.model.interval import Interval, Sample

__all__ = ["PART_S", "RunWriter", "amend", "replace"]

PART_S = 600.0  # a part every ten minutes: small enough to lose nothing, few enough to open at once


class RunWriter:
    """The one writer of a run. ``manifest`` is completed with the run's id and this process's identity."""

    def __init__(self, archive: Archive, manifest: Manifest) -> None:
        self.directory = archive.create(manifest.started_ns)
        self.manifest = msgspec.structs.replace(
            manifest,
            run=self.directory.name,
            status="running",
            pid=os.getpid(),
            pid_start_ticks=start_ticks(os.getpid()),
            boot_id=boot_id(),
        )
        self._write_manifest()
        self._tail = _open_tail(self.directory / TAIL)
        self._encoder = msgspec.json.Encoder()
        self._number = 0  # intervals closed into parts so far
        self._open = 0  # intervals in the tail
        self._longest = 0
        self._parts = 0
        self._part_ends_s = PART_S

    @property
    def run(self) -> str:
        """The run's id."""
        return self.directory.name

    def update(self, **changes: object) -> None:
        """Replace fields of the manifest, atomically on disk."""
        self.manifest = msgspec.structs.replace(self.manifest, **changes)
        self._write_manifest()

    def write(self, name: str, content: bytes) -> Path:
        """A file of the run (``spec.toml``, ``report.html``), replaced as a whole."""
        path = self.directory / name
        replace(path, content)
        return path

    def add(self, interval: Interval) -> None:
        """One more interval, readable by others when this returns."""
        line = self._encoder.encode(interval) + b"\n"
        try:
            _write_all(self._tail, line)
        except OSError as error:
            raise InstrumentError(f"{self.directory / TAIL} cannot be written: {error.strerror}") from error
        self._open += 1
        self._longest = max(self._longest, len(line))
        if interval.t_s >= self._part_ends_s:
            self.close_part()
            self._part_ends_s = interval.t_s + PART_S

    def close_part(self) -> None:
        """Close the tail into a Parquet part and begin an empty one."""
        if self._open == 0:
            return
        source = intervals_from_json(str(self.directory / TAIL), self._longest)
        with connect() as connection:
            rows = interval_rows(source, str(self._number))
            copy(connection, rows, self.directory / f"intervals-{self._parts:03d}.parquet")
        self._parts += 1
        self._number += self._open
        self._open = 0
        self._longest = 0
        os.close(self._tail)
        replace(self.directory / TAIL, b"")
        self._tail = _open_tail(self.directory / TAIL)

    def samples(self, samples: Iterable[Sample]) -> None:
        """The samples kept, once and for all."""
        lines = [self._encoder.encode(sample) for sample in samples]
        spool = self.directory / "samples.jsonl"
        spool.write_bytes(b"\n".join(lines))
        with connect() as connection:
            rows = samples_from_json(str(spool), max(map(len, lines), default=0))
            copy(connection, rows, self.directory / SAMPLES)
        spool.unlink()

    def close(self, **changes: object) -> None:
        """The last change of the manifest, its status among them; the intervals become whole parts before it."""
        try:
            self.close_part()
        finally:
            os.close(self._tail)
        if self._parts:
            (self.directory / TAIL).unlink(missing_ok=True)
        self.update(**changes)

    def discard(self) -> None:
        """Remove the run: nothing of it is worth keeping."""
        os.close(self._tail)
        shutil.rmtree(self.directory)

    def _write_manifest(self) -> None:
        replace(self.directory / MANIFEST, _manifest_json(self.manifest))


def amend(directory: Path, **changes: object) -> None:
    """Replace fields of the manifest of a run that has ended, atomically. Only its own process does so."""
    manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    replace(directory / MANIFEST, _manifest_json(msgspec.structs.replace(manifest, **changes)))


def _manifest_json(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest))


def _open_tail(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
