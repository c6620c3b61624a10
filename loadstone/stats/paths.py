"""What whole traces add up to: the door to the core's ``paths``, over columns of numbers.

The rules are those of ``loadstone.model.trace`` (the tree) and ``loadstone.stats.critical_path`` (times), which tests
hold this against. It lets the interpreter go while it works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone import _core

__all__ = ["DEFECTS", "DOUBLE", "ERROR", "FAILED", "ROOT", "Laid", "Spans", "Summed", "digested", "laid_out"]

FAILED, ERROR = 1, 2
"""Bits of a span's flags: its status is error; it names an error."""

ROOT, DOUBLE = -1, -2
"""In place of the row above: a request begins here; the row was left out, as another tells the same span."""

DEFECTS = ("orphans", "cycles", "duplicates", "skewed", "outliving", "reversed", "shifted")

_REQUESTS = (
    ("root", np.int64),
    ("main", np.int32),
    ("start_ns", np.int64),
    ("end_ns", np.int64),
    ("spans", np.int32),
    ("visits", np.int32),
)
_NARROW = ("parent", "operation", "count", "most", "errors", "parameters")
_WIDE = ("rows", "total_ns", "busy_ns", "own_ns", "critical_ns", "first_ns", "last_ns", "end_ns")

Words = NDArray[np.uint64]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Spans:
    """Columns of one length, a trace's spans following each other. Ids and hashes are 0 for none, instants (ns) and
    ``rows`` -1. ``kind`` is OpenTelemetry's number, -1 for none, ``operation`` any number from 0."""

    trace: Words
    span: Words
    parent: Words
    host: Words
    service: Words
    parameters: Words
    start: Longs
    end: Longs
    kind: Longs
    flags: Longs
    operation: Longs
    rows: Longs

    def columns(self) -> tuple[tuple[Words, ...], tuple[Longs, ...]]:
        """As the core takes them."""
        ids = (self.trace, self.span, self.parent, self.host, self.service, self.parameters)
        numbers = (self.start, self.end, self.kind, self.flags, self.operation, self.rows)
        return (
            tuple(np.ascontiguousarray(column, np.uint64) for column in ids),
            tuple(np.ascontiguousarray(column, np.int64) for column in numbers),
        )


@dataclass(frozen=True, slots=True)
class Summed:
    """``requests``, a row each, trace after trace, within one by start: ``root`` (the row where it begins), ``main`` (1
    for the trace's own root, 0 for a server or consumer span that has no parent or begins after its request has ended,
    which is a request of its own), ``start_ns``, ``end_ns``, ``spans`` (without duplicates), ``visits`` (how many it
    has). ``visits``, request after request, by first start: as the digest's Visits
    have them, without their request. ``defects`` in the order of DEFECTS."""

    requests: dict[str, NDArray[Any]]
    visits: dict[str, NDArray[Any]]
    defects: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """Of each row: the row ``above`` it in its tree, or ROOT or DOUBLE; ``piece``, its request's place among those of
    its trace; instants as one clock would have told them."""

    above: Longs
    piece: Longs
    start_ns: Longs
    end_ns: Longs


def digested(spans: Spans) -> Summed:
    """The spans of whole traces, added up. Raises ValueError for columns of different lengths."""
    requests, visits, defects = _core.digest_paths(*spans.columns())
    return Summed(
        {name: np.frombuffer(column, kind) for (name, kind), column in zip(_REQUESTS, requests, strict=True)},
        {
            name: np.frombuffer(column, np.int32 if name in _NARROW else np.int64)
            for name, column in zip((*_NARROW, *_WIDE), visits, strict=True)
        },
        tuple(defects),
    )


def laid_out(spans: Spans) -> Laid:
    """The trees of whole traces. Raises ValueError for columns of different lengths."""
    return Laid(*(np.frombuffer(column, np.int64) for column in _core.lay_out_paths(*spans.columns())))
