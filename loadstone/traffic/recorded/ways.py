"""A way to take a value out of a reply: an extraction that is not named yet, and how well it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from loadstone.model.workload import Extraction

__all__ = ["Way", "json_path", "value_class"]


class Way(NamedTuple):
    """``rank`` orders ways, the surest first. ``key`` is the nearest name: of a JSON key, a field, a header.

    ``listed`` where the value is one of many like it and another would do: ``item`` is then which item of which list it
    was, so that two values of one item are not drawn apart, and ``fixed`` the expression that takes both from the
    first item.
    """

    source: Literal["json", "regex", "header", "cookie"]
    expression: str
    pick: Literal["first", "last", "random"] = "first"
    rank: int = 0
    key: str = ""
    listed: bool = False
    item: str = ""

    def extraction(self, name: str, pick: Literal["first", "last", "random"] | None = None) -> Extraction:
        """As a step has it."""
        return Extraction(name, self.source, self.expression, pick or self.pick)


_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def json_path(path: Sequence[str | int], condition: str | None = None) -> str:
    """``$.items[3].id``; ``*`` stands for every element, and a ``condition`` in the place of the last of them."""
    last = max((index for index, part in enumerate(path) if part == "*" or isinstance(part, int)), default=-1)
    text = "$"
    for index, part in enumerate(path):
        if condition is not None and index == last:
            text += f"[?{condition}]"
        elif isinstance(part, int):
            text += f"[{part}]"
        elif part == "*":
            text += "[*]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}"
        else:
            text += f"[{json_text(part)}]"
    return text


def json_text(text: str) -> str:
    """A text literal of JSONPath (RFC 9535, 2.3.1)."""
    escaped = "".join(f"\\u{ord(letter):04x}" if ord(letter) < 32 else letter for letter in text.replace("\\", "\\\\"))
    return "'" + escaped.replace("'", "\\'") + "'"


def value_class(values: Sequence[str]) -> str | None:
    """A class of letters that all these are of: as narrow as what they look like. None where nothing narrow fits."""
    for pattern in ("[0-9]+", "[0-9a-f]+", "[0-9A-Fa-f]+", "[0-9A-Fa-f-]{36}"):
        digits = any(letter.isdecimal() for value in values for letter in value)
        if digits and all(re.fullmatch(pattern, value) for value in values):
            if pattern != "[0-9]+" and min(map(len, values)) < 8:
                continue
            return pattern
    return None
