"""Rows of the table of stacks added up by what a format keeps apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from loadstone.model.evidence import Columns
from loadstone.model.frame import NO_FRAMES

__all__ = ["COLUMNS", "Added", "Sample", "added", "of_one_unit", "sample_rows"]

COLUMNS = ("at_ns", "source", "process_pid", "thread_id", "thread_name", "state", "weight", "unit", "frames")
"""Columns of the table of stacks that the formats need."""


class Sample(NamedTuple):
    """A row of the table; ``at_ns``, process and thread are None where they are not known."""

    at_ns: int | None
    source: str
    process_pid: int | None
    thread_id: int | None
    thread_name: str | None
    state: str
    weight: int
    unit: str
    frames: str


def sample_rows(batches: Iterable[Columns]) -> Iterator[Sample]:
    """The rows, one by one; a column that is left out is null throughout."""
    for batch in batches:
        rows = max((len(column) for column in batch.values()), default=0)
        columns = [_values(batch, name, rows) for name in COLUMNS]
        for at, source, pid, thread, name, state, weight, unit, frames in zip(*columns, strict=True):
            if weight:
                yield Sample(
                    at, source or "", pid, thread, name, state or "cpu", weight, unit or "samples", frames or NO_FRAMES
                )


def _values(batch: Columns, name: str, rows: int) -> list[object]:
    column = batch.get(name)
    return [None] * rows if column is None else np.ma.asarray(column).tolist()


Added = dict[tuple[str, str, str, int | None, int | None, str | None, str], tuple[int, int, int]]


def added(batches: Iterable[Columns]) -> Added:
    """Weight, rows and first instant (0 without one) by (source, state, unit, process, thread, thread's name, stack).

    Sorted by that key, so that the same rows in any order give the same file.
    """
    found: dict[tuple[str, str, str, int | None, int | None, str | None, str], list[int]] = {}
    for row in sample_rows(batches):
        key = row.source, row.state, row.unit, row.process_pid, row.thread_id, row.thread_name, row.frames
        held = found.setdefault(key, [0, 0, row.at_ns or 0])
        held[0] += row.weight
        held[1] += 1
        if row.at_ns and (not held[2] or row.at_ns < held[2]):
            held[2] = row.at_ns
    ordered = sorted(found.items(), key=lambda item: tuple((part is not None, part) for part in item[0]))
    return {key: (weight, rows, at_ns) for key, (weight, rows, at_ns) in ordered}


ASIDE = " leaks"
"""Ends the source whose memory is counted in another source already: what was never given back was held at the peak."""


def of_one_unit(rows: Added) -> tuple[str, Added]:
    """The unit that most rows have and its rows: a format that adds up must not add seconds to bytes."""
    units: Counter[str] = Counter()
    for key, (_, count, _) in rows.items():
        units[key[2]] += count
    unit = max(sorted(units), key=lambda name: units[name], default="ns")
    return unit, {key: held for key, held in rows.items() if key[2] == unit and not key[0].endswith(ASIDE)}
