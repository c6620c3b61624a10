"""TOML, value by value: texts from outside with every escape that they need, never a line more than was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["comment_lines", "key", "text", "value"]

WIDTH = 118
"""Where comments are folded."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def key(name: str) -> str:
    """A key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else _basic(name)


def text(content: str) -> str:
    """A text. One with quotes or backslashes stands in single quotes, as it is, where that can be."""
    raw = ('"' in content or "\\" in content) and "'" not in content and content.isprintable()
    return f"'{content}'" if raw else _basic(content)


def value(content: object) -> str:
    """A text, number, boolean, array or table, on one line. Raises ValueError for what TOML cannot hold (null)."""
    match content:
        case bool():
            return "true" if content else "false"
        case int():
            return str(content)
        case float():
            return _number(content)
        case str():
            return text(content)
        case Mapping():
            inner = ", ".join(f"{key(str(name))} = {value(one)}" for name, one in content.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(value(one) for one in content)}]"
    raise ValueError(f"TOML has no {type(content).__name__}")


def comment_lines(sentences: Iterable[str], width: int = WIDTH) -> list[str]:
    """Each sentence as lines that begin with ``#``. Nothing in it can end its line."""
    lines: list[str] = []
    for sentence in sentences:
        line = "#"
        for word in _plain(sentence).split(" "):
            if len(line) + 1 + len(word) > width and line != "#":
                lines.append(line)
                line = "#"
            line += f" {word}"
        lines.append(line.rstrip())
    return lines


def _number(content: float) -> str:
    if content != content or content in (float("inf"), float("-inf")):
        raise ValueError("a spec has no nan and no inf")
    shown = repr(content)
    if "e" not in shown:
        return shown
    mantissa, _, exponent = shown.partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}"


def _basic(content: str) -> str:
    return '"' + "".join(_escaped(letter) for letter in content) + '"'


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"  # half of a pair: UTF-8 has none
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _plain(sentence: str) -> str:
    """Every letter that does not print as an escape, and line breaks as spaces."""
    folded = re.sub(r"\s*[\r\n]+\s*", " ", sentence)
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in folded).replace("\\t", " ")
