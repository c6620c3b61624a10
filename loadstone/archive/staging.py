"""A table's batches on their way into the archive: held in memory while they are few, else in Parquet parts.

Ids become 64-bit words here (``trace_hi``, ``trace_lo``, ``span``, ``parent``; big-endian, 0 for none): DuckDB takes
them from numpy and sorts them ten times faster than blobs. ``number`` counts a table's rows as they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from loadstone.archive.columns import quoted
from loadstone.archive.connection import copy
from loadstone.model.evidence import TABLES, Columns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

__all__ = ["HOLD", "Staging", "as_archived", "identifier", "relation_of"]

HOLD = 500_000
"""Rows held before they go to disk. A run that fits is written once, at about 3.5 CPU microseconds a span with ten
attributes and 600 MB of memory in all; a longer one twice, at 4 to 6 (benches/evidence.py)."""

_KNOWN = " known"

_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}

_WORDS = {"trace_id": ("trace_hi", "trace_lo"), "span_id": ("span",), "parent_id": ("parent",)}


def _staged(table: str) -> dict[str, str]:
    """Columns of the table as it is staged."""
    kinds = {"number": "BIGINT"}
    for name, kind in TABLES[table].items():
        words = _WORDS.get(name)
        kinds |= dict.fromkeys(words, "UBIGINT") if words else {name: kind}
    return kinds


def identifier(words: tuple[str, ...]) -> str:
    """SQL of a blob out of its words; null where all are 0."""
    blob = " || ".join(f"{word}::BIT::BLOB" for word in words)
    return f"CASE WHEN {' | '.join(words)} <> 0 THEN {blob} END"


def as_archived(column: str) -> str:
    """SQL of a table's column over the staged ones."""
    words = _WORDS.get(column)
    return f'{identifier(words)} AS "{column}"' if words else f'"{column}"'


class Staging:
    """One table's rows. ``repaired`` counts values that had to be changed so that a column could hold them."""

    def __init__(self, table: str, directory: Path, connected: Callable[[], DuckDBPyConnection]) -> None:
        self.table = table
        self.rows = 0
        self.repaired = 0
        self.parts: list[Path] = []
        self._directory = directory
        self._connected = connected
        self._connection = connected()
        self._kinds = _staged(table)
        self._held: list[dict[str, NDArray[Any]]] = []
        self._held_rows = 0

    def add(self, batch: Columns) -> None:
        """Take one batch. Raises ValueError when its columns differ in length or belong to another table."""
        lengths = {len(values) for values in batch.values()}
        unknown = batch.keys() - TABLES[self.table].keys()
        if len(lengths) > 1 or unknown:
            what = f"unknown columns {sorted(unknown)}" if unknown else f"columns of {sorted(lengths)} rows"
            raise ValueError(f"a batch of {self.table} has {what}")
        count = lengths.pop() if lengths else 0
        if count == 0:
            return
        taken: dict[str, NDArray[Any]] = {"number": np.arange(self.rows, self.rows + count)}
        for name, values in batch.items():
            words = _WORDS.get(name)
            taken |= _in_words(words, values) if words else {name: self._fitting(name, values)}
        self._held.append(taken)
        self._held_rows += count
        self.rows += count
        if self._held_rows >= HOLD:
            self.flush()

    def flush(self) -> None:
        """Write what is held into a part of its own, whole or not at all."""
        import duckdb

        if not self._held:
            return
        path = self._directory / f"{self.table}-{len(self.parts):03d}.parquet"
        temporary = path.with_suffix(".tmp")
        copy = f"COPY {self._in_memory()} TO {quoted(str(temporary))} (FORMAT parquet, COMPRESSION snappy)"
        try:
            self._connection.execute(copy)
        except duckdb.Error:
            if not self.repair():
                raise
            self._in_memory()
            self._connection.execute(copy)
        temporary.replace(path)
        self.parts.append(path)
        self._drop_held()

    def relation(self) -> str:
        """SQL of all rows, with every staged column in its type. What is held stays held."""
        if not self.parts:
            return self._in_memory() if self._held else f"(SELECT {_columns(self._kinds, set())} WHERE false)"
        self.flush()
        return relation_of(self.table, self.parts)

    def copy(self, select: str, path: Path) -> None:
        """Write the answer of a SELECT over ``relation`` as a file of the archive."""
        copy(self._connection, select, path, level=1)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement over ``relation``."""
        return self._connection.execute(sql).fetchall()

    def _fitting(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        """The values, but for whole numbers that the column's type cannot hold."""
        bits = _BITS.get(self._kinds[name])
        kind, size = values.dtype.kind, values.dtype.itemsize * 8
        if bits is None or kind not in "iu" or size < bits or (kind == "i" and size == bits):
            return values
        wrong = np.ma.filled((values < -(1 << bits - 1)) | (values > (1 << bits - 1) - 1), False)
        count = int(np.count_nonzero(wrong))
        self.repaired += count
        return np.ma.MaskedArray(np.ma.getdata(values), np.ma.getmaskarray(values) | wrong) if count else values

    def _drop_held(self) -> None:
        self._held.clear()
        self._held_rows = 0
        self._connection.unregister(f"held_{self.table}")

    def _in_memory(self) -> str:
        self._held = [_joined(self._held)]
        name = f"held_{self.table}"
        told: dict[str, NDArray[Any]] = {}
        for column, values in self._held[0].items():
            told[column] = np.ma.getdata(values)
            if np.ma.is_masked(values):  # DuckDB 1.5 does not heed the mask itself
                told[column + _KNOWN] = ~np.ma.getmaskarray(values)
        self._connection.register(name, told)
        return f"(SELECT {_columns(self._kinds, set(told))} FROM {name})"

    def repair(self) -> bool:
        """Mend the texts held that are not Unicode, as DuckDB refuses them; whether there were any.

        DuckDB 1.5 takes nothing more once it has met one: the connection is another afterwards.
        """
        before = self.repaired
        for held in self._held:
            for name, values in held.items():
                if values.dtype == object and self._kinds[name] == "VARCHAR":
                    held[name], mended = _mended(values)
                    self.repaired += mended
        if self.repaired == before:
            return False
        self.close()
        self._connection = self._connected()
        return True

    def close(self) -> None:
        """Give back what DuckDB holds."""
        self._connection.close()


def relation_of(table: str, parts: Iterable[Path]) -> str:
    """SQL of the rows in staged parts."""
    listed = ", ".join(quoted(str(part)) for part in parts)
    names = ", ".join(f'"{name}"' for name in _staged(table))
    return f"(SELECT {names} FROM read_parquet([{listed}]))"


def _columns(kinds: dict[str, str], present: set[str]) -> str:
    """Every staged column in its type, null where the batches had none."""
    return ", ".join(f'CAST({_told(name, present)} AS {kind}) AS "{name}"' for name, kind in kinds.items())


def _told(name: str, present: set[str]) -> str:
    if name not in present:
        return "NULL"
    return f'CASE WHEN "{name}{_KNOWN}" THEN "{name}" END' if name + _KNOWN in present else f'"{name}"'


def _in_words(words: tuple[str, ...], values: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Blobs of 8 bytes a word as columns of words; a shorter one is filled up with zeros before it."""
    size = 8 * len(words)
    none = bytes(size)
    plain = [value or none for value in values.tolist()]
    if set(map(len, plain)) - {size}:
        plain = [value.rjust(size, b"\0")[-size:] for value in plain]
    joined = b"".join(plain)
    table = np.frombuffer(joined, ">u8").astype(np.uint64).reshape(len(plain), len(words))
    return {word: np.ascontiguousarray(table[:, place]) for place, word in enumerate(words)}


def _joined(batches: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """One batch out of several; a column that one of them lacks is null there."""
    if len(batches) == 1:
        return batches[0]
    names = {name: None for batch in batches for name in batch}
    return {
        name: _column([batch.get(name) for batch in batches], [len(batch["number"]) for batch in batches])
        for name in names
    }


def _column(pieces: list[NDArray[Any] | None], lengths: list[int]) -> NDArray[Any]:
    known = [piece for piece in pieces if piece is not None]
    if any(piece.dtype == object for piece in known):
        return np.concatenate(
            [
                np.full(length, None) if piece is None else _objects(piece)
                for piece, length in zip(pieces, lengths, strict=True)
            ]
        )
    kind = np.result_type(*known)
    data = [
        np.zeros(length, kind) if piece is None else np.ma.getdata(piece)
        for piece, length in zip(pieces, lengths, strict=True)
    ]
    if len(known) == len(pieces) and not any(isinstance(piece, np.ma.MaskedArray) for piece in known):
        return np.concatenate(data)
    masks = [
        np.ones(length, bool) if piece is None else np.ma.getmaskarray(piece)
        for piece, length in zip(pieces, lengths, strict=True)
    ]
    return np.ma.MaskedArray(np.concatenate(data), np.concatenate(masks))


def _objects(values: NDArray[Any]) -> NDArray[Any]:
    plain = np.ma.getdata(values).astype(object)
    plain[np.ma.getmaskarray(values)] = None
    return plain


def _mended(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    mended = values.copy()
    count = 0
    for place, value in enumerate(values.tolist()):
        if value is None:
            continue
        text = str(value).encode("utf-8", "replace").decode()
        if text != value:
            mended[place] = text
            count += 1
    return mended, count
