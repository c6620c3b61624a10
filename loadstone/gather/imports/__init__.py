"""Traces that other tools wrote, as batches of the ``spans`` table: masked, in OpenTelemetry's terms, with what was odd
about them in sentences. A format a file; files are read as a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from loadstone.errors import SpecError
from loadstone.gather.imports import jaeger, zipkin
from loadstone.gather.imports.builder import columns_of
from loadstone.gather.imports.detect import detect
from loadstone.gather.imports.noting import notes_of
from loadstone.gather.imports.otlp import json_columns, protobuf_columns
from loadstone.gather.imports.span import Seen, Span
from loadstone.model.evidence import Columns
from loadstone.model.redaction import Redaction

__all__ = ["FORMATS", "Imported", "detect", "spans_of"]


def _by(reader: Callable[[Path, Seen], Iterator[Span]]) -> Callable[[Path, Redaction, Seen], Iterator[Columns]]:
    return lambda path, redaction, seen: columns_of(reader(path, seen), redaction, seen)


FORMATS = {
    "otlp json": json_columns,
    "otlp protobuf": protobuf_columns,
    "jaeger": _by(jaeger.spans),
    "zipkin": _by(zipkin.spans),
}
"""Formats of traces by the names that ``detect`` gives them, and what reads each."""


class Imported:
    """A file's spans. ``columns`` can be iterated once, in batches of at most 65,536 spans; it raises SpecError at
    the first place that the format does not allow, and at the end where there was no span."""

    def __init__(self, path: Path, format: str, redaction: Redaction) -> None:
        self.columns: Iterator[Columns] = self._batches(path, format, redaction)
        self._seen = Seen()

    def _batches(self, path: Path, format: str, redaction: Redaction) -> Iterator[Columns]:
        yield from FORMATS[format](path, redaction, self._seen)
        if not self._seen.spans:
            left = self._seen.nameless + self._seen.timeless
            found = f"{left} spans, none with an id and a start" if left else "no span"
            raise SpecError(f"{path}: {found}\n    expected traces of the format {format}; export some that have spans")

    @property
    def spans(self) -> int:
        """Spans handed over so far."""
        return self._seen.spans

    def notes(self) -> tuple[str, ...]:
        """What was odd: guessed units, orphans, doubles, cycles, what was cut. Complete once ``columns`` is."""
        return notes_of(self._seen)


def spans_of(path: Path, format: str, redaction: Redaction) -> Imported:
    """The spans of a file in one of FORMATS.

    Raises SpecError for another format, and for what the file has wrong while its columns are taken.
    """
    if format not in FORMATS:
        raise SpecError(f"{path}: traces are read as {', '.join(FORMATS)}; {format!r} is none of them")
    return Imported(path, format, redaction)
