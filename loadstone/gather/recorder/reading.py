"""One process's spool, read back: who it was, its records, its texts, and what of it is damaged.

Every length and place in the files is checked: a process may be killed at any instant, and a spool is only as good as
the machine that wrote it.
"""

from __future__ import annotations

import ast
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.errors import EvidenceError
from loadstone.gather.recorder.inject._loadstone_recorder import layout

__all__ = ["DTYPE", "ProcessSpool", "read"]

DTYPE = np.dtype([(name, kind) for name, kind, _ in layout.FIELDS])
_ANCESTORS = 64  # forks of forks that a text is looked for in


class ProcessSpool:
    """The files of one process. Records come in pieces of one segment: at most 65,536."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header = _header(path)
        self.pid = int(self.header["pid"])
        self.base = int(self.header["base"])
        self.parent: ProcessSpool | None = None
        self._texts = path.with_suffix(".texts")
        self._bytes: mmap.mmap | bytes | None = None
        with path.open("rb") as file:
            file.seek(layout.LOST_AT)
            self.lost: int = layout.WORD.unpack(file.read(layout.WORD.size))[0]

    def records(self) -> Iterator[tuple[NDArray[Any], int]]:
        """Every segment's whole records, and how many of it are torn."""
        size = self.path.stat().st_size
        place, length = layout.HEADER, layout.FIRST_SEGMENT
        while place < size:
            length = min(length, size - place) // DTYPE.itemsize
            if length:
                mapped = np.memmap(self.path, dtype=DTYPE, mode="r", offset=place, shape=(length,))
                yield _whole(mapped)
                place += length * DTYPE.itemsize
            else:
                break
            length = layout.SEGMENT

    def text(self, number: int) -> tuple[str, bool] | None:
        """The text of that number, and whether it was clipped; None for 0 and for one that was lost."""
        spool: ProcessSpool | None = self
        for _ in range(_ANCESTORS):
            if spool is None or number <= 0:
                return None
            if number * 8 >= spool.base:
                return spool._at(number * 8 - spool.base)
            spool = spool.parent
        return None

    def literal(self, number: int) -> Mapping[str, Any]:
        """The text of that number as the dict that it is written as; empty where it is none."""
        found = self.text(number)
        try:
            read = None if found is None else ast.literal_eval(found[0])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            read = None
        return read if isinstance(read, dict) else {}

    def operation(self, number: int) -> Mapping[str, Any]:
        """What kind of span a record is: ``scope`` (the library), ``kind``, ``system``, ``name``."""
        read = self.literal(number)
        kind = read.get("kind")
        told = {key: str(read.get(key, "")) for key in ("scope", "system", "name")}
        return {**told, "kind": kind if kind in layout.KINDS.values() else 0}

    def facts(self) -> Iterator[Mapping[str, Any]]:
        """What this process noted about itself, and its ancestors before it was forked."""
        spool: ProcessSpool | None = self
        end: int | None = None
        for _ in range(_ANCESTORS):
            if spool is None:
                return
            yield from spool._own_facts(end)
            end, spool = spool.base, spool.parent

    def _own_facts(self, end: int | None) -> Iterator[Mapping[str, Any]]:
        data = self._mapped()
        stop = len(data) if end is None else min(len(data), end - self.base)
        place = 0
        while place + layout.TEXT.size <= stop:
            length, _, tag = layout.TEXT.unpack_from(data, place)
            if length == 0:  # the rest of a segment, or of the file
                place = (place // layout.TEXT_SEGMENT + 1) * layout.TEXT_SEGMENT
                continue
            body = place + layout.TEXT.size
            if tag == layout.FACT:
                try:
                    fact = ast.literal_eval(data[body : body + length].decode("utf-8", "replace"))
                except (ValueError, SyntaxError):
                    fact = None  # killed while it was written
                if isinstance(fact, dict):
                    yield fact
            place = -(-(body + length) // 8) * 8

    def _at(self, place: int) -> tuple[str, bool] | None:
        data = self._mapped()
        body = place + layout.TEXT.size
        if body > len(data):
            return None
        length, characters, _ = layout.TEXT.unpack_from(data, place)
        if length == 0 or body + length > len(data):
            return None
        text = data[body : body + length].decode("utf-8", "replace")
        return text, characters > layout.CLIP

    def _mapped(self) -> mmap.mmap | bytes:
        if self._bytes is None:
            try:
                with self._texts.open("rb") as file:
                    self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError):  # gone, or empty
                self._bytes = b""
        return self._bytes


def read(directory: Path) -> tuple[list[ProcessSpool], list[str]]:
    """Every process that left a spool there, parents joined to children; and what could not be read, in words."""
    found: dict[str, ProcessSpool] = {}
    refused: list[str] = []
    for path in sorted(directory.glob("*.spans")):
        try:
            found[path.name] = ProcessSpool(path)
        except (OSError, EvidenceError) as error:
            refused.append(f"{path.name}: {error}")
    for spool in found.values():
        spool.parent = found.get(str(spool.header["parent"]))
    return list(found.values()), refused


def _header(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        page = file.read(layout.HEADER)
    if len(page) < layout.HEADER or not page.startswith(layout.MAGIC):
        raise EvidenceError("the process ended before it had begun its spool")
    start = len(layout.MAGIC) + layout.WORD.size
    length = layout.WORD.unpack_from(page, len(layout.MAGIC))[0]
    try:
        header = ast.literal_eval(page[start : start + length].decode("utf-8", "replace"))
        sizes = (layout.HEADER, layout.FIRST_SEGMENT, layout.SEGMENT, layout.TEXT_SEGMENT, layout.RECORD.size)
        known = header["format"] == layout.FORMAT and tuple(header["sizes"]) == sizes
        numbers = [header[name] for name in ("pid", "ticks", "base", "offset_ns")]
        if known and all(isinstance(number, int) for number in numbers) and {"parent", "python"} <= header.keys():
            return dict(header)
    except (ValueError, SyntaxError, TypeError, KeyError) as error:
        raise EvidenceError("its header cannot be read") from error
    raise EvidenceError(f"its format is {header['format']!r}; this version reads {layout.FORMAT}")


def _whole(records: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """The records whose last byte is written, and how many are torn: begun, or passed over by later ones."""
    done = records["done"] != 0
    written = int(np.count_nonzero(done))
    if written == 0:
        return records[:0], 0
    last = len(done) - int(np.argmax(done[::-1]))  # one past the last whole record
    begun = np.flatnonzero(records["start"][last:] != 0)
    return records[:last][done[:last]], last - written + len(begun)
