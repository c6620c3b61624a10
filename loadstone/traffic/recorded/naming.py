"""Names for people: of steps, after what is asked for, and of values, after where they stand."""

from __future__ import annotations

import re
from urllib.parse import unquote

from loadstone.model.recording import RecordedExchange
from loadstone.model.template import RESERVED
from loadstone.traffic.recorded.alignment import looks_variable, operation_of
from loadstone.traffic.recorded.asked import Place
from loadstone.traffic.recorded.ways import Way

__all__ = ["Names", "step_name", "value_name"]

_PREFIXES = re.compile(r"api|rest|v[0-9]+(\.[0-9]+)*|public|www|index\.(html|php)")
_LONGEST = 60


class Names:
    """Gives each name once: ``product``, ``product 2``."""

    def __init__(self, between: str, taken: tuple[str, ...] = ()) -> None:
        self._between = between
        self._taken = set(taken)

    def new(self, name: str) -> str:
        """The name, with a number where it was given before."""
        number, fresh = 1, name
        while fresh in self._taken:
            number += 1
            fresh = f"{name}{self._between}{number}"
        self._taken.add(fresh)
        return fresh


def step_name(exchange: RecordedExchange) -> str:
    """``products``, ``product reviews``, ``post cart items``; of GraphQL the operation's name."""
    if operation := operation_of(exchange):
        return operation
    words: list[str] = []
    for segment in exchange.target.partition("?")[0].split("/"):
        segment = unquote(segment)
        if not segment or (_PREFIXES.fullmatch(segment) and not words):
            continue
        if looks_variable(segment) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9 _.-]*", segment) or len(segment) > 40:
            if words:
                words[-1] = _one(words[-1])
            continue
        words.append(re.sub(r"\.(html?|php|aspx?|jsp|do|json)$", "", segment))
    name = re.sub(r"[\s_.-]+", " ", " ".join(words)).strip().lower()[:_LONGEST].strip() or "home"
    return name if exchange.method == "GET" else f"{exchange.method.lower()} {name}"


def value_name(place: Place, path: tuple[str, ...], way: Way | None) -> str:
    """A name that a template can hold: the parameter's, the header's, or what stands before a segment of the path."""
    key = place.name
    if place.where == "path" and place.key and isinstance(place.key[0], int):
        before = [unquote(part) for part in path[: place.key[0]]]
        noun = next((part for part in reversed(before) if not looks_variable(part)), "")
        own = way.key.lower() if way is not None and way.source == "json" else "id"
        key = f"{_one(noun)}_{own}" if noun and own in ("id", "uuid", "slug", "key", "number", "code") else own or "id"
    elif place.where == "target":
        key = "link"
    elif place.where == "header":
        key = "token" if key == "authorization" else key.removeprefix("x-")
    if "token" not in key.lower() and ("csrf" in key.lower() or "xsrf" in key.lower()):
        key = "csrf"
    name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", key).lower()).strip("_")[:40]
    if not name or name[0].isdigit():
        name = f"value_{name}".rstrip("_")
    return f"{name}_value" if name in RESERVED else name


def _one(noun: str) -> str:
    """The singular of a collection's name, where that is plain."""
    if noun.endswith("ies") and len(noun) > 4:
        return f"{noun[:-3]}y"
    if noun.endswith(("sses", "xes", "ches", "shes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) and len(noun) > 3 else noun
