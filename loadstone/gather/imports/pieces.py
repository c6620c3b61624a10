"""JSON of any size, taken apart while it is read: the objects that are wanted, each by itself, as bytes.

Brackets are found a chunk at a time by numpy; Python sees those around the wanted objects alone. So a document of a
gigabyte costs a chunk and the largest wanted object. One document, several one after the other and a document a line
(NDJSON) are the same thing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.gather.imports.reading import at_offset, chunks

__all__ = ["LARGEST", "Piece", "pieces"]

LARGEST = 256 << 20
"""Bytes of one wanted object at most: a span of that size is none, and it would have to be held."""

DEEPEST = 64
"""Containers around a wanted object at most; OTLP has eight."""

_LOOK_BACK = 256
_AHEAD = 1 << 16
_KEY = re.compile(rb'"([^"\\]{0,100})"\s*:\s*\Z')
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_BETWEEN = b" \t\r\n,"
_SEEN = bytes(1 if byte in b"{[" else 255 if byte in b"}]" else 2 if byte in b'"' else 0 for byte in range(256))
"""1 for an opening bracket, -1 as a signed byte for a closing one, 2 for a quote."""


class Piece(NamedTuple):
    """An object that was wanted; or, with ``data`` None, the end of an object that was not. ``key`` is its own, that
    of its array, or "" in the root. ``offset`` is where it begins in the unpacked file, or where it ends."""

    key: str
    data: bytes | None
    offset: int


class _Frame(NamedTuple):
    key: str
    array: bool
    offset: int


def pieces(path: Path, wanted: frozenset[str]) -> Iterator[Piece]:
    """Every object whose key is wanted, and the ends of the objects around it, in the file's order.

    Raises SpecError with the line, where brackets do not match, where something else than objects stands in an array
    of wanted ones, and where the file ends early.
    """
    cutter = _Cutter(path, wanted)
    for chunk in chunks(path):
        yield from cutter.take(chunk)
    cutter.close()


class _Cutter:
    def __init__(self, path: Path, wanted: frozenset[str]) -> None:
        self._path = path
        self._wanted = wanted
        self._frames: list[_Frame] = []
        self._key = ""  # of the object that is being taken
        self._begin = -1  # where it begins, -1 without one
        self._parts: list[bytes] = []
        self._held = 0
        self._offset = 0
        self._tail = b""  # what stood before this chunk, to find keys in
        self._quoted = False
        self._escaped = False
        self._after = -1  # where the last piece ended, while only commas may follow it
        self._inner = 0  # brackets open within the object that is being taken
        self._pairs: list[tuple[int, int]] = []

    def take(self, chunk: bytes) -> Iterator[Piece]:
        places, steps = self._brackets(chunk)
        end = 0
        before = len(self._frames) + (self._begin >= 0) * self._inner
        depths = np.cumsum(steps, dtype=np.int64) + before
        ends: dict[int, NDArray[Any]] = {}
        at, taken = 0, 0
        count = len(places)
        while True:
            if self._begin >= 0:
                outer = len(self._frames)
                if outer not in ends:
                    ends[outer] = np.flatnonzero((depths == outer) & (steps < 0))
                found = int(np.searchsorted(ends[outer], at))
                if found == len(ends[outer]):
                    self._hold(chunk[taken:])
                    self._inner = int(depths[-1]) - outer if count else self._inner
                    break
                at = int(ends[outer][found])
                end = int(places[at]) + 1
                self._parts.append(chunk[taken:end])
                data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
                yield Piece(self._key, data, self._begin)
                self._begin, self._parts, self._held = -1, [], 0
                self._after = end
                at += 1
            if at >= count:
                break
            place = int(places[at])
            if self._after >= 0 and self._is_list():
                self._between(chunk, self._after, place)
            self._after = -1
            byte = chunk[place]
            if steps[at] > 0:
                key = self._key_before(chunk, place)
                array = byte == 0x5B
                if not array and key in self._wanted:
                    run = self._run(chunk, places, steps, depths, at) if self._frames and self._frames[-1].array else 0
                    if run:
                        for begin, end in self._pairs:
                            yield Piece(key, chunk[begin:end], self._offset + begin)
                        self._after = end
                        at += run
                        continue
                    self._begin, self._key, taken = self._offset + place, key, place
                    self._inner = 1
                    at += 1
                    continue
                self._frames.append(_Frame(key, array, self._offset + place))
                if len(self._frames) > DEEPEST:
                    raise self._wrong(place, "brackets within each other", f"at most {DEEPEST} deep")
            else:
                frame = self._frames.pop() if self._frames else None
                if frame is None or frame.array != (byte == 0x5D):
                    raise self._wrong(
                        place, chr(byte), "a bracket that closes the one before; the JSON is damaged here"
                    )
                if not frame.array:
                    yield Piece(frame.key, None, self._offset + place)
                if not self._frames:
                    self._after = place + 1
            at += 1
        if self._after >= 0 and self._begin < 0:
            if self._is_list():
                self._between(chunk, self._after, len(chunk))
            self._after = 0  # of the next chunk
        self._tail = (self._tail + chunk)[-_LOOK_BACK:]
        self._offset += len(chunk)

    def _run(
        self,
        chunk: bytes,
        places: NDArray[np.int64],
        steps: NDArray[np.int8],
        depths: NDArray[np.int64],
        at: int,
    ) -> int:
        """How many brackets the objects have that follow each other whole in the array at hand; ``_pairs`` is where
        each begins and ends."""
        outer = len(self._frames)
        depths, steps, places = depths[at : at + _AHEAD], steps[at : at + _AHEAD], places[at : at + _AHEAD]
        below = np.flatnonzero(depths < outer)
        if len(below):
            depths, steps = depths[: below[0]], steps[: below[0]]
        ends = np.flatnonzero((depths == outer) & (steps < 0))
        starts = np.flatnonzero((depths == outer + 1) & (steps > 0))[: len(ends)]
        self._pairs = []
        after = -1
        for begin, end in zip(places[starts].tolist(), places[ends].tolist(), strict=True):
            if chunk[begin] != 0x7B or (after >= 0 and chunk[after:begin].strip(_BETWEEN)):
                break  # the slow way says what is wrong
            after = end + 1
            self._pairs.append((begin, after))
        return int(ends[len(self._pairs) - 1]) + 1 if self._pairs else 0

    def close(self) -> None:
        if self._begin >= 0 or self._frames or self._quoted:
            start = self._begin if self._begin >= 0 else self._frames[0].offset if self._frames else 0
            what = "a text that is not closed" if self._quoted else "the file ends within an object or an array"
            raise at_offset(self._path, start, what, "a whole JSON document; the file may be cut short")

    def _brackets(self, chunk: bytes) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Places of the brackets outside texts, and 1 or -1 for each."""
        plain = chunk
        if self._escaped:
            plain = b"_" + plain[1:]
        self._escaped = False
        if b"\\" in plain:
            plain = _ESCAPE.sub(b"__", plain)
            self._escaped = plain.endswith(b"\\")
        seen = np.frombuffer(plain.translate(_SEEN), np.int8)
        places = np.flatnonzero(seen != 0)
        kinds = seen[places]
        quotes = kinds == 2
        within = (np.cumsum(quotes) + self._quoted) & 1
        outside = (within == 0) & ~quotes
        if len(within):
            self._quoted = bool(within[-1])
        return places[outside], kinds[outside]

    def _is_list(self) -> bool:
        """Whether an array is at hand, or the root, where documents follow each other."""
        return not self._frames or self._frames[-1].array

    def _key_before(self, chunk: bytes, place: int) -> str:
        back = chunk[max(place - _LOOK_BACK, 0) : place]
        if place < _LOOK_BACK:
            back = (self._tail + back)[-_LOOK_BACK:]
        found = _KEY.search(back) if self._frames and not self._frames[-1].array else None
        if found:
            return found[1].decode("utf-8", "replace")
        return self._frames[-1].key if self._frames and self._frames[-1].array else ""

    def _between(self, chunk: bytes, start: int, end: int) -> None:
        left = chunk[start:end].strip(_BETWEEN)
        if left:
            at = start + chunk[start:end].index(left)
            raise self._wrong(at, left[:60].decode("utf-8", "replace"), "objects alone, with commas between them")

    def _hold(self, part: bytes) -> None:
        self._parts.append(part)
        self._held += len(part)
        if self._held > LARGEST:
            raise at_offset(self._path, self._begin, f"an object of over {LARGEST >> 20} MiB", "spans, one by one")

    def _wrong(self, place: int, found: str, expected: str) -> Exception:
        return at_offset(self._path, self._offset + place, found, expected)
