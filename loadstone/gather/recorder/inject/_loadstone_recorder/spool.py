"""The process's two files, written through memory maps: what is in the map survives the death of the process.

A record's place comes from ``itertools.count`` of its segment and is written by one ``pack_into``: with the global
interpreter lock neither needs a lock. Texts and new segments are written under a lock that its own thread may take
again, because a signal handler or a collection can interrupt it. Space is allocated before it is mapped: a full disk
ends the recording, and never the service by SIGBUS.
"""

from __future__ import annotations

import itertools
import mmap
import os
import sys
import time
from _thread import RLock

from .layout import CLIP, FACT, FIRST_SEGMENT, FORMAT, HEADER, LOST_AT, MAGIC, RECORD, SEGMENT, TEXT, TEXT_SEGMENT, WORD

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from collections.abc import Callable
    from typing import Any

__all__ = ["SPOOL", "Spool"]

_KNOWN_TEXTS = 20_000  # texts kept in memory for their number, and their characters together
_KNOWN_CHARACTERS = 8 << 20
_LIMIT = 4 << 30  # bytes a process may write, unless LOADSTONE_RECORDER_LIMIT says another number


def _nowhere() -> int:
    return 1 << 62


class Mapped:
    """One growing file as a row of maps. ``piece`` hands out the next bytes of it, or None when there are none."""

    def __init__(self, path: str, limit: int) -> None:
        self.path = path
        self.size = 0
        self.limit = limit
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        stat = os.fstat(self.file)
        self.identity = (stat.st_dev, stat.st_ino)
        self.maps: list[tuple[mmap.mmap, int]] = []

    def piece(self, length: int) -> mmap.mmap | None:
        """Map the next ``length`` bytes, a multiple of the page size."""
        offset = self.size
        if offset + length > self.limit or not self.reopen():
            return None
        self.size = offset + length  # before anything that could be interrupted by ourselves
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self.file, offset, length)
            else:
                os.pwrite(self.file, bytes(length), offset)
            duplicate = os.dup(self.file)  # mmap takes a descriptor of its own: the lowest free one, which is this
            os.close(duplicate)
            made = mmap.mmap(self.file, length, offset=offset)
        except OSError:
            self.limit = 0
            return None
        self.maps.append((made, duplicate if self._ours(duplicate) else -1))
        return made

    def reopen(self) -> bool:
        """Whether the descriptor is still this file: a service that daemonizes closes what it does not know."""
        if self._ours(self.file):
            return True
        try:
            self.file = os.open(self.path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        except OSError:
            return False
        return self._ours(self.file)

    def _ours(self, descriptor: int) -> bool:
        try:
            stat = os.fstat(descriptor)
        except OSError:
            return False
        return (stat.st_dev, stat.st_ino) == self.identity

    def release(self, keep: int) -> None:
        """Let go of all maps but the first (the page) and the last ``keep``.

        A map closes its descriptor, whoever has that number by now: one whose descriptor is not known to be ours any
        more stays mapped, without its pages.
        """
        while len(self.maps) > 1 + keep:
            made, descriptor = self.maps.pop(1)
            if descriptor >= 0 and self._ours(descriptor):
                made.close()
                continue
            if hasattr(mmap, "MADV_DONTNEED"):
                made.madvise(mmap.MADV_DONTNEED)
            _KEPT.append(made)

    def leave(self) -> None:
        """Close the file in a child, whose parent goes on with it."""
        self.release(0)
        made, descriptor = self.maps.pop()
        if descriptor >= 0 and self._ours(descriptor):
            made.close()
        else:
            _KEPT.append(made)
        if self._ours(self.file):
            os.close(self.file)


_KEPT: list[mmap.mmap] = []


class Spool:
    """Where this process writes. ``now`` is its segment: the memory, the next place, the number of places."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.now: tuple[Any, Callable[[], int], int] = (None, _nowhere, 0)
        self.known: dict[str, int] = {}
        self.characters = 0
        self.lost = 0
        self.directory = ""
        self.base = 0  # where this process's texts begin, in the numbering that it shares with its parent
        self.spans: Mapped | None = None
        self.texts: Mapped | None = None
        self.page: Any = None
        self.text_memory: Any = None
        self.text_start = self.text_end = 0
        self.next_id: Callable[[], int] = itertools.count(1).__next__
        self.seed = b""

    def start(self, directory: str) -> None:
        """Open this process's files. Raises OSError where the directory cannot be written."""
        self.directory = directory
        self._open("", 8)

    def forked(self) -> None:
        """In a child: leave the parent's files and open two of our own, with the parent's numbers of texts."""
        self.lock = RLock()
        spans, texts, before = self.spans, self.texts, self.base + self.text_end
        self.now = (None, _nowhere, 0)
        self.lost = 0
        if spans is None or texts is None:
            return
        parent = os.path.basename(spans.path)
        self.page = self.text_memory = None
        spans.leave()
        texts.leave()
        self.spans = self.texts = None
        self._open(parent, before)

    def _open(self, parent: str, base: int) -> None:
        limit = int(os.environ.get("LOADSTONE_RECORDER_LIMIT") or _LIMIT)
        self.seed = os.urandom(16)
        # Ids count on from a random 62-bit number: unique in the process, and among processes by chance.
        self.next_id = itertools.count((int.from_bytes(self.seed[:8], "little") >> 2) | 1).__next__
        stem = os.path.join(self.directory, f"{os.getpid()}-{_ticks()}-{self.seed[8:11].hex()}")
        spans, texts = Mapped(stem + ".spans", limit), Mapped(stem + ".texts", limit)
        self.page, self.text_memory = spans.piece(HEADER), texts.piece(TEXT_SEGMENT)
        if self.page is None or self.text_memory is None:
            return
        self.base, self.text_start, self.text_end = base, 0, 0
        header = repr(_header(parent, base)).encode()[: LOST_AT - 32]
        self.page[len(MAGIC) + 8 : len(MAGIC) + 8 + len(header)] = header
        WORD.pack_into(self.page, len(MAGIC), len(header))
        self.spans, self.texts = spans, texts
        first = spans.piece(FIRST_SEGMENT)
        if first is not None:
            self.now = (first, itertools.count().__next__, FIRST_SEGMENT // RECORD.size)
        self.page[: len(MAGIC)] = MAGIC

    def grow(self, full: tuple[Any, Callable[[], int], int]) -> tuple[Any, int]:
        """The memory and place of the next record, the segment ``full`` being full; counts what has no place."""
        with self.lock:
            while True:
                if self.now is full:
                    made = self.spans.piece(SEGMENT) if self.spans is not None else None
                    if made is None:
                        self.lose()
                        return None, 0
                    self.now = (made, itertools.count().__next__, SEGMENT // RECORD.size)
                    if self.spans is not None:
                        self.spans.release(2)  # the one just filled has writers that are still at it
                memory, take, room = self.now
                place = take()
                if place < room:
                    return memory, place
                full = self.now

    def lose(self) -> None:
        """Count one record that could not be written."""
        self.lost += 1
        if self.page is not None:
            WORD.pack_into(self.page, LOST_AT, self.lost)

    def text(self, value: str) -> int:
        """The number of a text, written down before it is returned. Few texts are remembered, the others repeated."""
        return self.known.get(value) or self._write(value, 0)

    def fact(self, value: dict[str, Any]) -> None:
        """Note something about the process, of strings and numbers."""
        self._write(repr(value), FACT)

    def _write(self, value: str, tag: int) -> int:
        raw = value[:CLIP].encode("utf-8", "surrogatepass")
        need = -(-(len(raw) + TEXT.size) // 8) * 8
        with self.lock:
            if self.text_end + need > self.text_start + TEXT_SEGMENT:
                made = self.texts.piece(TEXT_SEGMENT) if self.texts is not None else None
                if made is None:
                    return 0
                self.text_start += TEXT_SEGMENT
                self.text_end, self.text_memory = self.text_start, made
            place, memory, start = self.text_end, self.text_memory, self.text_start
            if memory is None:
                return 0
            self.text_end = place + need
            memory[place - start + TEXT.size : place - start + TEXT.size + len(raw)] = raw
            TEXT.pack_into(memory, place - start, len(raw), len(value), tag)
            number = (self.base + place) >> 3
            if tag == 0 and len(self.known) < _KNOWN_TEXTS and self.characters + len(value) < _KNOWN_CHARACTERS:
                self.known[value] = number
                self.characters += len(value)
            return number


def _ticks() -> str:
    """When this process started, in clock ticks since boot (proc(5), field 22 of stat); 0 where there is no /proc."""
    try:
        with open("/proc/self/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19].decode()
    except OSError:
        return "0"


def _header(parent: str, base: int) -> dict[str, Any]:
    readings = []
    for _ in range(5):
        before = time.perf_counter_ns()
        wall = time.time_ns()
        after = time.perf_counter_ns()
        readings.append((after - before, wall - (before + after) // 2))
    return {
        "format": FORMAT,
        "pid": os.getpid(),
        "ticks": int(_ticks()),
        "parent_pid": os.getppid(),
        "parent": parent,
        "base": base,
        "offset_ns": min(readings)[1],
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable[:512],
        "service": os.environ.get("OTEL_SERVICE_NAME", "")[:200],
        "sizes": (HEADER, FIRST_SEGMENT, SEGMENT, TEXT_SEGMENT, RECORD.size),
    }


SPOOL = Spool()
