"""Regular expressions that stand for paths: from ``^articles/(?P<year>[0-9]{4})/$`` to ``articles/{year}/``.

Both dialects are read, Python's and JavaScript's. What may be left out is left out, unless it holds a field: then there
is a template with and one without it. Alternatives outside of fields become templates of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from loadstone.model.route import FieldKind

__all__ = ["Part", "kind_of", "parts_of", "spans"]

Part = tuple[str, str | None]
"""A literal text with None; or a field's name (empty where it has none) with its regular expression."""

ALTERNATIVES = 16
"""At most so many templates of one expression."""

_ANCHORS = frozenset("AZzbBG")
_VARIABLE = frozenset("dDwWsSpP")
_SAMPLES: tuple[tuple[FieldKind, tuple[str, ...]], ...] = (
    ("number", ("7", "42", "2024", "123456")),
    ("uuid", ("7c9e6679-7425-40de-944b-e07fc1f90ae7",)),
    ("date", ("2024-01-31",)),
    ("hash", ("0af7651916cd43dd8448eb211c80319c", "356a192b7913b04c54574d18c28d46e6395428ab")),
    ("word", ("en", "new", "index")),
    ("slug", ("blue-suede-shoes", "en_GB", "Item7")),
)
"""The narrowest kind first: an expression is of the first kind whose samples it takes, and of no other's."""

_WORDS = re.compile(r"\(?(?:\?:)?([\w-]+(?:\|[\w-]+)+)\)?")
_NESTED = re.compile(r"[+*}?|][^()]*\)[+*{]")
"""A repetition or a choice within a repetition: matching may take for ever."""


def kind_of(regex: str) -> tuple[FieldKind, tuple[str, ...]]:
    """What values an expression takes, and which these are where it lists them. It is tried on samples."""
    listed = _WORDS.fullmatch(regex)
    if listed is not None:
        return "word", tuple(listed[1].split("|"))
    if _NESTED.search(regex):
        return "text", ()
    try:
        compiled = re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", regex))
    except (re.error, OverflowError, RecursionError):
        return "text", ()
    takes = {kind: any(compiled.fullmatch(sample) for sample in samples) for kind, samples in _SAMPLES}
    if compiled.fullmatch("a b.c") or compiled.fullmatch("a/b"):
        return "text", ()
    if takes["number"] and not takes["word"] and not takes["uuid"]:
        return "number", ()
    if takes["uuid"] and not takes["word"]:
        return "uuid", ()
    if takes["date"] and not takes["word"] and not takes["uuid"]:
        return "date", ()
    if takes["hash"] and not takes["slug"]:
        return "hash", ()
    if takes["slug"]:
        return "slug", ()
    return ("word", ()) if takes["word"] else ("text", ())


def spans(regex: str) -> bool:
    """Whether it takes several segments of a path."""
    if _NESTED.search(regex):
        return False
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", regex)).fullmatch("a/b/c") is not None
    except (re.error, OverflowError, RecursionError):
        return False


def parts_of(regex: str) -> Iterator[tuple[Part, ...]]:
    """Each alternative as a row of parts, at most ``ALTERNATIVES`` of them. Raises ValueError where it is none."""
    reader = _Reader(regex)
    found = reader.alternatives()
    if reader.at < len(regex):
        raise ValueError(f"a ) without its ( at {reader.at}")
    for row in found[:ALTERNATIVES]:
        yield tuple(_joined(row))


def _joined(row: list[Part]) -> Iterator[Part]:
    """Literals side by side are one, and so are nameless fields."""
    last: Part | None = None
    for part in row:
        if last is not None and last[1] is None and part[1] is None:
            last = (last[0] + part[0], None)
        elif last is not None and last[1] is not None and part[1] is not None and not last[0] and not part[0]:
            last = ("", last[1] + part[1])
        else:
            if last is not None:
                yield last
            last = part
    if last is not None:
        yield last


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def alternatives(self) -> list[list[Part]]:
        """Up to a closing parenthesis or the end."""
        found: list[list[Part]] = []
        rows: list[list[Part]] = [[]]
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                found += rows
                rows = [[]]
                continue
            choices = self._repeated(self._atom())
            rows = [[*row, *choice] for row in rows for choice in choices][:ALTERNATIVES]
        return [*found, *rows]

    def _atom(self) -> list[list[Part]]:
        start = self.at
        letter = self.text[self.at]
        self.at += 1
        match letter:
            case "^" | "$":
                return [[]]
            case "\\":
                return self._escaped(start)
            case ".":
                return [[("", ".")]]
            case "[":
                return self._set(start)
            case "(":
                return self._group()
        return [[(letter, None)]]

    def _escaped(self, start: int) -> list[list[Part]]:
        letter = self.text[self.at : self.at + 1]
        if not letter:
            raise ValueError("it ends in a backslash")
        self.at += 1
        if letter in _ANCHORS:
            return [[]]
        if letter in _VARIABLE or letter.isdigit():
            return [[("", self.text[start : self.at])]]
        return [[(letter, None)]]

    def _set(self, start: int) -> list[list[Part]]:
        negated = self.text.startswith("^", self.at)
        self.at += negated
        first = self.at
        while self.at < len(self.text) and (self.text[self.at] != "]" or self.at == first):
            self.at += 2 if self.text[self.at] == "\\" else 1
        inside = self.text[first : self.at]
        self.at += 1
        plain = inside.removeprefix("\\")
        if len(plain) == 1 and not negated and not (inside.startswith("\\") and plain in _VARIABLE):
            return [[(plain, None)]]
        return [[("", self.text[start : self.at])]]

    def _group(self) -> list[list[Part]]:
        name: str | None = ""
        if self.text.startswith("?", self.at):
            opened = re.compile(r"\?P?<([A-Za-z_$][\w$]*)>|\?(?:[aiLmsux-]*:|>)|\?(?:=|!|<=|<!|#)|\?[aiLmsux]+(?=\))")
            found = opened.match(self.text, self.at)
            if found is None:
                if not self.text.startswith("?P=", self.at):
                    raise ValueError(f"a group that is not known at {self.at}")
                self.at = self._closing()
                return [[("", ".+")]]
            self.at = found.end()
            name = found[1]
            if name is None and found[0][-1] not in ":>":
                self.at = self._closing()  # looks ahead or behind, a comment, a flag: takes no part of the path
                return [[]]
        if name is None:
            rows = self.alternatives()
            self._close()
            return rows
        start = self.at
        self.at = self._closing()
        return [[(name, self.text[start : self.at - 1])]]

    def _close(self) -> None:
        if not self.text.startswith(")", self.at):
            raise ValueError("a ( without its )")
        self.at += 1

    def _closing(self) -> int:
        """Behind the parenthesis that closes the group in which we are."""
        depth, at, inside = 1, self.at, False
        while at < len(self.text):
            letter = self.text[at]
            at += 2 if letter == "\\" else 1
            if inside:
                inside = letter != "]"
            elif letter == "[":
                inside = True
            elif letter in "()":
                depth += 1 if letter == "(" else -1
                if depth == 0:
                    return at
        raise ValueError("a ( without its )")

    def _repeated(self, choices: list[list[Part]]) -> list[list[Part]]:
        found = re.compile(r"(?:[?*+]|\{\d*,?\d*\})[?+]?").match(self.text, self.at)
        if found is None or found[0] == "{}":
            return choices
        self.at = found.end()
        most = found[0]
        if most[0] in "?*" or most.startswith(("{0", "{,")):
            return [[], *(row for row in choices if any(name for name, regex in row if regex is not None))]
        times = int(re.sub(r"\D.*", "", most[1:]) or 1) if most[0] == "{" else 1
        return [
            [(name, None if regex is None else regex + most) for name, regex in row] * (min(times, 8) if plain else 1)
            for row in choices
            for plain in (all(regex is None for _, regex in row),)
        ]
