"""Ways to a value in replies that are HTML or another text: a regular expression with what stands beside the value.

What is written is understood by the engine's regular expressions (no look-around) and by Python's, and takes the first
match, or one of many where the value was in one of many links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from loadstone.traffic.recorded.ways import Way, value_class

__all__ = ["text_ways"]

MOST_PLACES = 60
"""Places of one value in one page that are weighed."""

BESIDE = 160
"""Letters before a value within which its attribute or key begins."""

_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_ATTRIBUTE = re.compile(r"""([\w:.-]+)(\s*=\s*)(["'])([^"'<>]*)$""")
_KEY = re.compile(r"""(["']?)([\w.-]+)\1\s*[:=]\s*["']?$""")
_TAG = re.compile(r"<[A-Za-z][^<>]*>$")
_NAME = re.compile(r"""\b(name|property|id)\s*=\s*(["'])(.*?)\2""")
_VALUE = re.compile(r"""\b(value|content)\s*=\s*(["']?)$""")
_LINKS = frozenset({"href", "action", "src", "formaction"})


def text_ways(texts: Sequence[str], wanted: Sequence[str], prefix: str | None = None) -> Iterator[Way]:
    """Ways that give ``wanted[k]`` from ``texts[k]``. With a ``prefix`` only links are taken in which the value stands
    behind it: that is asked where one recording alone is at hand."""
    if len(wanted[0]) < 1 or any(value not in text for text, value in zip(texts, wanted, strict=True)):
        return
    seen: set[str] = set()
    for at in _places(texts[0], wanted[0]):
        for way, left in _patterns(texts[0], at, wanted):
            if way.expression in seen or (prefix is not None and way.rank > 1 and not left.endswith(prefix)):
                continue
            seen.add(way.expression)
            held = _held(way, texts, wanted)
            if held is not None:
                yield held


def _places(text: str, value: str) -> Iterator[int]:
    at = -1
    for _ in range(MOST_PLACES):
        at = text.find(value, at + 1)
        if at < 0:
            return
        before, after = text[at - 1 : at], text[at + len(value) : at + len(value) + 1]
        if not (before.isalnum() and value[0].isalnum()) and not (after.isalnum() and value[-1].isalnum()):
            yield at


def _patterns(text: str, at: int, wanted: Sequence[str]) -> Iterator[tuple[Way, str]]:
    """Candidates for one place, and the text of the link before the value."""
    yield from _named(text, at, len(wanted[0]))
    before, right = text[max(0, at - BESIDE) : at], text[at + len(wanted[0]) : at + len(wanted[0]) + 1]
    if found := _ATTRIBUTE.search(before):
        end = found[3] if right == found[3] else right if right and right in "/?&#" else ""
        whole = not found[4] and right == found[3]
        letters = value_class(wanted) or (f"[^{found[3]}]+" if whole else rf"[^{found[3]}/?&#<>\s]+")
        closing = _escaped(end)
        link = found[1].lower() in _LINKS or found[1].lower().startswith("data-")
        rank = 3 if link else 4
        for left in dict.fromkeys((found[4], _loosened(found[4]))):
            shown = left if left != found[4] else _escaped(left)
            expression = f"{_escaped(found[1])}{_escaped(found[2])}{found[3]}{shown}({letters}){closing}"
            yield Way("regex", expression, rank=rank, key=found[1], listed=link), found[4]
    elif found := _KEY.search(before):
        quoted = right in "\"'" and found[0][-1:] == right
        letters = f"[^{right}]+" if quoted and right else value_class(wanted) or r"[^\s\"'<>&;,)]+"
        expression = f"{_escaped(found[0])}({letters}){_escaped(right) if quoted else ''}"
        yield Way("regex", expression, rank=2, key=found[2]), ""
    elif (found := _TAG.search(before)) and right == "<":
        yield Way("regex", f"{_escaped(found[0])}([^<]+)<", rank=5), ""


def _named(text: str, at: int, length: int) -> Iterator[tuple[Way, str]]:
    """The value of an input or a meta tag by the name beside it, whichever stands first."""
    start, end = text.rfind("<", max(0, at - 2000), at), text.find(">", at + length)
    if start < 0 or end < 0 or ">" in text[start:at]:
        return
    before, after = text[start:at], text[at + length : end]
    valued = _VALUE.search(before)
    if valued is None or not before[1:].lower().startswith(("input", "meta", "button", "option", "textarea")):
        return
    quote = valued[2]
    letters = f"[^{quote}]*" if quote else r"[^\s>]+"
    value = f"{valued[1]}={quote}({letters}){quote}"
    if named := _NAME.search(before):
        yield Way("regex", rf"{_escaped(named[0])}[^>]*?\b{value}", rank=1, key=named[3]), ""
    if named := _NAME.search(after):
        yield Way("regex", rf"\b{value}[^>]*?{_escaped(named[0])}", rank=1, key=named[3]), ""


def _held(way: Way, texts: Sequence[str], wanted: Sequence[str]) -> Way | None:
    """The way with its pick, where it gives the value in every text."""
    pattern = re.compile(way.expression)
    matches = [[found[1] for found in pattern.finditer(text)] for text in texts]
    pairs = list(zip(matches, wanted, strict=True))
    many = min(len(set(found)) for found in matches) >= 2
    if all(found and found[0] == value for found, value in pairs) and not (many and way.listed):
        return way._replace(listed=False)
    if way.listed and many and all(value in found for found, value in pairs):
        return way._replace(pick="random", item=way.expression)
    return None


def _loosened(left: str) -> str:
    """The same with any number where a number stands, for a link with more than one value."""
    return re.sub(r"[0-9]+", "[0-9]+", _escaped(left)) if re.search(r"[0-9]", left) else left


def _escaped(text: str) -> str:
    """As a regular expression, for Rust's and Python's reading of it."""
    return _META.sub(lambda found: "\\" + found[0], text)
