"""From a way to a step: what it is called, its target with values drawn or taken, its check."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote, unquote

from loadstone.lab.init.chaining import singular
from loadstone.lab.init.ways import ALIKE, Fill, Way, field_keys, identifier, literal
from loadstone.model import template
from loadstone.model.route import Route
from loadstone.model.workload import Body, Check, Extraction, Feed, Step

__all__ = ["Values", "body_of", "name_of", "resource_of", "root_of", "step_of", "unsafe_step"]

LONGEST_BODY = 300
"""Letters of an example that is written into a spec: what is longer nobody reads there."""

_PREFIX = re.compile(r"(?i)^(?:api|rest|v\d+(?:\.\d+)?)$")
"""Segments that say which interface it is, and nothing of what it is about."""


class Values:
    """How fields are written in the steps of one journey: variables by key, and feeds shared by all journeys."""

    def __init__(self, feeds: dict[str, Feed], per: Literal["journey", "request"] = "journey") -> None:
        self._feeds = feeds
        self._per: Literal["journey", "request"] = per
        self._variables: dict[str, str] = {}

    def variable(self, key: str, name: str) -> str:
        """The variable of an extracted field; two fields of one journey never share one."""
        if key not in self._variables:
            made = identifier(name)
            if made in self._variables.values():
                made = identifier(f"{singular(resource_of(key))}_{name}")
            while made in self._variables.values():
                made += "_"
            self._variables[key] = made
        return self._variables[key]

    def written(self, key: str, name: str, fill: Fill | None) -> str:
        """What stands in a path for this field."""
        if fill is None:
            part: template.Part = template.Secret(identifier(f"{singular(resource_of(key))}_{name}").upper())
        elif fill.extraction is not None:
            part = template.Variable(self.variable(key, name), fill.raw)
        elif len(fill.values) == 1:
            return literal(_encoded(fill.values[0]))
        elif len(fill.values) <= ALIKE:
            part = template.Choice(fill.values)
        else:
            part = template.Column(self._feed(key, name, fill), identifier(name))
        return template.show((part,))

    def _feed(self, key: str, name: str, fill: Fill) -> str:
        wanted = identifier(resource_of(key) or "values")
        rows = tuple((value,) for value in fill.values)
        number = 1
        while True:
            made = wanted if number == 1 else f"{wanted}_{number}"
            if made not in self._feeds:
                self._feeds[made] = Feed(
                    made, (identifier(name),), rows, "random", f"traffic/{made}.csv", per=self._per
                )
                return made
            if self._feeds[made].rows == rows and self._feeds[made].columns == (identifier(name),):
                return made
            number += 1


def step_of(way: Way, values: Values, extracts: tuple[Extraction, ...], name: str) -> Step:
    """The step that goes this way; ``extracts`` are what later steps need of its reply."""
    return Step(
        name=name,
        method="get",
        target=_path(way.route, way.fills, values, way.template) + _query(way.query, values),
        redirects=way.redirects,
        check=Check(status=((way.status, way.status),)),
        extract=extracts,
    )


def unsafe_step(route: Route, fills: Mapping[str, Fill], values: Values, name: str) -> Step:
    """A step that was never sent: what it would ask, with the example of a body that a document gave."""
    needed = [field for field in route.fields if field.where == "query" and field.required and field.values]
    query = tuple((field.name, (unquote(field.values[0]),)) for field in needed)
    body, headers = body_of(route)
    return Step(
        name=name,
        method=route.method.lower(),
        target=_path(route, fills, values) + _query(query, values),
        headers=headers,
        body=body,
    )


def body_of(route: Route) -> tuple[Body | None, dict[str, str]]:
    """The example of its body where that is short enough to be read, and the header that a text needs."""
    if route.example is None or len(route.example) > LONGEST_BODY:
        return None, {"content-type": route.body} if route.body is not None and route.example is not None else {}
    kind = (route.body or "").partition(";")[0]
    try:
        document = json.loads(route.example)
    except ValueError:
        document = None
    if isinstance(document, dict | list) and _holds(document):
        told = _quoted(document)
        assert isinstance(told, dict | list)
        if "form-urlencoded" in kind and isinstance(told, dict) and all(_flat(one) for one in told.values()):
            return Body("form", told), {}
        if "json" in kind or not kind:
            return Body("json", told), {}
    return Body("text", literal(route.example)), {"content-type": route.body} if route.body else {}


def name_of(route: Route, root: str) -> str:
    """``list``, ``detail``, else the last fixed part of the path."""
    segments = [segment for segment in route.template.strip("/").split("/") if segment]
    fields = [segment for segment in segments if "{" in segment]
    fixed = [_word(segment) for segment in segments if "{" not in segment and _named(segment)]
    if not segments:
        return "home"
    if "{" in segments[-1]:
        return "detail" if len(fields) == 1 and len(fixed) <= 1 else singular(fixed[-1]) if fixed else "detail"
    if not fields and fixed and _word(fixed[-1]) == root:
        return "list" if singular(root) != root else root
    return fixed[-1] if fixed else "list"


def root_of(route: Route, shared: str = "") -> str:
    """What a route is about: its first segment that says so, a fixed one or a variable (``project`` of
    ``/{project_id}/bills``); empty for ``/``. ``shared`` is a segment that all routes begin with."""
    for segment in route.template.strip("/").split("/"):
        if "{" in segment:
            found = re.findall(r"\{([^{}]*)\}", segment)
            return _word(re.sub(r"(?i)_?(?:id|slug|name|pk|uuid)$", "", found[0])) if found else ""
        if _named(segment) and segment != shared:
            return _word(segment)
    return ""


def _named(segment: str) -> bool:
    """Whether a segment says what a route is about: letters or digits, and no word for the interface itself."""
    return bool(segment) and not _PREFIX.match(segment) and re.search(r"[A-Za-z0-9]", unquote(segment)) is not None


def resource_of(key: str) -> str:
    """The last fixed segment of a key or template."""
    fixed = [segment for segment in key.split("/") if segment and "{" not in segment]
    return _word(fixed[-1]) if fixed else ""


def _word(segment: str) -> str:
    """A segment as a name of a journey can hold it."""
    return re.sub(r"[^A-Za-z0-9_-]+", " ", unquote(segment)).strip(" -") or "pages"


def _path(route: Route, fills: Mapping[str, Fill], values: Values, template: str | None = None) -> str:
    segments = (template or route.template).split("/")
    by_place = {place: key for key, place in field_keys(route).items()}
    written = []
    for place, segment in enumerate(segments):
        pieces = re.split(r"\{([^{}]*)\}", segment)
        text = ""
        for number, piece in enumerate(pieces):
            key = by_place.get(place, "")
            text += values.written(key, piece, fills.get(key)) if number % 2 else literal(piece)
        written.append(text)
    return "/".join(written) or "/"


def _query(pairs: tuple[tuple[str, tuple[str, ...]], ...], values: Values) -> str:
    told = []
    for name, options in pairs:
        written = values.written(name, name, Fill(options))
        told.append(f"{literal(_encoded(name, '[]'))}={written}")
    return f"?{'&'.join(told)}" if told else ""


def _encoded(text: str, safe: str = "") -> str:
    return quote(text, safe=safe)


def _holds(document: object) -> bool:
    """Whether TOML has it all: no null, and whole numbers that fit."""
    match document:
        case None:
            return False
        case dict():
            return all(_holds(one) for one in document.values())
        case list():
            return all(_holds(one) for one in document)
        case float():
            return document == document and abs(document) != float("inf")
    return True


def _flat(value: object) -> bool:
    return isinstance(value, str | int | float)


def _quoted(document: object) -> object:
    """The same with every text as a template takes it."""
    match document:
        case str():
            return literal(document)
        case dict():
            return {key: _quoted(value) for key, value in document.items()}
        case list():
            return [_quoted(value) for value in document]
    return document
