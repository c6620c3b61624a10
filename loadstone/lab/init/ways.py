"""A way to a route: the request that was seen to work, and what it needs from earlier ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

import msgspec

from loadstone.model import template
from loadstone.model.route import Field, Route
from loadstone.model.workload import Extraction

__all__ = ["Fill", "Way", "field_keys", "identifier", "literal", "normal", "path_with", "query_with"]

ALIKE = 12
"""So many values of a field are written into the path; more go to a file beside the spec."""


class Fill(msgspec.Struct, frozen=True):
    """Where the values of a field come from: an extraction from the reply of the route ``source``, or known
    ``values`` (as they are, not encoded)."""

    values: tuple[str, ...]
    source: str | None = None
    extraction: Extraction | None = None

    @property
    def raw(self) -> bool:
        """Whether the value is taken from a link, and is encoded already."""
        return self.extraction is not None and self.extraction.source == "regex"


class Way(msgspec.Struct, frozen=True):
    """``fills`` has what each field of the path needs, by its key; ``target`` is what was asked for and answered
    ``status``, after ``redirects`` of them. ``query`` are the parameters that are sent, each with its values.
    ``template`` is the path where the service has it with another ending than the route's table."""

    route: Route
    target: str
    status: int
    fills: dict[str, Fill] = {}
    query: tuple[tuple[str, tuple[str, ...]], ...] = ()
    redirects: int = 0
    login: bool = False
    media_type: str = ""
    took_s: float = 0.0
    size_bytes: int = 0
    template: str | None = None


def normal(path: str) -> str:
    """A template without its names and without its last slash: ``/users/{}``."""
    return re.sub(r"\{[^{}]*\}", "{}", path.rstrip("/")) or "/"


def field_keys(route: Route) -> dict[str, int]:
    """Each field of the path by a key that other routes share, with its segment: ``{"/users/{}": 2}``."""
    segments = route.template.split("/")
    return {normal("/".join(segments[: place + 1])): place for place, segment in enumerate(segments) if "{" in segment}


def path_with(route: Route, given: Mapping[str, str]) -> str:
    """The template with values (not encoded) for its fields."""

    def put(found: re.Match[str]) -> str:
        field = field_named(route, found[1])
        return quote(given[found[1]], safe="/" if field is not None and field.many else "")

    return re.sub(r"\{([^{}]*)\}", put, route.template)


def query_with(pairs: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """``?page=1&sort=name`` with the first value of each, empty without any."""
    told = "&".join(f"{quote(name, safe='[]')}={quote(values[0], safe='')}" for name, values in pairs)
    return f"?{told}" if told else ""


def field_named(route: Route, name: str) -> Field | None:
    """The field of the path by this name."""
    return next((field for field in route.fields if field.where == "path" and field.name == name), None)


def literal(text: str) -> str:
    """A text that a template takes as it stands."""
    return template.show((template.Text(text),)) if text else ""


def identifier(name: str) -> str:
    """A name that a template can use."""
    made = re.sub(r"[^A-Za-z0-9_]+", "_", unquote(name)).strip("_") or "value"
    if not re.match(r"[A-Za-z_]", made):
        made = f"v{made}"
    return f"{made}_value" if made in template.RESERVED else made
