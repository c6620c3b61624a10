"""pprof's profile.proto (github.com/google/pprof, proto/profile.proto), gzipped, for ``go tool pprof`` and its like.

Two values a sample, how many and how much, as Go's own profiles have; source, state, process and thread are labels:
``go tool pprof -tagfocus state=gil``. Times, bytes and plain samples never share a profile (``added.of_one_unit``).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator

from loadstone.model.evidence import Columns
from loadstone.model.frame import frames_of, read_frame
from loadstone.render.profile.added import added, of_one_unit

__all__ = ["pprof"]

_KINDS = {"ns": ("samples", "cpu", "nanoseconds"), "bytes": ("allocations", "space", "bytes")}
_OTHER = ("rows", "samples", "count")


def pprof(batches: Iterable[Columns]) -> bytes:
    """The profile. The same rows give the same bytes."""
    unit, rows = of_one_unit(added(batches))
    counted, kind, measure = _KINDS.get(unit, _OTHER)
    table = _Table()
    body = bytearray()
    for name, of in ((counted, "count"), (kind, measure)):
        body += _message(1, _number(1, table.text(name)) + _number(2, table.text(of)))
    starts = []
    for (source, state, _, pid, thread, thread_name, stack), (weight, count, at_ns) in rows.items():
        starts.append(at_ns)
        locations = [table.location(frame) for frame in reversed(frames_of(stack))]
        sample = _packed(1, locations) + _packed(2, [count, weight])
        for name, label in (("source", source), ("state", state), ("thread_name", thread_name)):
            if label:
                sample += _message(3, _number(1, table.text(name)) + _number(2, table.text(label)))
        for name, value in (("pid", pid), ("thread_id", thread)):
            if value is not None:
                sample += _message(3, _number(1, table.text(name)) + _number(3, value))
        body += _message(2, sample)
    period = _number(1, table.text(kind)) + _number(2, table.text(measure))
    tail = _number(9, min((start for start in starts if start), default=0))
    tail += _message(11, period) + _number(14, table.text(kind))
    body += b"".join(table.messages()) + tail
    return gzip.compress(bytes(body), mtime=0)


class _Table:
    """What samples refer to: strings, functions and locations, each once."""

    def __init__(self) -> None:
        self._texts: dict[str, int] = {"": 0}
        self._functions: dict[tuple[str, str], int] = {}
        self._locations: dict[str, int] = {}

    def text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def location(self, frame: str) -> int:
        return self._locations.setdefault(frame, len(self._locations) + 1)

    def messages(self) -> Iterator[bytes]:
        """Fields 4 to 6 of the profile. A mapping says that the names are there, or pprof looks for a binary."""
        locations = []
        for frame, place in self._locations.items():
            function, file, line = read_frame(frame)
            number = self._functions.setdefault((function, file or ""), len(self._functions) + 1)
            where = _number(1, number) + (_number(2, line) if line else b"")
            locations.append(_message(4, _number(1, place) + _number(2, 1) + _message(4, where)))
        yield _message(3, _number(1, 1) + b"".join(_number(field, 1) for field in (7, 8, 9, 10)))
        yield from locations
        for (function, file), number in self._functions.items():
            name = self.text(function)
            yield _message(5, _number(1, number) + _number(2, name) + _number(3, name) + _number(4, self.text(file)))
        for text in self._texts:
            yield _message(6, text.encode("utf-8", "replace"), keep=True)


def _varint(value: int) -> bytes:
    value &= 0xFFFF_FFFF_FFFF_FFFF
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value) if value else b""


def _message(field: int, body: bytes, keep: bool = False) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body if body or keep else b""


def _packed(field: int, values: list[int]) -> bytes:
    return _message(field, b"".join(map(_varint, values)))
