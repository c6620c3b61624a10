"""Spans without their texts: DuckDB turns ids into words of 64 bits and what texts tell into numbers, batch by batch.

So ten million spans are handed over without a Python object for each: a text becomes one only when it is first met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loadstone.model.evidence import Keyed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

__all__ = ["keyed"]

_FEW = 100
"""So many new keys are looked up by themselves; of more, all of the batch's are read again."""


def keyed(
    connection: DuckDBPyConnection,
    sources: Iterable[str],
    numbers: Mapping[str, str],
    keys: Mapping[str, Sequence[str]],
) -> Iterator[Keyed]:
    """A batch for each source, a relation over the columns of spans that gives the same rows each time it is asked;
    see ``loadstone.model.evidence.Evidence.keyed``. An id of another length than OpenTelemetry's is told by a hash."""
    known = {name: _Known(columns) for name, columns in keys.items()}
    chosen = [
        "hash(trace_id) AS trace",
        f"{_word('span_id')} AS span",
        f"{_word('parent_id')} AS parent",
        *(f'{told} AS "n {name}"' for name, told in numbers.items()),
        *(f'{one.hashed} AS "k {name}"' for name, one in known.items()),
    ]
    select = ", ".join(chosen)
    for source in sources:
        found = connection.execute(f"SELECT {select} FROM {source}").fetchnumpy()
        columns: dict[str, NDArray[Any]] = {name: np.ma.getdata(values) for name, values in found.items()}
        if not len(columns["trace"]):
            continue
        words = {name: one.meet(connection, source, columns[f"k {name}"]) for name, one in known.items()}
        yield Keyed(
            trace=columns["trace"],
            span=columns["span"],
            parent=columns["parent"],
            numbers={name: columns[f"n {name}"] for name in numbers},
            codes={name: one.codes(columns[f"k {name}"]) for name, one in known.items()},
            words=words,
            trace_ids=_trace_ids(connection, source),
        )


class _Known:
    """The keys met so far, by their hash, in the order in which they came."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = columns
        self.hashed = f"hash({', '.join(columns)})"
        self.sorted = np.empty(0, np.uint64)
        self.code = np.empty(0, np.int64)

    def meet(
        self, connection: DuckDBPyConnection, source: str, hashes: NDArray[np.uint64]
    ) -> tuple[tuple[Any, ...], ...]:
        """What the keys stand for that were not met before, in the order of their codes."""
        fresh, first = np.unique(hashes[~self._has(hashes)], return_index=True)
        if not len(fresh):
            return ()
        fresh = fresh[np.argsort(first)]
        told = self._told(connection, source, fresh)
        order = np.argsort(np.concatenate([self.sorted, fresh]), kind="stable")
        codes = np.concatenate([self.code, np.arange(len(self.code), len(self.code) + len(fresh))])
        self.sorted, self.code = np.concatenate([self.sorted, fresh])[order], codes[order]
        return tuple(told[one] for one in fresh.tolist())

    def codes(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The code of each; all of them were met."""
        return np.asarray(self.code[np.searchsorted(self.sorted, hashes)])

    def _has(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        if not len(self.sorted):
            return np.zeros(len(hashes), np.bool_)
        place = np.minimum(np.searchsorted(self.sorted, hashes), len(self.sorted) - 1)
        return np.asarray(self.sorted[place] == hashes)

    def _told(
        self, connection: DuckDBPyConnection, source: str, fresh: NDArray[np.uint64]
    ) -> dict[int, tuple[Any, ...]]:
        """By hash. Of two that share one, the first that comes stands for both."""
        few = f" WHERE {self.hashed} IN ({', '.join(map(str, fresh.tolist()))})" if len(fresh) <= _FEW else ""
        select = f"SELECT DISTINCT {self.hashed}, {', '.join(self.columns)} FROM {source}{few}"
        told: dict[int, tuple[Any, ...]] = {}
        for row in connection.execute(select).fetchall():
            told.setdefault(row[0], row[1:])
        return told


def _word(column: str) -> str:
    """SQL of eight bytes as a number; 0 for none."""
    return (
        f"CASE WHEN {column} IS NULL THEN 0::UBIGINT WHEN octet_length({column}) = 8 "
        f"THEN {column}::BIT::UBIGINT ELSE hash({column}) END"
    )


def _trace_ids(connection: DuckDBPyConnection, source: str) -> tuple[NDArray[np.uint64], NDArray[np.void]]:
    """The traces' words and their ids."""
    halves = [
        f"CASE WHEN id IS NULL THEN 0::UBIGINT WHEN octet_length(id) = 16 THEN id[{first}:{first + 7}]::BIT::UBIGINT "
        f"ELSE hash(id) END AS {name}"
        for first, name in ((1, "hi"), (9, "lo"))
    ]
    distinct = f"SELECT DISTINCT trace_id AS id FROM {source}"
    found = connection.execute(f"SELECT hash(id) AS word, {', '.join(halves)} FROM ({distinct})").fetchnumpy()
    ids = np.stack([np.ma.getdata(found[name]) for name in ("hi", "lo")], 1).astype(">u8")
    return np.ma.getdata(found["word"]), np.ascontiguousarray(ids).view("V16").reshape(-1)
