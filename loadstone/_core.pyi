"""The native core's whole surface; tests/test_core_stub.py holds it against the binary."""

from collections.abc import Sequence
from typing import Literal

__version__: str
build: Literal["release", "debug"]

def expression_error(source: str, expression: str) -> str | None:
    """What is wrong with a JSONPath (source "json") or a regular expression ("regex"), or None."""

def check_spans(body: bytes, kind: int) -> tuple[int, str | None]:
    """How many spans a body of OTLP holds (kind 0 protobuf, 1 JSON), and what is wrong with it, or None."""

def digest_paths(
    ids: Sequence[object], numbers: Sequence[object]
) -> tuple[list[bytes], list[bytes], tuple[int, int, int, int, int, int, int]]:
    """What a batch of whole traces adds up to. Ids and numbers are six buffers each, of 64 bits a value; see
    loadstone/stats/paths.py. Raises ValueError for columns of different lengths."""

def lay_out_paths(ids: Sequence[object], numbers: Sequence[object]) -> tuple[bytes, bytes, bytes, bytes]:
    """Of each span of whole traces the row above (-1 where a request begins, -2 for a duplicate), the place of its
    request among those of its trace, start and end. Raises ValueError for columns of different lengths."""

def in_order_starts(arrived: bytes, ended: bytes, servers: Sequence[int]) -> list[bytes]:
    """When service started under each count of servers that take jobs in order; float64 in and out."""

def shared_demands(start: bytes, end: bytes, servers: Sequence[float]) -> tuple[bytes, list[bytes]]:
    """How many others (uint32) were present at each start, and the demands under each count of shared servers."""

def replay(
    arrived: bytes,
    order: bytes,
    first: bytes,
    resource: bytes,
    demand: bytes,
    workers: int,
    resources: Sequence[tuple[int, float]],
) -> list[bytes]:
    """When each arrival ended, each request was begun and each stage ended (float64); see
    loadstone/stats/gain/replay.py. Raises ValueError for columns that do not fit."""

def log_head(source: object, size: int) -> bytes:
    """The beginning of a file's text, unpacked where it is packed. Raises OSError where it cannot be read."""

def masked_line(text: bytes) -> str:
    """A line as it may be shown: without what tells of a person or opens a door, control bytes as escapes."""

class RouteTrie:
    """Routes found in paths; `declared` is a JSON array of routes, `show` names whose values may be read. Raises
    ValueError for declared routes that are none."""

    def __new__(cls, declared: bytes, source: str, show: Sequence[str]) -> RouteTrie: ...
    def observe(self, method: str, target: bytes, status: int, count: int) -> None: ...
    def settle(self) -> bytes: ...
    def find(self, method: str, target: bytes) -> tuple[int, list[str]] | None: ...

class LoadEngine:
    """One run of the load engine; see docs/formats.md. Raises ValueError for a plan that it refuses."""

    def __new__(cls, plan: bytes) -> LoadEngine: ...
    def start(self) -> tuple[int, int]: ...
    def poll(self, timeout_s: float) -> bytes | None: ...
    def finished(self) -> bool: ...
    def stop(self, now: bool) -> None: ...
    def samples(self) -> bytes: ...
    def exchanges(self) -> bytes: ...

class Redactor:
    """What may be kept of texts, under one run's key. Raises ValueError for a key that is not 32 hex digits."""

    def __new__(cls, key: str, show: Sequence[str], written: Sequence[str]) -> Redactor: ...
    def statement(self, text: str, system: str) -> tuple[str, str]: ...
    def query(self, text: str) -> str: ...
    def url(self, text: str) -> str: ...
    def value(self, text: str) -> str: ...
    def header(self, name: str, value: str) -> str: ...
    def dsn(self, text: str) -> str: ...
    def message(self, text: str) -> str: ...
    def attribute(self, name: str, value: str, system: str) -> str: ...
    def number(self, name: str, value: str) -> str | None: ...

class SpanDecoder:
    """Decodes spans of one input into columns. A source is a path or a file object; all give the same bytes, and those
    before the last are read through first to find how the spans are related. Raises ValueError for what it cannot read.
    """

    def __new__(cls, redactor: Redactor, format: str, sources: Sequence[object]) -> SpanDecoder: ...
    def next_batch(
        self,
    ) -> (
        tuple[
            list[bytes],
            list[tuple[str, int, bytes, bytes | None]],
            list[tuple[str, bytes]],
            list[str | None],
        ]
        | None
    ): ...
    def counts(self) -> dict[str, int]: ...
    def first_error(self) -> str | None: ...

class LogReader:
    """Reads access logs into columns; a source is a name, a path or a file object, and how many bytes of a path's file
    are read at most; `formats` has one for each. A batch may be empty where no request was found for long. Raises
    ValueError for a format, a key or a route that is none, OSError for a file that cannot be read."""

    def __new__(
        cls, formats: bytes, sources: Sequence[tuple[str, object, int]], key: str, declared: bytes, show: bytes
    ) -> LogReader: ...
    def next_batch(self) -> tuple[bytes, ...] | None: ...
    def settle(self) -> bytes: ...
