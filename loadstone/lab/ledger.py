"""The ledger of the archive: a line for each finding that was proved, what was predicted beside what was measured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from loadstone.archive import Archive
from loadstone.errors import EvidenceError, InstrumentError
from loadstone.model.comparison import LedgerEntry

__all__ = ["LEDGER", "append", "entries"]

LEDGER = "ledger.jsonl"

FORMAT = 1


class _Stamp(msgspec.Struct, frozen=True):
    format: int = 0


def append(archive: Archive, entry: LedgerEntry) -> None:
    """Add a line, whole or not at all: one write to a file that is only ever appended to. Raises InstrumentError."""
    path = archive.root / LEDGER
    line = msgspec.json.encode(entry) + b"\n"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # whoever wrote last was cut off: what it left stays a line of its own
            while line:
                line = line[os.write(descriptor, line) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InstrumentError(f"{path} cannot be written: {error.strerror}") from error


def entries(archive: Archive) -> Iterator[LedgerEntry]:
    """Every line in order. A torn line is left out; raises EvidenceError for a format that is not known."""
    path = archive.root / LEDGER
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for number, line in enumerate(lines, 1):
        with suppress(msgspec.DecodeError):
            stamp = msgspec.json.decode(line, type=_Stamp) if line else None
            if stamp is None:
                continue
            if stamp.format != FORMAT:
                raise EvidenceError(f"{path}:{number} has format {stamp.format}; this version reads format {FORMAT}")
            yield msgspec.json.decode(line, type=LedgerEntry)
