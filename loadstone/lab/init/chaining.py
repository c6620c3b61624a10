"""Where a value in a path comes from: a list's reply that holds ids, a page that links to what they name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

from loadstone.model.route import Field, Route
from loadstone.model.workload import Extraction
from loadstone.traffic.crawl.reply import Reply

__all__ = ["IDS", "candidates", "link_pattern", "prefix_of", "singular"]

DEEPEST = 3
"""Levels of a document at which a list is looked for: ``$``, ``$.items``, ``$.data.items``."""

MOST_LISTS = 8
MOST_KEYS = 6  # of one list
MOST_VALUES = 50
LONGEST = 200

_ANY = r'[^/?#&"\x27<>\s\\]+'
"""A segment of a path as it stands in HTML and in JSON; a single quote is spelt out, so that a spec reads well."""

IDS = ("id", "uuid", "slug", "pk", "_id", "key", "code", "name", "username", "number")
"""Names that ids go by, the likeliest first."""

WRAPPERS = frozenset({"node", "item", "object", "resource", "entity", "record", "data", "attributes", "_source"})
"""What a row calls the thing itself where more is told of it beside: an edge's node (Relay), a hit's source."""


def candidates(reply: Reply, route: Route, place: int) -> Iterator[tuple[Extraction, tuple[str, ...]]]:
    """Ways to take the field at ``place`` (of the template's segments) from a reply, the likeliest first, each with
    the values that it gives. A link in the reply that this route answers is worth most: the service wrote it."""
    field = _field_at(route, place)
    if field is None:
        return
    document = reply.json()
    linked = list(_linked(reply, route, place, field))
    if document is None:
        yield from linked
        return
    yield from _listed(document, route, place, field)
    yield from linked


def prefix_of(template: str, place: int) -> str:
    """The template up to a segment, without it: the list that its values are in. ``/`` for the first."""
    segments = template.split("/")
    return "/".join(segments[:place]) or "/"


def link_pattern(template: str, place: int) -> str:
    """A regular expression whose first group is the segment at ``place``, in links that this route answers, as they
    stand in HTML and in JSON. Fields before it may be anything."""
    parts = []
    for number, segment in enumerate(template.split("/")):
        pieces = re.split(r"\{[^{}]*\}", segment)
        group = f"({_ANY})" if number == place else _ANY
        parts.append(group.join(re.escape(piece) for piece in pieces))
    return "/".join(parts) + r'["\x27?#\\]'


def singular(word: str) -> str:
    """``products`` to ``product``, ``categories`` to ``category``: as well as endings tell."""
    for end, instead in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(end) and len(word) > len(end) + 1:
            return word[: -len(end)] + instead
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word


def _field_at(route: Route, place: int) -> Field | None:
    found = re.findall(r"\{([^{}]*)\}", route.template.split("/")[place])
    if len(found) != 1:
        return None
    return next((field for field in route.fields if field.where == "path" and field.name == found[0]), None)


def _listed(document: object, route: Route, place: int, field: Field) -> Iterator[tuple[Extraction, tuple[str, ...]]]:
    """Lists of things with an id, or of ids."""
    word = singular(_resource(route.template, place))
    names = _names(field.name, word)
    for path, rows in list(_lists(document))[:MOST_LISTS]:
        tables = [row for row in rows if isinstance(row, Mapping)]
        if tables:
            yield from _keyed(tables, f"{path}[*]", names, field)
            for outer in dict.fromkeys(key for row in tables for key in row if key == word or key in WRAPPERS):
                inner = [found for row in tables if isinstance(found := row.get(outer), Mapping)]
                yield from _keyed(inner, f"{path}[*]{_step(outer)}", names, field)
        elif values := _values(rows, field):
            yield Extraction("", "json", f"{path}[*]", "random"), values


def _keyed(
    tables: Sequence[Mapping[str, object]], path: str, names: Sequence[str], field: Field
) -> Iterator[tuple[Extraction, tuple[str, ...]]]:
    """Ids of things, each by the name that it goes by."""
    keys = [name for name in names if any(name in table for table in tables)]
    for key in keys[:MOST_KEYS]:
        values = _values((table.get(key) for table in tables), field)
        if values and len(values) == len({*values}):
            yield Extraction("", "json", f"{path}{_step(key)}", "random"), values


def _names(name: str, word: str) -> list[str]:
    """What the id may be called: as the field, without the resource's name, then the usual ones."""
    own = [name]
    for prefix in (f"{word}_", f"{word}-", word):
        if word and name.lower().startswith(prefix.lower()) and len(name) > len(prefix):
            rest = name[len(prefix) :]
            own.append(rest[:1].lower() + rest[1:])
    return list(dict.fromkeys([*own, *IDS, f"{word}_id", f"{word}Id"]))


def _resource(template: str, place: int) -> str:
    """The last fixed segment before this place: ``products`` of ``/products/{id}``."""
    fixed = [segment for segment in template.split("/")[:place] if segment and "{" not in segment]
    return fixed[-1].lower() if fixed else ""


def _lists(document: object, path: str = "$", depth: int = 0) -> Iterator[tuple[str, Sequence[object]]]:
    if isinstance(document, list):
        if document:
            yield path, document
    elif isinstance(document, Mapping) and depth < DEEPEST:
        for key, value in document.items():
            yield from _lists(value, f"{path}{_step(str(key))}", depth + 1)


def _step(key: str) -> str:
    """A step of a JSONPath (RFC 9535): ``.name`` where the name allows it."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        return f".{key}"
    return "['" + key.replace("\\", "\\\\").replace("'", "\\'") + "']"


def _values(found: Iterator[object] | Sequence[object], field: Field) -> tuple[str, ...]:
    """Those that can stand in a path, as texts; none where one of them cannot."""
    values: list[str] = []
    for value in found:
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | str):
            return ()
        text = str(value)
        if not text or len(text) > LONGEST or ("/" in text and not field.many) or not text.isprintable():
            return ()
        if field.kind == "number" and not re.fullmatch(r"-?\d+", text):
            return ()
        values.append(text)
    return tuple(values[:MOST_VALUES])


def _linked(reply: Reply, route: Route, place: int, field: Field) -> Iterator[tuple[Extraction, tuple[str, ...]]]:
    """Links of the reply that this route answers; a variable first segment would be answered by every link."""
    if not _resource(route.template, place):
        return
    pattern = link_pattern(route.template, place)
    found = [unquote(value) for value in re.findall(pattern, reply.text)]
    if field.kind == "number":
        pattern = pattern.replace(f"({_ANY})", "([0-9]+)")
        found = [value for value in found if value.isdigit()]
    values = tuple(dict.fromkeys(value for value in found if 0 < len(value) <= LONGEST))
    if values and all(value.isprintable() for value in values):
        yield Extraction("", "regex", pattern, "random"), values[:MOST_VALUES]
