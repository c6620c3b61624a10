"""Lines of access logs in columns: the door to the core's reader.

Columns come from the core in buffers; no batch has more than 65,536 rows. Addresses, sessions and values are keyed
hashes by the time they are here, and of a line that was not understood there is the shape alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone import _core
from loadstone.errors import SpecError, from_native
from loadstone.model.hits import HitBatch
from loadstone.model.log_reading import LogReading
from loadstone.model.route import Route

__all__ = ["Lines", "Readable", "RouteTrie", "Told", "head", "masked_line"]

HEAD_BYTES = 256 * 1024
"""What of a file is looked at to find its format: some hundreds of lines, and the header of any table."""

_ALL = (1 << 64) - 1
"""Bytes of a file of any size."""


class Readable(Protocol):
    """A file object, as far as the core uses one."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, none at the end."""
        ...


class Told(msgspec.Struct, frozen=True):
    """``map`` leads from a batch's route to one of ``routes``, -1 where it is none's; its last item is -1 too, so that
    no route (-1) stays none."""

    map: NDArray[np.int32]
    routes: tuple[Route, ...]
    reading: LogReading


class _Settled(msgspec.Struct):
    map: list[int]
    routes: tuple[Route, ...]
    reading: LogReading


class Lines:
    """Batches of some files, once. A source is a name, a path or a file object, and how many bytes of a path's file are
    read at most. ``formats`` is a JSON array with one for each source, ``key`` 32 hex digits.

    Raises SpecError for a format, a key or a declared route that is none, and for a file that cannot be read.
    """

    def __init__(
        self,
        formats: bytes,
        sources: Sequence[tuple[str, Path | Readable, int | None]],
        key: str,
        declared: Sequence[Route] = (),
        show: Sequence[str] = (),
    ) -> None:
        encode = msgspec.json.encode
        bounded = [(name, source, _ALL if most is None else most) for name, source, most in sources]
        try:
            self._reader = _core.LogReader(formats, bounded, key, encode(list(declared)), encode(list(show)))
        except OSError as error:
            raise SpecError(_unreadable(str(error))) from error
        except ValueError as error:
            raise from_native(error) from error

    def __iter__(self) -> Iterator[HitBatch]:
        """The batches."""
        while (columns := self._reader.next_batch()) is not None:
            if columns[-1]:
                yield _batch(columns)

    def settle(self) -> Told:
        """What was read so far."""
        settled = msgspec.json.decode(self._reader.settle(), type=_Settled)
        return Told(np.array([*settled.map, -1], np.int32), settled.routes, settled.reading)


RouteTrie = _core.RouteTrie
"""Routes from paths; ``loadstone.traffic.routes`` is what to use."""


def masked_line(line: bytes) -> str:
    """A line as it may be shown: without what tells of a person or opens a door, control bytes as escapes."""
    return _core.masked_line(line)


def head(source: Path | Readable, size: int = HEAD_BYTES) -> bytes:
    """The beginning of a file's text, unpacked if it is packed (gzip, bzip2, zstd). Raises SpecError."""
    try:
        return _core.log_head(source, size)
    except OSError as error:
        raise SpecError(_unreadable(f"{source}: {error.strerror or error}")) from error


def _unreadable(message: str) -> str:
    if "ermission denied" in message:
        return (
            f"{message.removesuffix('.')}. Let your user read it (Debian's logs belong to the group adm), or copy it."
        )
    return f"{message.removesuffix('.')}. Name log files that can be read: plain, gzip, bzip2 or zstd."


def _batch(columns: tuple[bytes, ...]) -> HitBatch:
    time, duration, size, client, value, route, referer, status, method, kind = columns
    return HitBatch(
        time_ns=np.frombuffer(time, "<i8"),
        duration_ns=np.frombuffer(duration, "<i8"),
        bytes=np.frombuffer(size, "<i8"),
        client=np.frombuffer(client, "<u8"),
        value=np.frombuffer(value, "<u8"),
        route=np.frombuffer(route, "<i4"),
        referer=np.frombuffer(referer, "<i4"),
        status=np.frombuffer(status, "<u2"),
        method=np.frombuffer(method, "u1"),
        kind=np.frombuffer(kind, "u1"),
    )
