"""Variables in a compose file's values: ``${NAME:-default}`` and its kin, as the Compose specification has them."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["interpolated", "variables_in"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_DEPTH = 16


def interpolated(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    """The text with its variables filled in; one that is not set and has no default is empty."""
    parts: list[str] = []
    at = 0
    while (start := text.find("$", at)) >= 0:
        parts.append(text[at:start])
        if text.startswith("$$", start):
            parts.append("$")
            at = start + 2
            continue
        if text.startswith("${", start):
            end = _closing(text, start + 2)
            if end is None:
                return "".join([*parts, text[start:]])
            parts.append(_value(text[start + 2 : end], variables, depth))
            at = end + 1
            continue
        name = _NAME.match(text, start + 1)
        if name is None:
            parts.append("$")
            at = start + 1
            continue
        parts.append(variables.get(name[0], ""))
        at = name.end()
    return "".join([*parts, text[at:]])


def variables_in(text: str) -> list[str]:
    """The names that the text mentions, in order."""
    return re.findall(r"(?<!\$)\$\{?([A-Za-z_][A-Za-z0-9_]*)", text)


def _closing(text: str, at: int) -> int | None:
    depth = 1
    while at < len(text):
        if text.startswith("${", at):
            depth += 1
            at += 2
            continue
        if text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return None


def _value(inside: str, variables: Mapping[str, str], depth: int) -> str:
    name = _NAME.match(inside)
    if name is None:
        return ""
    rest = inside[name.end() :]
    value = variables.get(name[0])
    operator = next((each for each in _OPERATORS if rest.startswith(each)), None)
    if operator is None or depth > _DEPTH:
        return value or ""
    word = interpolated(rest[len(operator) :], variables, depth + 1)
    there = bool(value) if operator[0] == ":" else value is not None
    if operator[-1] == "+":
        return word if there else ""
    if operator[-1] == "?":
        return value or ""  # Compose would refuse to start: that is its own word to say
    return (value or "") if there else word
