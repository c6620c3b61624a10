"""Templates: text with values drawn, fed or extracted for each request.

Grammar. ``{name}`` is an extracted value, ``{feed.column}`` a column of a feed's row, ``{env.NAME}`` a secret from
the environment. Draws are ``{zipf(50)}``, ``{zipf(50, 1.2)}``, ``{zipf(50, 1.2, 2.7)}``, ``{int(1, 9)}``,
``{choice(a, b)}``, ``{uuid}``, ``{arrival}`` and ``{user}``. ``{name|raw}`` is not encoded. ``{{`` is a literal ``{``
and its partner ``}}`` a literal ``}``; a ``{`` that no identifier follows is literal, and so is its ``}``, so JSON
needs no escapes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

__all__ = [
    "RESERVED",
    "Choice",
    "Column",
    "Counter",
    "Encode",
    "Expression",
    "Integer",
    "Part",
    "Secret",
    "TemplateError",
    "Text",
    "Variable",
    "Zipf",
    "data",
    "parse",
    "popularity",
    "show",
]

Encode = Literal["none", "url", "form", "json"]

IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_-]*"
_DRAWS = ("zipf", "int", "choice")
_COUNTERS = ("uuid", "arrival", "user")

RESERVED = (*_DRAWS, *_COUNTERS, "env")
"""Names that an extracted value or a feed cannot have."""

LARGEST_ZIPF = 10_000_000  # ranks; the engine keeps no table, but a larger catalogue is surely a slip
LARGEST_INT = 2**53 - 1  # what every JSON reader holds exactly
LARGEST_EXPONENT = 10.0  # the second of two ranks is then asked for once in a thousand times
LARGEST_SHIFT = 1_000_000.0  # beyond, the first ranks of any catalogue are alike


class TemplateError(ValueError):
    """A template that cannot be read; the text says what is expected."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Text as it stands."""

    text: str


class Variable(msgspec.Struct, frozen=True, tag="variable"):
    """A value that an earlier step extracted."""

    name: str
    raw: bool = False


class Column(msgspec.Struct, frozen=True, tag="column"):
    """A column of the row that the journey drew from a feed."""

    feed: str
    column: str
    raw: bool = False


class Secret(msgspec.Struct, frozen=True, tag="secret"):
    """A secret from the environment; shown by its name wherever a request is shown."""

    name: str
    raw: bool = False


class Zipf(msgspec.Struct, frozen=True, tag="zipf"):
    """An integer from 1 to ``n``, with probability proportional to (rank + shift)^-exponent."""

    n: int
    exponent: float = 1.0
    shift: float = 0.0
    raw: bool = False


class Integer(msgspec.Struct, frozen=True, tag="int"):
    """An integer from ``low`` to ``high``, both included, uniform."""

    low: int
    high: int
    raw: bool = False


class Choice(msgspec.Struct, frozen=True, tag="choice"):
    """One of the options, uniform."""

    options: tuple[str, ...]
    raw: bool = False


class Counter(msgspec.Struct, frozen=True, tag="counter"):
    """A fresh UUID, the journey's arrival number, or the user's number."""

    kind: Literal["uuid", "arrival", "user"]
    raw: bool = False


Expression = Variable | Column | Secret | Zipf | Integer | Choice | Counter
Part = Text | Expression

_OPEN = re.compile(r"\{(?=[A-Za-z_])")
_NAME = re.compile(rf"({IDENTIFIER})(?:\.({IDENTIFIER}))?")
_ARGUMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^"(){},|]*?))\s*([,)])', re.DOTALL)
_FILTER = re.compile(rf"\s*\|\s*({IDENTIFIER})\s*")
_BARE_OPTION = re.compile(r'[^\s"(){},|\\](?:[^"(){},|\\\n]*[^\s"(){},|\\])?')


def parse(text: str) -> tuple[Part, ...]:
    """Parts of a template; adjacent text is one part and no text is empty. Raises TemplateError."""
    parts: list[Part] = []
    literal: list[str] = []
    escaped: list[bool] = []  # the braces that are open in the literal text: True for one written {{
    at = 0
    while at < len(text):
        mark = text[at]
        if text.startswith("{{", at):
            literal.append("{")
            escaped.append(True)
            at += 2
        elif _OPEN.match(text, at):
            part, at = _expression(text, at)
            if literal:
                parts.append(Text("".join(literal)))
                literal.clear()
            parts.append(part)
        elif mark == "}":
            # A }} is one brace where it closes a {{ or nothing at all; elsewhere each } closes a { of its own.
            pair = (not escaped or escaped[-1]) and text.startswith("}}", at)
            if escaped:
                escaped.pop()
            literal.append("}")
            at += 2 if pair else 1
        else:
            if mark == "{":
                escaped.append(False)
            literal.append(mark)
            at += 1
    if literal:
        parts.append(Text("".join(literal)))
    return tuple(parts)


def show(parts: tuple[Part, ...]) -> str:
    """The template that parses to these parts."""
    return "".join(_show(part) for part in parts)


def data(
    parts: tuple[Part, ...], encode: Encode, columns: Mapping[tuple[str, str], tuple[int, int]]
) -> list[dict[str, object]]:
    """Parts as the plan has them (docs/formats.md, "A template").

    ``columns`` gives (feed, column) their indices in the plan. Raises KeyError for one that it does not hold.
    """
    return [_data(part, encode, columns) for part in parts]


def _data(part: Part, encode: Encode, columns: Mapping[tuple[str, str], tuple[int, int]]) -> dict[str, object]:
    if isinstance(part, Text):
        return {"text": part.text}
    entry: dict[str, object]
    match part:
        case Variable(name):
            entry = {"var": name}
        case Column(feed, column):
            entry = dict(zip(("feed", "column"), columns[feed, column], strict=True))
        case Secret(name):
            entry = {"secret": name}
        case Zipf(n, exponent, shift):
            entry = {"zipf": {"n": n, "exponent": exponent} | ({"shift": shift} if shift else {})}
        case Integer(low, high):
            entry = {"int": {"low": low, "high": high}}
        case Choice(options):
            entry = {"choice": list(options)}
        case Counter(kind):
            entry = {kind: {}}
    return entry | {"encode": "none" if part.raw else encode}


def _show(part: Part) -> str:
    if isinstance(part, Text):
        return part.text.replace("{", "{{").replace("}", "}}")
    match part:
        case Variable(name):
            inner = name
        case Column(feed, column):
            inner = f"{feed}.{column}"
        case Secret(name):
            inner = f"env.{name}"
        case Zipf(n, exponent, shift):
            numbers = [f"{n}", f"{exponent!r}", f"{shift!r}"]
            inner = f"zipf({', '.join(numbers[: 3 if shift else 1 if exponent == 1 else 2])})"
        case Integer(low, high):
            inner = f"int({low}, {high})"
        case Choice(options):
            inner = f"choice({', '.join(_option(option) for option in options)})"
        case Counter(kind):
            inner = kind
    return f"{{{inner}{'|raw' if part.raw else ''}}}"


def _option(option: str) -> str:
    if _BARE_OPTION.fullmatch(option):
        return option
    return '"' + option.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _expression(text: str, start: int) -> tuple[Expression, int]:
    """The expression whose brace is at ``start``, and where the text goes on."""
    found = _NAME.match(text, start + 1)
    assert found is not None, "the caller saw an identifier"
    name, column, at = found[1], found[2], found.end()
    arguments: list[str] | None = None
    if column is None and text.startswith("(", at):
        arguments, at = _arguments(text, at + 1, name)
    raw = False
    if filtered := _FILTER.match(text, at):
        if filtered[1] != "raw":
            raise TemplateError(f'the only filter is "raw"; "{filtered[1]}" is not known')
        raw, at = True, filtered.end()
    if not text.startswith("}", at):
        raise TemplateError(f'"{_near(text, start)}" is not a template; write {{{{ for a literal brace')
    return _build(name, column, arguments, raw), at + 1


def _arguments(text: str, at: int, name: str) -> tuple[list[str], int]:
    arguments: list[str] = []
    while True:
        found = _ARGUMENT.match(text, at)
        if found is None:
            raise TemplateError(f"{name}(…) is not closed; an option with a comma or a brace is written in quotes")
        quoted, bare, end = found.groups()
        arguments.append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted is not None else bare)
        at = found.end()
        if quoted is None and not bare:
            raise TemplateError(f"{name}(…) has an empty value; an empty text is written as two quotes")
        if end == ")":
            return arguments, at


def _build(name: str, column: str | None, arguments: list[str] | None, raw: bool) -> Expression:
    if column is not None:
        return Secret(column, raw) if name == "env" else Column(name, column, raw)
    match name:
        case "zipf":
            return _zipf(arguments, raw)
        case "int":
            return _integer(arguments, raw)
        case "choice" if arguments:
            return Choice(tuple(arguments), raw)
        case "choice":
            raise TemplateError("choice is written with its options, for example {choice(a, b)}")
        case "env":
            raise TemplateError("a secret is written with its name, for example {env.TOKEN}")
    if arguments is not None:
        near = difflib.get_close_matches(name, _DRAWS, 1)
        raise TemplateError(
            f'"{name}" takes no arguments'
            if name in _COUNTERS
            else f'"{name}(…)" is not known; '
            + (f'did you mean "{near[0]}"?' if near else "there are zipf, int and choice")
        )
    match name:
        case "uuid" | "arrival" | "user" as kind:
            return Counter(kind, raw)
    return Variable(name, raw)


def _zipf(arguments: list[str] | None, raw: bool) -> Zipf:
    says = (
        "zipf is written with a count and perhaps an exponent and a shift, for example {zipf(50)}, {zipf(50, 1.2)} or "
        "{zipf(50, 1.2, 2.7)}"
    )
    if arguments is None or not 1 <= len(arguments) <= 3:
        raise TemplateError(says)
    n = _whole(arguments[0], says)
    if not 1 <= n <= LARGEST_ZIPF:
        raise TemplateError(f"the count of zipf is from 1 to {LARGEST_ZIPF:,}")
    exponent, shift = popularity(arguments[1:])
    return Zipf(n, exponent, shift, raw)


def popularity(numbers: Sequence[str]) -> tuple[float, float]:
    """The exponent and the shift of at most two numbers; 1 and 0 where they are left out. Raises TemplateError."""
    found = [1.0, 0.0]
    most = (("exponent", LARGEST_EXPONENT), ("shift", LARGEST_SHIFT))
    for place, (text, (name, largest)) in enumerate(zip(numbers, most, strict=False)):
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", text) or float(text) > largest:
            raise TemplateError(f"the {name} of zipf is a number from 0 to {largest:,.0f}")
        found[place] = float(text)
    return found[0], found[1]


def _integer(arguments: list[str] | None, raw: bool) -> Integer:
    says = "int is written with both ends, for example {int(1, 9)}"
    if arguments is None or len(arguments) != 2:
        raise TemplateError(says)
    low, high = (_whole(argument, says) for argument in arguments)
    if low > high:
        raise TemplateError(f"int goes from low to high; did you mean {{int({high}, {low})}}?")
    if max(abs(low), abs(high)) > LARGEST_INT:
        raise TemplateError(f"the ends of int are within {LARGEST_INT:,} of 0")
    return Integer(low, high, raw)


def _whole(text: str, says: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise TemplateError(says)
    return int(text)


def _near(text: str, start: int) -> str:
    """The start of what could not be read, short enough for one line."""
    end = text.find("}", start)
    piece = text[start : end + 1] if 0 < end < start + 40 else text[start : start + 24] + "…"
    return piece.replace("\n", " ")
