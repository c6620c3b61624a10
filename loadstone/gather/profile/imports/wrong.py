"""How an imported file is refused: place, what was found, what is expected; and how its bytes are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from loadstone.errors import Problem, SpecError

__all__ = ["LONGEST_WEIGHT", "at_byte", "at_line", "in_file", "json_of", "lines_of"]

LONGEST_WEIGHT = 2**63 - 1
"""What a column of integers holds."""

SHOWN = 60
T = TypeVar("T")


def at_line(path: Path, line: int, found: str, expected: str) -> SpecError:
    """The error for one line of a text, counted from 1."""
    return SpecError.of((Problem(str(path), line, _shown(found), expected),))


def at_byte(path: Path, offset: int, found: str, expected: str) -> SpecError:
    """The error for one place of a binary file."""
    return SpecError(f"{path}: byte {offset}: {_shown(found)}\n    {expected}")


def in_file(path: Path, place: str, found: str, expected: str) -> SpecError:
    """The error for one place of a document, named as its readers name it (``profiles[0].samples[3]``)."""
    return SpecError(f"{path}: {place}: {_shown(found)}\n    {expected}")


def _shown(found: str) -> str:
    text = found if len(found) <= SHOWN else found[:SHOWN] + "…"
    return text.encode("unicode_escape", errors="backslashreplace").decode("ascii") if not text.isprintable() else text


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of a text with their numbers; bytes that are no UTF-8 become U+FFFD."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            for number, line in enumerate(file, 1):
                yield number, line.rstrip("\r\n")
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}; name a file that can be read") from error


def json_of(path: Path, shape: type[T], what: str) -> T:
    """The document, of that shape; ``what`` names it in the error."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}; name a file that can be read") from error
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$")
        raise in_file(path, place.strip("`.") or "the document", said, f"expected {what}") from error
    except msgspec.DecodeError as error:
        raise in_file(path, "no JSON", str(error), f"expected {what}") from error
