"""Variables of a collection: ``{{name}}``, by folder and collection and environment, and what Postman draws itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["MARK", "Scope", "values_of"]

MARK = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
"""A variable in a text. One without a value stays as it is, and a journey reads it from the environment."""

DEEPEST = 10
"""Variables whose values name variables."""


def values_of(listed: object) -> dict[str, str]:
    """Values of a list of variables, as collections, folders and environments have them."""
    found: dict[str, str] = {}
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("disabled") is True or one.get("enabled") is False:
            continue
        name, value = one.get("key", one.get("id")), one.get("value", one.get("initialValue"))
        if isinstance(name, str) and value not in (None, ""):
            found[name] = value if isinstance(value, str) else str(value)
    return found


class Scope:
    """What variables mean at one place; ``missing`` names those that nobody gives a value, in the order met."""

    def __init__(self, values: Mapping[str, str], missing: dict[str, None] | None = None) -> None:
        self._values = dict(values)
        self.missing: dict[str, None] = {} if missing is None else missing

    def inner(self, values: Mapping[str, str]) -> Scope:
        """With the variables of a folder, which win."""
        return Scope({**self._values, **values}, self.missing)

    def text(self, text: str) -> str:
        """The text with what is known put in. Postman's own draws (``{{$guid}}``) stay."""
        for _ in range(DEEPEST):
            filled = MARK.sub(lambda found: self._values.get(found[1], found[0]), text)
            if filled == text:
                break
            text = filled
        for found in MARK.finditer(text):
            if not found[1].startswith("$"):
                self.missing.setdefault(found[1])
        return text
