"""A server's format that writes JSON: which key holds which variable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from loadstone.errors import SpecError
from loadstone.traffic.access_log.line_format import FieldAt, FieldName

__all__ = ["json_fields"]

_MARK = "\x00"


def json_fields(
    text: str, variable: re.Pattern[str], kind_of: Callable[[str], tuple[FieldName, str | None]]
) -> dict[str, FieldAt]:
    """Fields by what they are. ``variable`` finds a variable in the text, its name in one of its groups.

    A value of several variables is told where it is a request's line (method, target, protocol). Raises SpecError for
    what is no object.
    """
    names: list[str] = []

    def mark(match: re.Match[str]) -> str:
        names.append(next(group for group in match.groups() if group))
        return f"{_MARK}{len(names) - 1}{_MARK}"

    marked = variable.sub(mark, text)
    # A variable outside of quotes stands for a number; within them it is part of a text.
    outside = re.sub(
        rf'("(?:[^"\\]|\\.)*")|{_MARK}(\d+){_MARK}',
        lambda match: match.group(1) or f'"{_MARK}{match.group(2)}{_MARK}"',
        marked,
    )
    try:
        document = json.loads(outside, strict=False)
    except ValueError as error:
        raise SpecError(
            f"The format begins like JSON and is none: {error}. Quote it for the shell as one word."
        ) from error
    found: dict[str, FieldAt] = {}
    for path, value in _leaves(document, ()):
        held = [names[int(number)] for number in re.findall(rf"{_MARK}(\d+){_MARK}", value)]
        kinds = [kind_of(name) for name in held]
        if len(held) == 1 and re.fullmatch(rf"{_MARK}\d+{_MARK}", value):
            kind, style = kinds[0]
        elif [kind for kind, _ in kinds][:2] in (["method", "target"], ["method", "path"]):
            kind, style = "request", None
        else:
            continue
        if kind != "skip" and kind not in found:
            found[kind] = FieldAt(paths=(path,), style=style)
    return found


def _leaves(value: object, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, str(key)))]
    return [(path, value)] if isinstance(value, str) else []
