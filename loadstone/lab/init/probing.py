"""Every safe route asked once: how it answers, and where the values in its path come from.

Routes are asked in the order of their depth, so that a list has been answered before what it lists is asked for. Only
GET is sent. A value is kept where a reply gave it and the route took it, or where it was seen before and taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol
from urllib.parse import unquote, unquote_plus

import msgspec

from loadstone.lab.init.chaining import IDS, candidates, prefix_of
from loadstone.lab.init.ways import Fill, Way, field_keys, normal, path_with, query_with
from loadstone.lab.init.words import SEARCHES, words_of
from loadstone.model.route import Field, Route
from loadstone.traffic.crawl import Spent
from loadstone.traffic.crawl.addresses import is_asset, is_risky, target_of
from loadstone.traffic.crawl.obstacles.met import is_entrance
from loadstone.traffic.crawl.reply import Reply

__all__ = ["Asks", "Probed", "Probing", "left_alone", "says_up"]

TRIES = 3
"""Values of a field that are tried, and values that an extraction must have accepted (as far as there are so many)."""

MOST_KNOWN = 1_000
_VARIABLE = re.compile(r"\{([^{}]*)\}")

MACHINES = re.compile(
    r"(?i)/(?:-/)?(?:healthz?|health[_-]?check|livez?|readyz?|liveness|readiness|ping|heartbeat|metrics|prometheus|version|"
    r"favicon\.ico|robots\.txt|sitemap[^/]*\.xml|openapi\.(?:json|ya?ml)|swagger(?:\.json|/.*)?|docs|redoc|schema|"
    r"\.well-known(?:/.*)?)/?$"
)  # fmt: skip
"""Paths that machines ask for, not users: no part of a load."""


class Asks(Protocol):
    """What probing needs of a client."""

    def get(self, target: str) -> Reply:
        """One request and its reply. Raises Spent at the bounds of the look."""
        ...


class Probed(msgspec.Struct, frozen=True):
    """``ways`` are routes that were answered, in the order they were asked; ``replies`` by route id. ``locked`` want a
    login, ``failed`` say why there is no way, both by route id."""

    ways: tuple[Way, ...]
    replies: dict[str, Reply]
    locked: dict[str, str]
    failed: dict[str, str]


_FILES = re.compile(r"/(?:static|assets)/\{[^{}]*\}/?$")


def says_up(template: str) -> bool:
    """Whether a path's name says that it tells of health."""
    return (
        MACHINES.search(template) is not None
        and re.search(r"(?i)health|livez?|liveness|readyz?|ping", template) is not None
    )


def left_alone(route: Route) -> str | None:
    """Why a route is not asked at all; None for one that is."""
    if route.aside is not None:
        return {
            "static": "it is a file, not the service's own work",
            "admin": "it belongs to the framework's administration",
            "docs": "it is a page about the interface",
            "debug": "it belongs to a debugger",
        }[route.aside]
    if not route.safe:
        return f"{route.method} may change something"
    if route.method != "GET":
        return f"{route.method} has no reply worth measuring"
    if MACHINES.search(route.template):
        return "machines ask for it, not users"
    if is_risky(route.template):
        return "it is named for a deed, though it is a GET"
    if is_asset(route.template) or _FILES.search(route.template):
        return "it is a file, not the service's own work"
    return None


class Probing:
    """The state of it; ``ask`` may be called again, after a login, with what was locked. ``shell`` tells whether a
    reply is the page that the service answers every path with."""

    def __init__(
        self,
        client: Asks,
        doing: Callable[[str], None] = lambda _: None,
        shell: Callable[[Reply], bool] = lambda _: False,
    ) -> None:
        self._client = client
        self._shell = shell
        self._doing = doing
        self._ways: dict[str, Way] = {}
        self._replies: dict[str, Reply] = {}
        self._fills: dict[str, Fill] = {}
        self._given: dict[str, dict[str, str]] = {}  # by route id: the values that its kept reply was asked with
        self._known: dict[str, tuple[str, ...]] = {}
        self._seen: dict[str, tuple[bool, str]] = {}
        self._locked: dict[str, str] = {}
        self._failed: dict[str, str] = {}

    def ask(self, routes: Sequence[Route], *, logged_in: bool = False) -> Probed:
        """Ask them, as far as the client's bounds allow."""
        self._know(routes)
        waiting = sorted(routes, key=_order)
        for number, route in enumerate(waiting):
            if number and number % 20 == 0:
                self._doing(f"asking each safe route once: {number} of {len(waiting)}")
            try:
                self._locked.pop(route.id, None)
                self._failed.pop(route.id, None)
                self._one(route, logged_in)
            except Spent:
                for one in waiting[number:]:
                    self._failed.setdefault(one.id, "the look at the service ended before it")
                break
        return Probed(tuple(self._ways.values()), self._replies, dict(self._locked), dict(self._failed))

    def _know(self, routes: Sequence[Route]) -> None:
        """Readable values of fields, from whatever source, by the key that routes share."""
        for route in routes:
            for key, place in field_keys(route).items():
                found = _VARIABLE.findall(route.template.split("/")[place])
                for field in route.fields:
                    if field.where == "path" and field.name in found and field.values:
                        told = (unquote(value) for value in field.values)  # a table has them as paths do
                        both = dict.fromkeys((*self._known.get(key, ()), *told))
                        self._known[key] = tuple(both)[:MOST_KNOWN]

    def _one(self, route: Route, logged_in: bool) -> None:
        if (same := self._same(route)) is not None:
            self._failed[route.id] = f"it is the same as {same}"
            return
        keys = field_keys(route)
        for fills in self._choices(route, keys):
            if self._tried(route, keys, fills, logged_in):
                return
            if route.id in self._locked:
                return
        self._failed.setdefault(route.id, "no value is known for " + ", ".join(_open(route, keys, self._fills)))

    def _same(self, route: Route) -> str | None:
        """Another route that differs by a slash at its end, and has a way."""
        return next(
            (way.route.id for way in self._ways.values() if normal(way.route.template) == normal(route.template)), None
        )

    def _choices(self, route: Route, keys: Mapping[str, int]) -> Iterator[dict[str, Fill]]:
        """Sets of fills for the fields of the path, the likeliest first."""
        settled = {key: self._fills[key] for key in keys if key in self._fills}
        open_keys = [key for key in keys if key not in settled]
        if not open_keys:
            yield settled
            return
        if len(open_keys) > 1:
            if all(self._known.get(key) for key in open_keys):
                for number in range(TRIES):  # value by value as they stand in the table: those of one row fit together
                    yield settled | {
                        key: Fill(self._known[key][number : number + 1] or self._known[key][:1]) for key in open_keys
                    }
            return
        key = open_keys[0]
        for fill in (*self._extractions(route, keys[key]), *self._values(key), *self._namesakes(route, keys[key])):
            yield settled | {key: fill}

    def _values(self, key: str) -> Iterator[Fill]:
        if known := self._known.get(key):
            yield Fill(known)

    def _namesakes(self, route: Route, place: int) -> Iterator[Fill]:
        """What a field of the same name takes in another route, where the name says what it names."""
        names = _VARIABLE.findall(route.template.split("/")[place])
        if len(names) != 1 or names[0].lower() in IDS:
            return
        for way in self._ways.values():
            for key, other in field_keys(way.route).items():
                if names == _VARIABLE.findall(way.route.template.split("/")[other]) and key in self._fills:
                    yield self._fills[key]
                    return

    def _extractions(self, route: Route, place: int) -> Iterator[Fill]:
        """From the replies so far: the list that the values are in first, then pages that link to this route."""
        parent = normal(prefix_of(route.template, place))
        replies = [(way, self._replies[way.route.id]) for way in self._ways.values() if way.route.id in self._replies]
        near = [one for one in replies if normal(one[0].route.template) == parent]
        far = [one for one in replies if one not in near]
        for way, reply in near:
            for extraction, values in candidates(reply, route, place):
                yield Fill(values, way.route.id, extraction)
        for way, reply in far:
            for extraction, values in candidates(reply, route, place):
                if extraction.source == "regex":
                    yield Fill(values, way.route.id, extraction)

    def _tried(self, route: Route, keys: Mapping[str, int], fills: dict[str, Fill], logged_in: bool) -> bool:
        """Whether the route takes these values; what it answered is kept."""
        lengths = [len(fill.values) for fill in fills.values()] or [1]
        taken: dict[str, list[str]] = {key: [] for key in fills}
        first: Way | None = None
        kept: Reply | None = None
        tries = min(TRIES, max(lengths))
        wanted = next((key for key in fills if key not in self._fills and fills[key].extraction), None)
        beside = self._given.get(fills[wanted].source or "", {}) if wanted is not None else {}
        for number in range(tries):
            given = {
                key: beside.get(key) or fill.values[min(number, len(fill.values) - 1)] for key, fill in fills.items()
            }
            way = self._asked(route, keys, given, fills, logged_in)
            if way is None:
                if wanted is not None or route.id in self._locked:
                    break  # a list that holds what this route does not take is not its list
                continue
            if first is None:
                first, self._given[route.id] = way, given
                kept = self._replies[route.id]
            for key, value in given.items():
                taken[key].append(value)
            if wanted is None:
                break
        else:
            wanted = None
        if first is None or kept is None or wanted is not None:
            self._replies.pop(route.id, None)
            return False
        settled = {
            key: self._fills.get(key) or (fill if fill.extraction else self._narrowed(route, fill, taken[key]))
            for key, fill in fills.items()
        }
        self._replies[route.id] = kept
        self._fills |= settled
        self._ways[route.id] = msgspec.structs.replace(first, fills=settled)
        return True

    def _narrowed(self, route: Route, fill: Fill, taken: Sequence[str]) -> Fill:
        """Values that people or pages used stay as they are; ones that a document made up are those that worked."""
        seen = {"log", "har", "crawl", "traces"} & set(route.sources)
        return fill if seen else Fill(tuple(dict.fromkeys(taken)))

    def _asked(
        self,
        route: Route,
        keys: Mapping[str, int],
        given: Mapping[str, str],
        fills: Mapping[str, Fill],
        logged_in: bool,
    ) -> Way | None:
        names: dict[str, str] = {}
        for key, place in keys.items():
            for name in _VARIABLE.findall(route.template.split("/")[place]):
                names[name] = given[key]
        path = path_with(route, names)
        for query in self._queries(route):
            reply, redirects = self._follow(f"{path}{query_with(query)}")
            if reply.failure is not None:
                self._failed[route.id] = f"it did not answer ({reply.failure}: {reply.message})"
            elif reply.cut and reply.took_s > 1.0:
                self._failed[route.id] = "its reply does not end"
            elif reply.status in (401, 403, 407) or (redirects and is_entrance(reply.target) and not is_entrance(path)):
                self._locked[route.id] = f"answers {reply.status}" if not redirects else "leads to a login"
                return None
            elif route.template != "/" and self._shell(reply):
                self._failed[route.id] = "it answers the page that every path answers, one drawn by scripts"
            elif reply.good:
                there = reply.target.partition("?")[0]
                template = None
                if redirects and there.rstrip("/") == path.rstrip("/"):  # the same path, as the service writes it
                    redirects, template = 0, route.template.rstrip("/") + "/" * there.endswith("/")
                self._replies[route.id] = reply
                self._failed.pop(route.id, None)
                return Way(
                    route,
                    f"{path}{query_with(query)}",
                    reply.status,
                    dict(fills),
                    query,
                    redirects,
                    logged_in,
                    reply.media_type,
                    reply.took_s,
                    len(reply.body),
                    template,
                )
            else:
                self._failed[route.id] = f"it answers {reply.status or 'nothing'}"
        return None

    def _follow(self, target: str) -> tuple[Reply, int]:
        reply = self._client.get(target)
        redirects = 0
        while reply.location is not None and redirects < TRIES:
            onward = target_of(reply.url, reply.location)
            if onward is None:
                break
            reply = self._client.get(onward)
            redirects += 1
        return reply, redirects

    def _queries(self, route: Route) -> Iterator[tuple[tuple[str, tuple[str, ...]], ...]]:
        """Sets of parameters, the likeliest first: those that are usual or needed, with words where one is searched."""
        fields = [field for field in route.fields if field.where == "query" and _usual(field, route)]
        yield tuple((field.name, _decoded(field)) for field in fields if any(field.values))
        empty = [field for field in fields if not any(field.values)]
        searched = [field.name for field in route.fields if field.where == "query" and SEARCHES.search(field.name)]
        if empty or searched:
            words = tuple(words_of(self._replies.values()))
            if words:
                filled = {field.name: _decoded(field) for field in fields if any(field.values)}
                filled |= {field.name: words for field in empty if field.kind in ("word", "text", "slug")}
                filled |= dict.fromkeys(searched, words)
                yield tuple(filled.items())


def _decoded(field: Field) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unquote_plus(value) for value in field.values if value))[:MOST_KNOWN]


def _order(route: Route) -> tuple[int, bool, int, str]:
    """Lists before what they list, searches behind what has words."""
    searches = any(field.where == "query" and SEARCHES.search(field.name) for field in route.fields)
    return len(field_keys(route)), searches, route.template.count("/"), route.template


def _usual(field: Field, route: Route) -> bool:
    """Whether a parameter is sent: it must be, or most requests that were seen carried it."""
    seen = {"log", "har", "crawl", "postman", "traces"} & set(route.sources)
    return (field.required and not seen) or (bool(seen) and field.share >= 0.5)


def _open(route: Route, keys: Mapping[str, int], fills: Mapping[str, Fill]) -> list[str]:
    segments = route.template.split("/")
    return [segments[place] for key, place in keys.items() if key not in fills]
