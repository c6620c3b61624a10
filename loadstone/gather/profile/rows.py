"""Rows of the table of stacks, gathered into batches of columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from loadstone.model.evidence import Columns

__all__ = ["BATCH", "Row", "batches"]

BATCH = 65_536
"""Rows of one batch: some 10 MB while it is held, and one row group of the file."""


class Row(NamedTuple):
    """One sample of one thread. ``at_ns`` None: the format keeps no time. ``weight`` is in ``unit``: ns, bytes or
    samples."""

    at_ns: int | None
    source: str
    process_pid: int | None
    thread_id: int | None
    thread_name: str | None
    state: str
    weight: int
    unit: str
    frames: str


def batches(rows: Iterable[Row], size: int = BATCH) -> Iterator[Columns]:
    """The rows as columns, ``size`` at a time. Nothing for no rows."""
    held: list[Row] = []
    for row in rows:
        held.append(row)
        if len(held) == size:
            yield _columns(held)
            held = []
    if held:
        yield _columns(held)


_INTEGERS = {"at_ns": np.int64, "process_pid": np.int32, "thread_id": np.int64, "weight": np.int64}


def _columns(rows: list[Row]) -> Columns:
    columns: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {}
    for name, values in zip(Row._fields, zip(*rows, strict=True), strict=True):
        if name in _INTEGERS:
            missing = np.fromiter((value is None for value in values), bool, len(rows))
            filled = np.fromiter((value or 0 for value in values), _INTEGERS[name], len(rows))
            columns[name] = np.ma.MaskedArray(filled, missing) if missing.any() else filled
        else:
            column = np.empty(len(rows), object)
            column[:] = values
            columns[name] = column
    return columns
