"""A text that matches a simple regular expression, for the ``pattern`` of a schema."""

from __future__ import annotations

import re

__all__ = ["text_of_pattern"]

LONGEST = 1_000

_CLASSES = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "t": "\t", "n": "\n"}


def text_of_pattern(pattern: str) -> str | None:
    """The first thing that fits: the first alternative, the first letter of a class, the least of a repetition. None
    where that does not match (look-around, references and the like are not followed)."""
    try:
        text, rest = _alternatives(pattern)
        compiled = re.compile(pattern)
    except (ValueError, IndexError, re.error, RecursionError):
        return None
    return text if not rest and len(text) <= LONGEST and compiled.search(text) else None


def _alternatives(pattern: str) -> tuple[str, str]:
    """The first alternative of what goes to the end or to a closing parenthesis, and what follows."""
    first, rest = _sequence(pattern)
    while rest.startswith("|"):
        _, rest = _sequence(rest[1:])
    return first, rest


def _sequence(pattern: str) -> tuple[str, str]:
    made: list[str] = []
    while pattern and pattern[0] not in "|)":
        piece, pattern = _piece(pattern)
        least, pattern = _least(pattern)
        made.append(piece * least)
    return "".join(made), pattern


def _piece(pattern: str) -> tuple[str, str]:
    match pattern[0]:
        case "^" | "$":
            return "", pattern[1:]
        case ".":
            return "a", pattern[1:]
        case "(":
            inner = re.sub(r"^\(\?(:|P?<[A-Za-z_]\w*>)", "(", pattern)
            if inner.startswith("(?"):
                raise ValueError("look-around")
            text, rest = _alternatives(inner[1:])
            if not rest.startswith(")"):
                raise ValueError("a parenthesis is open")
            return text, rest[1:]
        case "[":
            return _class(pattern)
        case "\\":
            if pattern[1] in "bBAZz":
                return "", pattern[2:]
            if pattern[1].isdigit() or pattern[1] in "pPux":
                raise ValueError("not followed")
            return _CLASSES.get(pattern[1], pattern[1]), pattern[2:]
    return pattern[0], pattern[1:]


def _class(pattern: str) -> tuple[str, str]:
    end = 2 if pattern[1] != "^" else 3
    while pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    within, rest = pattern[: end + 1], pattern[end + 1 :]
    compiled = re.compile(within)
    for letter in "a1A0bB-_ .@/xX9#":
        if compiled.fullmatch(letter):
            return letter, rest
    letter = next((chr(code) for code in range(32, 1_000) if compiled.fullmatch(chr(code))), "")
    if not letter:
        raise ValueError("an empty class")
    return letter, rest


def _least(pattern: str) -> tuple[int, str]:
    found = re.match(r"\{(\d+)(,\d*)?\}\??", pattern)
    if found:
        return min(int(found[1]), LONGEST), pattern[found.end() :]
    if pattern[:1] in ("?", "*", "+"):
        least = 1 if pattern[0] == "+" else 0
        return least, pattern[2 if pattern[1:2] in ("?", "+") else 1 :]
    return 1, pattern
