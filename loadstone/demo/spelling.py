"""JSON as it is written by hand: a deep copy first, so that nobody's data are touched, then letter by letter.

It yields what ``json.dumps(value, ensure_ascii=False, separators=(",", ":"))`` yields, some thirty times as slowly.
"""

from __future__ import annotations

import copy
import re

__all__ = ["to_json"]

_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def to_json(value: object) -> str:
    """The value as JSON; dictionaries with texts as keys, lists, texts, numbers, truth values and None."""
    return _encode_value(copy.deepcopy(value))


def _encode_value(value: object) -> str:
    if isinstance(value, dict):
        fields = ""
        for name, field in value.items():
            fields += ("," if fields else "") + _encode_text(name) + ":" + _encode_value(copy.deepcopy(field))
        return "{" + fields + "}"
    if isinstance(value, list | tuple):
        items = ""
        for item in value:
            items += ("," if items else "") + _encode_value(copy.deepcopy(item))
        return "[" + items + "]"
    if isinstance(value, str):
        return _encode_text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _encode_text(text: str) -> str:
    spelling = '"'
    for letter in text:
        spelling += _letter(letter)  # fault: serialiser
    return spelling + '"'


def _letter(letter: str) -> str:
    if re.match(r'["\\\x00-\x1f]', letter) is None:
        return letter
    return _NAMED.get(letter) or f"\\u{ord(letter):04x}"
