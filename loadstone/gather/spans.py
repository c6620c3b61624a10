"""Spans as the receiver spooled them, or as a file holds them, in columns: the door to the core's decoder.

Columns come from the core in buffers: numbers in their widths, texts as places in one list of words a batch, so that a
text that comes again is one object. No batch has more than 65,536 rows. Everything is masked by the time it is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone import _core
from loadstone.errors import EvidenceError, LoadstoneError, from_native
from loadstone.model.evidence import Columns
from loadstone.model.redaction import Redaction

__all__ = ["Decoded", "Decoding", "Format", "Readable", "check", "decode_spool"]

Format = Literal[
    "spool",
    "otlp json",
    "otlp protobuf",
    "otlp protobuf lengths",
    "otlp protobuf delimited",
]


class Readable(Protocol):
    """A file object, as far as the core uses one."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, none at the end."""
        ...


class Decoded(msgspec.Struct, frozen=True):
    """What was decoded, and what was not.

    ``rejected`` spans had no trace id or no id of their own. ``clipped`` are texts cut at 16 KiB, and attributes,
    events and links beyond 1,024 of a span. ``absurd`` spans, kept as they are, end before they start or lie outside
    1990 to 2100. ``repaired`` texts were not UTF-8. ``bodies`` are requests or units, of which ``broken`` could not be
    read to their end; ``rescaled`` spans of JSON had times in another unit than nanoseconds. The rest is of files that
    were read through first: ``orphans`` have a parent that is not there, ``duplicates`` come again, each of ``cycles``
    was broken at its earliest span, ``skewed`` start before their parent or outlast their client. Beyond the first ten
    million spans nothing of that is found out: ``beyond`` counts them.
    """

    spans: int = 0
    rejected: int = 0
    clipped: int = 0
    absurd: int = 0
    repaired: int = 0
    rescaled: int = 0
    bodies: int = 0
    broken: int = 0
    traces: int = 0
    orphans: int = 0
    duplicates: int = 0
    cycles: int = 0
    skewed: int = 0
    beyond: int = 0
    first_error: str | None = None


class Decoding:
    """Batches of one input, once. ``counts`` is complete when they have been taken; ``sources`` are one path or file
    object, or two of the same bytes: the first is then read through to find how the spans are related."""

    def __init__(self, format: Format, sources: Sequence[Path | Readable], redaction: Redaction) -> None:
        try:
            self._decoder = _core.SpanDecoder(redaction.redactor(), format, sources)
        except OSError as error:
            raise EvidenceError(f"{sources[0]} cannot be read: {error.strerror}") from error

    def __iter__(self) -> Iterator[Columns]:
        """The batches. Raises SpecError, with the place, for an input that is not of the format."""
        while True:
            try:
                batch = self._decoder.next_batch()
            except ValueError as error:
                raise from_native(error) from error
            if batch is None:
                return
            yield _columns(*batch)

    @property
    def counts(self) -> Decoded:
        """What was decoded so far."""
        return Decoded(**self._decoder.counts(), first_error=self._decoder.first_error())


def decode_spool(path: Path, redaction: Redaction) -> Decoding:
    """The spans of one file of the receiver's spool (``core/src/spans/frames.rs`` has the format). A torn frame at its
    end is left out; a body that is broken gives what stands before the fault, and is counted.

    Raises EvidenceError when the file cannot be read, or is no spool.
    """
    return _Spool("spool", [path], redaction)


class _Spool(Decoding):
    def __iter__(self) -> Iterator[Columns]:
        try:
            yield from super().__iter__()
        except LoadstoneError as error:
            raise EvidenceError(f"the spool of the trace receiver cannot be read: {error}") from error


def check(body: bytes, kind: int) -> tuple[int, str | None]:
    """How many spans a body of OTLP holds (``kind`` 0 protobuf, 1 JSON), and what is wrong with it, if anything.

    It looks at every field of every span, not into attributes and events.
    """
    return _core.check_spans(body, kind)


def _columns(
    ids: Sequence[bytes],
    numbers: Sequence[tuple[str, int, bytes, bytes | None]],
    texts: Sequence[tuple[str, bytes]],
    words: Sequence[str | None],
) -> Columns:
    """Columns out of the core's buffers, without those that are null throughout."""
    found: dict[str, NDArray[np.generic] | np.ma.MaskedArray[tuple[int, ...], np.dtype[np.generic]]] = {}
    for name, size, values in zip(("trace_id", "span_id", "parent_id"), (16, 8, 8), ids, strict=True):
        found[name] = _blobs(values, size)
    for name, bits, data, missing in numbers:
        column = np.frombuffer(data, f"<i{bits // 8}")
        found[name] = column if missing is None else np.ma.MaskedArray(column, np.frombuffer(missing, np.bool_))
    table = np.empty(len(words), object)
    table[:] = words
    for name, places in texts:
        found[name] = table[np.frombuffer(places, "<u4")]
    return found


def _blobs(values: bytes, size: int) -> NDArray[np.object_]:
    """Ids as bytes, None for one of zeros."""
    made = np.frombuffer(values, f"V{size}").astype(object)
    none = ~np.frombuffer(values, "<u8").reshape(len(made), size // 8).any(axis=1)
    if none.any():
        made[none] = None
    return made
