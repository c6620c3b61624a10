"""Plain tables: columns aligned, numbers to the right, no lines around them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

__all__ = ["aligned", "plain"]

WIDEST = 60  # a longer cell is cut, so that a statement or a list does not push the rest away


def aligned(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The table as text. A column is set to the right when all of its values are numbers; null is ``-``."""
    right = [_all_numbers([row[place] for row in rows]) for place in range(len(columns))]
    cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    lines = (
        "  ".join(
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    )
    return "\n".join(lines)


def plain(value: object) -> Any:  # noqa: ANN401
    """A value of the archive as JSON knows it: bytes as hex digits, instants in ISO 8601, decimals as numbers."""
    match value:
        case bytes():
            return value.hex()
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return float(value)
        case UUID():
            return str(value)
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None
        case dict():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return value


def _all_numbers(values: Sequence[object]) -> bool:
    told = [value for value in values if value is not None]
    return (
        bool(told) and all(isinstance(value, int | float | Decimal) for value in told) and bool not in map(type, told)
    )


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "true" if value else "false"
        case float():
            text = f"{value:.6g}"
        case datetime():
            text = value.isoformat(sep=" ", timespec="seconds")
        case bytes():
            text = value.hex()
        case _:
            text = str(value)
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
