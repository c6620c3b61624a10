"""Protobuf's wire format (protobuf.dev/programming-guides/encoding), as far as pprof needs it."""

from __future__ import annotations

from collections import defaultdict

__all__ = ["Fields", "Truncated", "integers"]


class Truncated(ValueError):
    """The bytes are no protobuf message. ``offset`` counts from the start of the file."""

    def __init__(self, offset: int, found: str) -> None:
        super().__init__(found)
        self.offset = offset
        self.found = found


Value = int | tuple[bytes, int, int]
"""A number, or bytes as (data, start, end)."""


class Fields:
    """The fields of one message, by number, in the order in which they came."""

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self.start = start
        self._fields: defaultdict[int, list[Value]] = defaultdict(list)
        place, end = start, len(data) if end is None else end
        while place < end:
            begin = place
            key, place = _varint(data, place, end)
            number, kind = key >> 3, key & 7
            if number == 0:
                raise Truncated(begin, "a field with number 0")
            if kind == 0:
                value, place = _varint(data, place, end)
                self._fields[number].append(value)
            elif kind == 2:
                length, place = _varint(data, place, end)
                if length > end - place:
                    raise Truncated(begin, f"field {number} of {length} bytes, of which {end - place} are there")
                self._fields[number].append((data, place, place + length))
                place += length
            elif kind in (1, 5):
                place += 8 if kind == 1 else 4
                if place > end:
                    raise Truncated(begin, f"field {number} is cut off")
            else:
                raise Truncated(begin, f"field {number} of wire type {kind}")

    def all(self, number: int) -> list[Value]:
        """Every value of the field."""
        return self._fields.get(number, [])

    def integer(self, number: int) -> int:
        """The last value of the field as int64, 0 without one."""
        for value in reversed(self.all(number)):
            if isinstance(value, int):
                return _signed(value)
        return 0

    def blobs(self, number: int) -> list[bytes]:
        """Values of the field that are bytes or text."""
        return [value[0][value[1] : value[2]] for value in self.all(number) if not isinstance(value, int)]

    def messages(self, number: int) -> list[Fields]:
        """Values of the field that are messages."""
        return [Fields(*value) for value in self.all(number) if not isinstance(value, int)]


def integers(value: Value) -> list[int]:
    """One number of a repeated field, or all of a packed one, as int64."""
    if isinstance(value, int):
        return [_signed(value)]
    data, place, end = value
    found = []
    while place < end:
        number, place = _varint(data, place, end)
        found.append(_signed(number))
    return found


def _varint(data: bytes, place: int, end: int) -> tuple[int, int]:
    value = shift = 0
    begin = place
    while place < end:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, place
        shift += 7
        if shift > 63:
            raise Truncated(begin, "a number of more than 10 bytes")
    raise Truncated(begin, "a number that is cut off")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
