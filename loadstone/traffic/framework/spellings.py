"""How each framework spells a path, brought into one form: a template with ``{name}``, and the fields in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from loadstone.model.route import Field, FieldKind
from loadstone.traffic.framework.patterns import Part, kind_of, parts_of, spans
from loadstone.traffic.framework.written import Parameter

__all__ = ["Spelt", "spelt"]

CONVERTERS: Mapping[str, FieldKind] = {
    "int": "number",
    "float": "number",
    "integer": "number",
    "decimal": "number",
    "uuid": "uuid",
    "UUID": "uuid",
    "slug": "slug",
    "date": "date",
    "datetime": "date",
    "str": "text",
    "string": "text",
    "path": "text",
}
"""By the names that Django, Flask, Starlette and Python's own types give them."""


class Spelt(msgspec.Struct, frozen=True):
    """One path that a route has."""

    template: str
    fields: tuple[Field, ...]


_Rows = list[list[Part]]

_UNTOLD = Parameter()

_MANY = "=path"
"""A field of the converter that takes slashes as well."""


def spelt(path: Sequence[Sequence[Any]], types: Mapping[str, Parameter] = {}) -> Iterator[Spelt]:
    """Every path that the segments spell; ``types`` are what the framework says of the fields, by their names.

    Raises ValueError for a spelling that is not known.
    """
    rows: _Rows = [[]]
    for segment in path:
        reader = _READERS.get(str(segment[0]))
        if reader is None:
            raise ValueError(f"a path spelt in a way that is not known: {segment[0]}")
        choices = reader(*segment[1:])
        rows = [_appended(row, choice) for row in rows for choice in choices]
    for row in rows:
        yield _spelt(row, types)


def _appended(row: list[Part], more: list[Part]) -> list[Part]:
    """A slash where two meet stands once."""
    if (
        row
        and more
        and row[-1][1] is None
        and more[0][1] is None
        and row[-1][0].endswith("/")
        and more[0][0][:1] == "/"
    ):
        return [*row, (more[0][0][1:], None), *more[1:]]
    return [*row, *more]


def _spelt(row: Iterable[Part], types: Mapping[str, Parameter]) -> Spelt:
    template = ""
    fields: list[Field] = []
    for text, regex in row:
        if regex is None:
            template += text
            continue
        told = types.get(text, _UNTOLD)
        kind, values = _kind(told.regex or regex if not regex.startswith("=") else regex)
        kind = CONVERTERS.get(told.type, kind)
        if told.values:
            kind, values = "word", told.values
        name = _unique(re.sub(r"\W", "_", text) or ("id" if kind == "number" else "value"), fields)
        many = spans(regex) if not regex.startswith("=") else regex == _MANY
        fields.append(Field(name, "path", kind, True, values, (0,) * len(values), len(values), many=many))
        template += f"{{{name}}}"
    return Spelt(template if template.startswith("/") else "/" + template, tuple(fields))


def _kind(regex: str) -> tuple[FieldKind, tuple[str, ...]]:
    """Of an expression, or of a converter's name behind an equals sign."""
    if regex.startswith("="):
        return CONVERTERS.get(regex[1:], "text"), ()
    return kind_of(regex)


def _unique(name: str, fields: Sequence[Field]) -> str:
    taken = {field.name for field in fields}
    numbers = (f"{name}{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbers if each not in taken)


def _plain(text: str) -> _Rows:
    return [[(text, None)]] if text else [[]]


def _regex(text: str) -> _Rows:
    return [list(row) for row in parts_of(text)]


def _locale(prefixed: bool, default: str, languages: Sequence[str]) -> _Rows:
    """Django's i18n_patterns: a language's code, which the default one may do without."""
    listed = [code for code in languages if prefixed or code != default]
    rows: _Rows = [[("language", "|".join(listed)), ("/", None)]] if len(listed) > 1 else []
    rows += [[(f"{listed[0]}/", None)]] if len(listed) == 1 else []
    return rows if prefixed else [[], *rows]


def _fields(pattern: re.Pattern[str], part: Callable[[re.Match[str]], Part]) -> Callable[[str], _Rows]:
    """Fields of one spelling among literal text."""

    def read(text: str, *more: object) -> _Rows:
        row: list[Part] = []
        at = 0
        for found in pattern.finditer(text):
            if found.start() > at:
                row.append((text[at : found.start()], None))
            row.append(part(found))
            at = found.end()
        if at < len(text):
            row.append((text[at:], None))
        return [row]

    return read


def _converted(found: re.Match[str]) -> Part:
    """``<int:id>``, ``<any(a,b):kind>``, ``<regex("[a-z]+"):x>``, ``{id:int}``."""
    converter, arguments = found["converter"] or "str", found["arguments"] or ""
    if converter == "any":
        return found["name"], "|".join(word.strip(" '\"") for word in arguments.split(","))
    if converter not in CONVERTERS and arguments:
        return found["name"], arguments.strip("'\"")
    return found["name"], f"={converter}"


_DJANGO = re.compile(r"<(?:(?P<converter>\w+)(?P<arguments>(?!)x)?:)?(?P<name>\w+)>")
_FLASK = re.compile(r"<(?:(?P<converter>\w+)(?:\((?P<arguments>.*?)\))?:)?(?P<name>\w+)>")
_BRACES = re.compile(r"\{(?P<name>\w+)(?::(?P<converter>\w+))?(?P<arguments>(?!)x)?\}")
_AIOHTTP = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}")
_KOA = re.compile(r":(\w+)(?:\(((?:\\.|[^()\\]|\([^()]*\))+)\))?([?*+])?|\(((?:\\.|[^()\\])+)\)")
_EXPRESS_5 = re.compile(r'[:*](?:(\w+)|"([^"]+)")|\\(.)')


def _express_4(text: str) -> _Rows:
    """path-to-regexp 0.1 and 6: ``/items/:id(\\d+)?``, ``*``; with and without what may be left out."""
    shortest = re.sub(r"/?:\w+(?:\([^()]*\))?[?*]|\(/[\w/-]+\)\?", "", text)
    longest = re.sub(r"(:\w+(?:\([^()]*\))?)[?*]", r"\1", re.sub(r"\((/[\w/-]+)\)\?", r"\1", text))
    read = _fields(_KOA, lambda found: (found[1] or "", found[2] or found[4] or "[^/]+"))
    return [
        [part for piece in row for part in _stars(piece)]
        for each in dict.fromkeys((shortest, longest))
        for row in read(each)
    ]


def _stars(part: Part) -> list[Part]:
    if part[1] is not None or "*" not in part[0]:
        return [part]
    found: list[Part] = []
    for number, piece in enumerate(part[0].split("*")):
        found += [("", ".*")] if number else []
        found += [(piece, None)] if piece else []
    return found


def _express_5(text: str) -> _Rows:
    """path-to-regexp 8: ``/files/*path``, ``/items{/:id}``: with and without what stands in braces."""
    shortest = text
    while (shorter := re.sub(r"\{[^{}]*\}", "", shortest)) != shortest:
        shortest = shorter

    def part(found: re.Match[str]) -> Part:
        if found[3]:
            return found[3], None
        return found[1] or found[2], ".*" if found[0].startswith("*") else "[^/]+"

    read = _fields(_EXPRESS_5, part)
    longest = re.sub(r"(?<!\\)[{}]", "", text)
    return [row for each in dict.fromkeys((shortest, longest)) for row in read(each)]


_READERS: Mapping[str, Callable[..., _Rows]] = {
    "plain": _plain,
    "regex": _regex,
    "locale": _locale,
    "django": _fields(_DJANGO, _converted),
    "flask": _fields(_FLASK, _converted),
    "braces": _fields(_BRACES, _converted),
    "aiohttp": _fields(_AIOHTTP, lambda found: (found[1], found[2] or "[^/]+")),
    "express4": _express_4,
    "express5": _express_5,
}
