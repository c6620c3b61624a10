"""The spool's bytes: what a process writes while it runs, and what the converter reads afterwards.

A process has two files, ``PID-TICKS-RANDOM.spans`` and ``.texts``, mode 0600.

``.spans`` begins with one page: MAGIC, the length of a text and the text, a Python literal that says which process
this is (``header``); at LOST_AT a counter of what could not be written. Then follow the records of RECORD, in segments
of FIRST_SEGMENT and later SEGMENT bytes. A record's last byte is written last and is never 0: what a killed process
left half-written has 0 there.

``.texts`` is a row of texts, each TEXT (its length in bytes, its length in characters before it was clipped, its tag)
and UTF-8, beginning at a multiple of 8 bytes. A text's number is its place divided by 8, counted on from the place
where the parent's texts stood at the fork (``base``): a child understands the numbers it inherited.
"""

from __future__ import annotations

import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

__all__ = [
    "CLIP",
    "FACT",
    "FIELDS",
    "FIRST_SEGMENT",
    "FORMAT",
    "HEADER",
    "KINDS",
    "LEAF",
    "LEAF_FIELDS",
    "LOST_AT",
    "MAGIC",
    "NOTHING",
    "PAUSE",
    "RECORD",
    "SEGMENT",
    "TEXT",
    "TEXT_SEGMENT",
    "UNKNOWN",
    "WORD",
]

FORMAT = 1
MAGIC = b"loadrec1"
HEADER = 4096
LOST_AT = 4080

FIRST_SEGMENT = 1 << 18
"""Bytes of the first segment: 2048 records, so that a short-lived process costs little disk."""
SEGMENT = 1 << 23
"""Bytes of every later segment: 65,536 records."""
TEXT_SEGMENT = 1 << 18

CLIP = 1 << 15
"""Characters of a text that are kept; its whole length is noted beside it."""

# Names, numpy's types and struct's codes of a record's fields, in order: 128 bytes, two cache lines.
FIELDS = (
    ("start", "<i8", "q"),  # time.perf_counter_ns; the header has the offset to the wall clock
    ("end", "<i8", "q"),
    ("cpu", "<i8", "q"),  # nanoseconds of this thread, NOTHING where not known
    ("trace", "V16", "16s"),
    ("span", "<u8", "Q"),
    ("parent", "<u8", "Q"),  # 0 at the root
    ("parameters", "<u8", "Q"),  # keyed hash, 0 for none, UNKNOWN where it could not be told
    ("rows", "<i8", "q"),  # NOTHING where not known
    ("thread", "<u8", "Q"),
    ("operation", "<u4", "I"),  # from here on numbers of texts, 0 for none
    ("name", "<u4", "I"),
    ("statement", "<u4", "I"),
    ("site", "<u4", "I"),  # file, line and function, separated by "\n"
    ("error", "<u4", "I"),
    ("method", "<u4", "I"),
    ("route", "<u4", "I"),
    ("path", "<u4", "I"),
    ("query", "<u4", "I"),
    ("server", "<u4", "I"),
    ("attributes", "<u4", "I"),  # a Python literal of a flat dict
    ("http_status", "<u2", "H"),  # a collection's generation in a pause
    ("flags", "u1", "B"),
    ("done", "u1", "B"),  # 1 + status: 1 unset, 2 ok, 3 error
)
LEAF_FIELDS = frozenset(
    (
        *("start", "end", "cpu", "trace", "span", "parent", "parameters", "rows", "thread", "operation"),
        *("statement", "site", "error", "server", "attributes", "done"),
    )
)
"""What the record of a span without children may say; all else of it is 0."""


def _packed(fields: Container[str]) -> struct.Struct:
    """A record of which only ``fields`` are given. Where the machine has it so, 64 bits are a C long: to make one of a
    Python int takes a quarter of what a long long takes."""
    codes = "".join(code if name in fields else f"{struct.calcsize('<' + code)}x" for name, _, code in FIELDS)
    if sys.byteorder == "little" and struct.calcsize("l") == 8:
        return struct.Struct("@" + codes.replace("q", "l").replace("Q", "L"))
    return struct.Struct("<" + codes)


RECORD = _packed([name for name, _, _ in FIELDS])
LEAF = _packed(LEAF_FIELDS)
TEXT = struct.Struct("<III")
WORD = struct.Struct("<Q")

NOTHING = -1
UNKNOWN = 1
PAUSE = 1
"""Flag of a record that is a garbage collector's pause, not a span."""
FACT = 1
"""Tag of a text that is a fact about the process (a Python literal), not a text of a record."""

KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
"""OpenTelemetry's numbers of a span's kind (trace.proto, SpanKind)."""
