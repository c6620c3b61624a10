"""Feeds from CSV files. What is wrong in such a file is told with its own line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from loadstone.errors import Problem
from loadstone.spec.report import Place, shortened

__all__ = ["Rows", "read_csv"]

Rows = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""Columns and rows."""

Wrong = Callable[[int, str, str], None]


def read_csv(path: Path, shown: str, place: Place) -> Rows | None:
    """The columns and rows of a CSV file (RFC 4180, UTF-8, a header row), or None after saying what is wrong.

    ``shown`` is how errors name the file, ``place`` the key of the spec that names it.
    """

    def wrong(line: int, found: str, expected: str) -> None:
        place.report.add_elsewhere(Problem(shown, line, found, expected))

    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        place.wrong(f"{shortened(str(path))} cannot be read: {reason}")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong(content[: error.start].count(b"\n") + 1, "bytes that are not UTF-8", "a feed is a CSV file in UTF-8")
        return None
    source = list(io.StringIO(text, newline=""))
    reader = csv.reader(source, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    sound, line = True, 1
    try:
        for cells in reader:
            if cells and not columns:
                columns = tuple(cell.strip() for cell in cells)
                sound = _header(columns, line, wrong)
            elif cells and len(cells) != len(columns):
                quoted = source[line - 1].strip()[:100]
                wrong(line, quoted, f"this row has {len(cells)} cells, the header has {len(columns)}")
                sound = False
            elif cells:
                rows.append(tuple(cells))
            line = reader.line_num + 1
    except csv.Error as error:
        wrong(line, source[line - 1].strip()[:100], f"this row is not CSV: {error}")
        return None
    if not rows and sound:
        wrong(max(line - 1, 1), "no rows", "a feed needs a header and at least one row below it")
        return None
    return (columns, tuple(rows)) if sound else None


def _header(columns: tuple[str, ...], line: int, wrong: Wrong) -> bool:
    shown = ",".join(columns)[:100]
    if "" in columns:
        wrong(line, shown, "every column of a feed has a name in the header")
        return False
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        wrong(line, shown, f'the column "{twice}" stands twice in the header; rename one of them')
        return False
    return True
