"""A plausible value for a schema: what the document gives as an example, else the plainest that the schema allows."""

from __future__ import annotations

from typing import NamedTuple

from loadstone.traffic.openapi.document import Document
from loadstone.traffic.openapi.patterns import text_of_pattern

__all__ = ["Guess", "example_of", "type_of"]

DEEPEST = 8
"""Levels of a generated body; what refers to itself is cut there."""

MOST_PARTS = 2_000
"""Parts of one generated body: schemas that name each other many times over would multiply."""

MOST_ITEMS = 3

_FORMATS = {
    "date": "2025-01-15",
    "date-time": "2025-01-15T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "www.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://www.example.com/",
    "url": "https://www.example.com/",
    "uri-reference": "/example",
    "byte": "ZXhhbXBsZQ==",
    "binary": "example",
    "password": "example-password",
    "regex": ".*",
    "json-pointer": "/example",
}


class Guess(NamedTuple):
    """``given`` where the document itself gives the value (example, default, enum, const); else it was made up."""

    value: object
    given: bool


def example_of(document: Document, schema: object, depth: int = 0, seen: frozenset[str] = frozenset()) -> Guess:
    """A value for the schema. References that lead back to themselves end in null."""
    document.spent = 1 if depth == 0 else document.spent + 1
    if document.spent > MOST_PARTS:
        return Guess(None, False)
    read, reference = document.resolved(schema)
    if reference is not None:
        if reference in seen:
            return Guess(None, False)
        seen |= {reference}
    if not isinstance(read, dict) or depth > DEEPEST:
        return Guess("example" if read is True else None, False)
    given = _given(read)
    if given is not None:
        return given
    if isinstance(parts := read.get("allOf"), list) and parts:
        return _all_of(document, read, parts, depth, seen)
    for key in ("oneOf", "anyOf"):
        if isinstance(parts := read.get(key), list) and parts:
            chosen = next((part for part in parts if type_of(document.resolved(part)[0]) != "null"), parts[0])
            return example_of(document, chosen, depth + 1, seen)
    match type_of(read):
        case "object":
            return _table(document, read, depth, seen)
        case "array":
            return _array(document, read, depth, seen)
        case "integer":
            return Guess(_number(read, whole=True), False)
        case "number":
            return Guess(_number(read, whole=False), False)
        case "boolean":
            return Guess(True, False)
        case "null":
            return Guess(None, False)
    return Guess(_text(read), False)


def type_of(schema: object) -> str:
    """The schema's type: of a list the first that is not null; where it has none, what its other words imply."""
    if not isinstance(schema, dict):
        return "string"
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return "string" if kind == "file" else kind
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "number" if "minimum" in schema or "maximum" in schema else "string"


def _given(schema: dict[str, object]) -> Guess | None:
    for key in ("example", "const", "default"):
        if key in schema and (schema[key] is not None or key == "const"):
            return Guess(schema[key], True)
    for key in ("examples", "enum"):
        listed = schema.get(key)
        if isinstance(listed, list) and (values := [value for value in listed if value is not None]):
            return Guess(values[0], True)
    return None


def _all_of(
    document: Document, schema: dict[str, object], parts: list[object], depth: int, seen: frozenset[str]
) -> Guess:
    merged: dict[str, object] = {}
    rest = {key: value for key, value in schema.items() if key != "allOf"}
    guesses = [example_of(document, part, depth + 1, seen) for part in parts]
    if rest.get("properties"):
        guesses.append(example_of(document, rest, depth + 1, seen))
    for guess in guesses:
        if isinstance(guess.value, dict):
            merged |= guess.value
    if merged:
        return Guess(merged, all(guess.given for guess in guesses))
    return next((guess for guess in guesses if guess.value is not None), Guess(None, False))


def _table(document: Document, schema: dict[str, object], depth: int, seen: frozenset[str]) -> Guess:
    """What is required, so that a body stays a line that one can read. What only replies have is left out."""
    properties = schema.get("properties")
    listed = schema.get("required")
    required = set(map(str, listed)) if isinstance(listed, list) else set()
    table: dict[str, object] = {}
    given = True
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        read, _ = document.resolved(inner)
        if name not in required or (isinstance(read, dict) and read.get("readOnly") is True):
            continue
        guess = example_of(document, inner, depth + 1, seen)
        table[name] = guess.value
        given = given and guess.given
    more = schema.get("additionalProperties")
    if not table and not properties and isinstance(more, dict) and more:
        table["key"] = example_of(document, more, depth + 1, seen).value
        given = False
    return Guess(table, given and bool(table))


def _array(document: Document, schema: dict[str, object], depth: int, seen: frozenset[str]) -> Guess:
    ordered = schema.get("prefixItems")
    if isinstance(ordered, list):
        return Guess([example_of(document, inner, depth + 1, seen).value for inner in ordered], False)
    least = schema.get("minItems")
    guess = example_of(document, schema.get("items", {}), depth + 1, seen)
    if guess.value is None:
        return Guess([], False)
    return Guess([guess.value] * max(1, min(least if isinstance(least, int) else 1, MOST_ITEMS)), guess.given)


def _number(schema: dict[str, object], *, whole: bool) -> int | float:
    low, high, step = (_as_number(schema.get(key)) for key in ("minimum", "maximum", "multipleOf"))
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    least = 1.0 if whole else 0.5
    if above is True and low is not None:
        low += least
    elif (number := _as_number(above)) is not None:
        low = number + least
    if below is True and high is not None:
        high -= least
    elif (number := _as_number(below)) is not None:
        high = number - least
    value = 1.0 if low is None else max(low, 1.0)
    if high is not None and value > high:
        value = high if low is None else max(low, high if high < value else value)
    if step:
        value = max(step, -(-value // step) * step)
    return int(value) if whole or value == int(value) else value


def _as_number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(schema: dict[str, object]) -> str:
    form, pattern = schema.get("format"), schema.get("pattern")
    if isinstance(form, str) and form in _FORMATS:
        return _FORMATS[form]
    if isinstance(pattern, str) and (made := text_of_pattern(pattern)) is not None:
        return made
    text = "example"
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int) and len(text) < least <= 10_000:
        text += "x" * (least - len(text))
    return text[:most] if isinstance(most, int) and most >= 0 else text
