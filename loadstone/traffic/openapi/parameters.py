"""Parameters of an operation to the fields of a route, each with values as they would stand in a path or a query."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from loadstone.model.route import Field, FieldKind
from loadstone.traffic.openapi.document import Document, Path
from loadstone.traffic.openapi.examples import example_of, type_of

__all__ = ["Parameter", "fields_of", "parameters_of"]

MOST_VALUES = 50

_KINDS: dict[str, FieldKind] = {
    "uuid": "uuid",
    "date": "date",
    "date-time": "date",
    "email": "personal",
    "idn-email": "personal",
    "phone": "personal",
    "password": "token",
}
_BETWEEN = {"spaceDelimited": " ", "pipeDelimited": "|", "ssv": " ", "tsv": "\t", "pipes": "|"}


class Parameter(NamedTuple):
    """One parameter with its place in the document."""

    name: str
    where: str
    table: dict[str, object]
    path: Path


def parameters_of(
    document: Document, item: dict[str, object], operation: dict[str, object], path: Path
) -> list[Parameter]:
    """Those of the path and of the operation, which win by name and place."""
    found: dict[tuple[str, str], Parameter] = {}
    for source, at in ((item, path[:-1]), (operation, path)):
        listed = source.get("parameters")
        if listed is not None and not isinstance(listed, list):
            document.note((*at, "parameters"), "parameters are no list, and were left out")
            continue
        for index, entry in enumerate(listed or ()):
            here = (*at, "parameters", index)
            table = document.table(entry, here)
            name, where = table.get("name"), table.get("in")
            if isinstance(name, str) and isinstance(where, str):
                found[name, where] = Parameter(name, where, table, here)
            elif table:
                document.note(here, "a parameter without name or place was left out")
    return list(found.values())


def fields_of(document: Document, parameters: list[Parameter], template: str) -> tuple[tuple[Field, ...], list[str]]:
    """Fields of path and query in the order of the path, and the names of those whose values were made up."""
    fields: list[Field] = []
    made_up: list[str] = []
    named = {one.name for one in parameters if one.where == "path"}
    for one in parameters:
        if one.where == "path" and f"{{{one.name}}}" in template:
            field, given = _field(document, one)
            fields.append(field)
        elif one.where == "query":
            given = True
            for field, told in _query(document, one):
                if not told and not field.required:  # nothing has to be sent, and nothing is known to send
                    fields.append(msgspec.structs.replace(field, values=(), counts=()))
                    continue
                fields.append(field)
                given = given and told
        else:
            continue
        if not given:
            made_up.append(one.name)
    for name in _braces(template):
        if name not in named:
            fields.append(Field(name))
            made_up.append(name)
    order = {name: number for number, name in enumerate(_braces(template))}
    fields.sort(key=lambda field: (field.where != "path", order.get(field.name, len(order))))
    return tuple(fields), made_up


def values_of(document: Document, one: Parameter) -> tuple[list[object], bool]:
    """Values for a parameter, the likeliest first, and whether the document gives them."""
    listed = one.table.get("examples")
    values: list[object] = []
    if one.table.get("example") is not None:
        values.append(one.table["example"])
    if isinstance(listed, dict):
        tables = (document.table(entry, one.path) for entry in listed.values())
        values += [table["value"] for table in tables if table.get("value") is not None]
    schema = _schema(document, one)
    read, _ = document.resolved(schema)
    if isinstance(read, dict):
        if type_of(read) != "array":
            for key in ("example", "default"):
                values += [read[key]] if read.get(key) is not None else []
        for key in ("examples", "enum"):
            more = read.get(key)
            values += [value for value in more if value is not None] if isinstance(more, list) else []
    if values:
        return values[:MOST_VALUES], True
    guess = example_of(document, schema)
    return ([] if guess.value is None else [guess.value]), guess.given


def _schema(document: Document, one: Parameter) -> object:
    """Of a parameter of 3.x, of one with a media type, or of Swagger 2, where it is the parameter itself."""
    if "schema" in one.table:
        return one.table["schema"]
    content = one.table.get("content")
    if isinstance(content, dict) and content:
        return document.table(next(iter(content.values())), one.path).get("schema", {})
    return {key: value for key, value in one.table.items() if key not in ("name", "in", "required", "description")}


def _field(document: Document, one: Parameter) -> tuple[Field, bool]:
    values, given = values_of(document, one)
    style = str(one.table.get("style") or "simple")
    explode = one.table.get("explode") is True
    texts = [_path_text(value, style, explode, one.name) for value in values]
    return _made(document, one, one.name, "path", texts, True), given


def _query(document: Document, one: Parameter) -> Iterator[tuple[Field, bool]]:
    """One field, or several where the properties of an object stand in the query by themselves."""
    values, given = values_of(document, one)
    style = str(one.table.get("style") or one.table.get("collectionFormat") or "form")
    swagger = "collectionFormat" in one.table or ("type" in one.table and "schema" not in one.table)
    exploded = style == "multi" or (not swagger and one.table.get("explode", style == "form") is True)
    required = one.table.get("required") is True
    first = values[0] if values else None
    if isinstance(first, dict) and "content" not in one.table:
        if style == "deepObject":
            for key, value in first.items():
                yield _made(document, one, f"{one.name}[{key}]", "query", [_plain(value)], required), given
            return
        if exploded:
            for key, value in first.items():
                yield _made(document, one, key, "query", [_plain(value)], required), given
            return
    texts = []
    for value in values:
        if "content" in one.table:
            texts.append(json.dumps(value, separators=(",", ":")))
        elif isinstance(value, list):
            between = _BETWEEN.get(style, ",")
            texts += [_plain(inner) for inner in value] if exploded else [between.join(map(_plain, value))]
        elif isinstance(value, dict):
            texts.append(",".join(f"{key},{_plain(inner)}" for key, inner in value.items()))
        else:
            texts.append(_plain(value))
    yield _made(document, one, one.name, "query", texts, required), given


def _made(document: Document, one: Parameter, name: str, where: str, texts: list[str], required: bool) -> Field:
    kind = _kind(document, one)
    kept = [] if kind in ("personal", "token") else list(dict.fromkeys(text for text in texts if text != ""))
    place: Literal["path", "query"] = "path" if where == "path" else "query"
    return Field(name, place, kind, required, tuple(kept), (0,) * len(kept))


def _kind(document: Document, one: Parameter) -> FieldKind:
    read, _ = document.resolved(_schema(document, one))
    if not isinstance(read, dict):
        return "text"
    if type_of(read) == "array":
        read, _ = document.resolved(read.get("items", {}))
        read = read if isinstance(read, dict) else {}
    form = read.get("format")
    if isinstance(form, str) and form in _KINDS:
        return _KINDS[form]
    if type_of(read) in ("integer", "number"):
        return "number"
    return "word" if "enum" in read or type_of(read) == "boolean" else "text"


def _path_text(value: object, style: str, explode: bool, name: str) -> str:
    """RFC 6570 as OpenAPI uses it: simple ``a,b``, label ``.a.b``, matrix ``;id=a,b``."""
    items = [_plain(inner) for inner in value] if isinstance(value, list) else [_plain(value)]
    if isinstance(value, dict):
        items = [f"{key}{'=' if explode else ','}{_plain(inner)}" for key, inner in value.items()]
    match style:
        case "label":
            return "." + ("." if explode else ",").join(items)
        case "matrix":
            return "".join(f";{name}={item}" for item in items) if explode else f";{name}={','.join(items)}"
    return ",".join(items)


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return json.dumps(value, separators=(",", ":"))


def _braces(template: str) -> list[str]:
    return [part.partition("}")[0] for part in template.split("{")[1:]]
