"""Protobuf's wire format (protobuf.dev, "Encoding") out of a stream: whole messages for the caller, one by one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from loadstone.gather.imports.reading import chunks
from loadstone.gather.profile.imports.wrong import at_byte

__all__ = ["LARGEST", "Value", "Wrong", "fields", "messages", "signed"]

LARGEST = 1 << 30
"""Bytes of one message at most: protobuf itself allows two gigabytes, nothing writes them."""

Value = int | bytes
"""A number of any wire type, or bytes."""

_FIXED64, _FIXED32 = struct.Struct("<Q").unpack_from, struct.Struct("<I").unpack_from


class Wrong(ValueError):
    """The bytes are no message. ``place`` counts from its beginning."""

    def __init__(self, place: int, found: str) -> None:
        super().__init__(found)
        self.place = place


def fields(data: bytes) -> list[tuple[int, Value]]:
    """A message's fields in order, groups left out. Raises Wrong."""
    found: list[tuple[int, Value]] = []
    place, end = 0, len(data)
    try:
        while place < end:
            key = data[place]
            place += 1
            if key > 127:
                key, place = _varint(data, place - 1)
            kind = key & 7
            if kind == 2:
                length = data[place]
                place += 1
                if length > 127:
                    length, place = _varint(data, place - 1)
                begin = place
                place += length
                if place > end:
                    raise Wrong(begin, f"a field of {length} bytes, of which {end - begin} are there")
                found.append((key >> 3, data[begin:place]))
            elif kind == 0:
                number, place = _varint(data, place)
                found.append((key >> 3, number))
            elif kind == 1:
                found.append((key >> 3, _FIXED64(data, place)[0]))
                place += 8
            elif kind == 5:
                found.append((key >> 3, _FIXED32(data, place)[0]))
                place += 4
            else:
                raise Wrong(place, f"wire type {kind}")
            if key < 8:
                raise Wrong(place, "a field with number 0")
    except (IndexError, struct.error):
        raise Wrong(place, "a field that is cut off") from None
    return found


def signed(value: int) -> int:
    """A number as int64."""
    return value - (1 << 64) if value >> 63 else value


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFF_FFFF_FFFF_FFFF, place
        shift += 7
        if shift > 63:
            raise Wrong(place, "a number of more than ten bytes")


def messages(path: Path, framing: str) -> Iterator[tuple[bytes, int]]:
    """Values of field 1 of the messages in the file, and where each begins.

    ``framing`` is ``one`` (a message, or several one after the other, which protobuf takes for one), ``varint``
    (each after its length, as ``writeDelimitedTo`` writes) or ``fixed`` (each after four bytes of length, big-endian,
    as the collector's file exporter writes).
    """
    stream = _Stream(path)
    while not stream.ended():
        if framing == "fixed":
            left = stream.at + 4 + int.from_bytes(stream.take(4), "big")
        elif framing == "varint":
            length = stream.varint()
            left = stream.at + length
        else:
            left = -1
        while stream.at < left if left >= 0 else not stream.ended():
            begin = stream.at
            key = stream.varint()
            if key & 7 != 2 or key < 8:
                raise at_byte(path, begin, f"field {key >> 3} of wire type {key & 7}", stream.expected)
            length = stream.varint()
            if left >= 0 and stream.at + length > left:
                raise at_byte(path, begin, f"a field of {length} bytes beyond its message", stream.expected)
            start = stream.at
            data = stream.take(length)
            if key >> 3 == 1:
                yield data, start


class _Stream:
    expected = "an OTLP export request in protobuf; the file may be cut short"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chunks = chunks(path)
        self._held = b""
        self._place = 0
        self.at = 0

    def ended(self) -> bool:
        while self._place >= len(self._held):
            more = next(self._chunks, None)
            if more is None:
                return True
            self._held, self._place = more, 0
        return False

    def take(self, count: int) -> bytes:
        if count > LARGEST:
            raise at_byte(self._path, self.at, f"a message of {count} bytes", f"at most {LARGEST >> 20} MiB each")
        parts, left = [], count
        while left:
            if self.ended():
                raise at_byte(self._path, self.at, f"{count - left} of {count} bytes", self.expected)
            part = self._held[self._place : self._place + left]
            parts.append(part)
            self._place += len(part)
            left -= len(part)
        self.at += count
        return b"".join(parts)

    def varint(self) -> int:
        value = shift = 0
        while shift < 64:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise at_byte(self._path, self.at, "a number of more than ten bytes", self.expected)
