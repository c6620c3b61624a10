"""OTLP's files by the core's decoder, which also reads what the receiver spools (``loadstone.gather.spans``).

Protobuf goes to it as it is. JSON of whatever shape is made into requests of a bounded size first, so that a file with
one resource for a million spans is a stream as well. Each file is read twice: how spans hang together is found first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from loadstone.errors import SpecError
from loadstone.gather.imports.framing import framing_of
from loadstone.gather.imports.pieces import pieces
from loadstone.gather.imports.reading import at_offset, chunks, head_of
from loadstone.gather.imports.span import Seen
from loadstone.gather.profile.imports.wrong import at_byte
from loadstone.gather.spans import Decoding
from loadstone.gather.spans import Format as Native
from loadstone.model.evidence import Columns
from loadstone.model.redaction import Redaction

__all__ = ["json_columns", "protobuf_columns"]

BODY = 1 << 19
"""Bytes of a request that is made of pieces."""

MARKS = 64
"""Requests whose pieces' places are remembered for errors: more than the decoder reads ahead."""

LOOKED_AT = 1_000
"""Spans whose fields' names are held against the known ones; a writer does not change its mind later."""

_FRAMED: dict[str, Native] = {
    "one": "otlp protobuf",
    "fixed": "otlp protobuf lengths",
    "varint": "otlp protobuf delimited",
}
_SCOPES = ("scope", "instrumentationLibrary", "instrumentation_library")
_WANTED = frozenset(("resource", "spans", *_SCOPES))
_RESOURCE_SPANS = ("resourceSpans", "resource_spans", "batches")
_SCOPE_SPANS = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans")
_PLACE = re.compile(r"byte (\d+): (.*)", re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""A pair, a half alone (the group), or any other escape."""
_FIELDS = frozenset(
    (
        *("traceId", "spanId", "parentSpanId", "traceState", "flags", "name", "kind"),
        *("startTimeUnixNano", "endTimeUnixNano", "attributes", "events", "links", "status"),
        *("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"),
    )
)
_CUT = ("...", "…", "[truncated]", "(truncated)", "<truncated>")


def protobuf_columns(path: Path, redaction: Redaction, seen: Seen) -> Iterator[Columns]:
    """Batches of a file of OTLP in protobuf: a request, or each after its length."""
    framing = framing_of(head_of(path, 4096)) or "one"
    sources = [_Contents(chunks(path)) for _ in range(2)]
    try:
        yield from _decoded(_FRAMED[framing], sources, redaction, seen)
    except _Fault as fault:
        raise at_byte(path, fault.offset, fault.found, "OTLP in protobuf that is whole; export it again") from None


def json_columns(path: Path, redaction: Redaction, seen: Seen) -> Iterator[Columns]:
    """Batches of a file of OTLP in JSON: a document, an array of them, or one a line; also Tempo's ``batches`` and
    the older ``instrumentationLibrarySpans``."""
    requests = [_Requests(path, Seen()), _Requests(path, seen)]
    sources = [_Contents(each.bodies()) for each in requests]
    try:
        yield from _decoded("otlp json", sources, redaction, seen)
    except _Fault as fault:
        place = requests[1 if sources[1].started else 0].place(fault.offset)
        raise at_offset(path, place, fault.found, "a span, a resource or a scope of OTLP as JSON") from None


class _Fault(Exception):
    def __init__(self, offset: int, found: str) -> None:
        super().__init__(found)
        self.offset = offset
        self.found = found


def _decoded(format: Native, sources: list[_Contents], redaction: Redaction, seen: Seen) -> Iterator[Columns]:
    decoding = Decoding(format, cast("list[BinaryIO]", sources), redaction)
    try:
        for batch in decoding:
            if "db_query_text" in batch:
                told = batch["db_query_text"].tolist()
                seen.truncated += sum(1 for text in told if text is not None and text.endswith(_CUT))
            yield batch
    except SpecError as error:
        refused = next((source.refused for source in sources if source.refused), None)
        if refused:
            raise refused from None
        found = _PLACE.fullmatch(str(error))
        raise _Fault(int(found[1]) if found else 0, found[2] if found else str(error)) from None
    refused = next((source.refused for source in sources if source.refused), None)
    if refused:
        raise refused
    counts = decoding.counts
    seen.spans += counts.spans
    seen.nameless += counts.rejected
    seen.clipped += counts.clipped
    seen.absurd += counts.absurd
    seen.repaired += counts.repaired
    seen.rescaled += counts.rescaled
    seen.orphans += counts.orphans
    seen.duplicates += counts.duplicates
    seen.broken += counts.cycles
    seen.skewed += counts.skewed
    seen.unlooked |= counts.beyond > 0


class _Contents:
    """Bytes as the core reads them: a file object. ``refused`` is the error that ended them early."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""
        self.started = False
        self.refused: SpecError | None = None

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes, none at the end."""
        self.started = True
        try:
            while not self._left:
                self._left = next(self._parts)
        except StopIteration:
            return b""
        except SpecError as error:
            self.refused = error
            return b""
        size = len(self._left) if size < 0 else size
        part, self._left = self._left[:size], self._left[size:]
        return part


class _Requests:
    """A file's spans as requests of a bounded size, one a line, and where each piece of them came from."""

    def __init__(self, path: Path, seen: Seen) -> None:
        self._path = path
        self._seen = seen
        self._left = LOOKED_AT
        self._made = 0
        self._marks: deque[tuple[list[tuple[int, int]], int, list[int], list[int]]] = deque(maxlen=MARKS)
        self._spans: list[tuple[bytes, int]] = []
        self._held = 0
        self._resource: tuple[bytes, int] | None = None
        self._scope: tuple[bytes, int] | None = None

    def place(self, offset: int) -> int:
        """Where in the file the byte of the requests came from."""
        marks: list[tuple[int, int]] = []
        for wrapping, made, lengths, offsets in self._marks:
            marks += wrapping
            for length, place in zip(lengths, offsets, strict=True):
                marks.append((made, place))
                made += length + 1  # a comma after each
        at = bisect_right(marks, (offset, 1 << 62)) - 1
        return marks[at][1] + offset - marks[at][0] if at >= 0 else 0

    def bodies(self) -> Iterator[bytes]:
        """The requests."""
        waiting: list[tuple[list[tuple[bytes, int]], tuple[bytes, int] | None]] = []  # before their resource was known
        for key, data, offset in pieces(self._path, _WANTED):
            if data is None:
                if key in _SCOPE_SPANS:
                    if self._resource is None and self._spans:
                        waiting.append((self._spans, self._scope))
                        self._spans, self._held = [], 0
                    yield from self._body()
                    self._scope = None
                elif key in _RESOURCE_SPANS or not key:
                    yield from self._body()
                    for self._spans, self._scope in waiting:
                        yield from self._body()
                    self._resource, self._scope = None, None
                    waiting = []
            elif key == "spans":
                if self._left:
                    self._look(data)
                self._spans.append((self._sound(data), offset))
                self._held += len(data)
                if self._held >= BODY and self._resource is not None:
                    yield from self._body()
            elif key == "resource":
                self._resource = (data, offset)
            else:
                self._scope = (data, offset)
        yield from self._body()

    def _body(self) -> Iterator[bytes]:
        if not self._spans:
            return
        start, marks = b'{"resourceSpans":[{', []
        for name, piece in ((b'"resource":', self._resource), (b'"scope":', self._scope)):
            start += b'"scopeSpans":[{' if name == b'"scope":' else b""
            if piece:
                start += name
                marks.append((self._made + len(start), piece[1]))
                start += piece[0] + b","
        start += b'"spans":['
        lengths = [len(data) for data, _ in self._spans]
        self._marks.append((marks, self._made + len(start), lengths, [offset for _, offset in self._spans]))
        body = start + b",".join([data for data, _ in self._spans]) + b"]}]}]}\n"
        self._made += len(body)
        self._spans, self._held = [], 0
        yield body

    def _sound(self, data: bytes) -> bytes:
        """The span without bytes that are no UTF-8, and without halves of surrogate pairs, which are no characters."""
        if not data.isascii():
            try:
                data.decode()
            except UnicodeDecodeError:
                self._seen.repaired += 1
                data = data.decode("utf-8", "replace").encode()
        if _SURROGATE.search(data) is None:
            return data
        sound = _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], data)
        self._seen.repaired += sound != data
        return sound

    def _look(self, data: bytes) -> None:
        self._left -= 1
        try:
            names = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        for name in names:
            first, *others = name.split("_")
            if first + "".join(other.capitalize() for other in others) not in _FIELDS:
                self._seen.unknown[name] += 1
