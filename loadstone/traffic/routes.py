"""Routes from the paths that were asked for, and one table of routes from several sources.

A path has one normal form (``%41`` is ``A``, no matrix parameters, one slash between segments); a route's values are
pieces of it as they stand there, still encoded, so that template and values give back the path.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from loadstone.errors import SpecError, from_native
from loadstone.model.route import Field, Route, Source
from loadstone.traffic.lines import RouteTrie

__all__ = ["RouteTable", "expand", "merge"]

_VALUE = re.compile(r"\{([^{}]+)\}")

_GUESSED = frozenset({"log", "har", "traces", "crawl", "postman"})
"""Sources that know paths and not templates; Postman's collections are written by hand, of one path each."""


class _Settled(msgspec.Struct):
    routes: tuple[Route, ...]
    notes: tuple[str, ...]


class RouteTable:
    """Routes as they are found in targets (a path with its query, or a whole address) that were asked for.

    ``declared`` ones win over those that are guessed, and are in the table even if nobody asked for them. ``source``
    says where the targets come from, ``show`` names variables and parameters whose values may be read whatever they
    are. Raises SpecError for declared routes whose template is none.
    """

    def __init__(self, declared: Sequence[Route] = (), *, source: Source = "log", show: Sequence[str] = ()) -> None:
        try:
            self._trie = RouteTrie(msgspec.json.encode(list(declared)), source, list(show))
        except ValueError as error:
            raise from_native(error) from error
        self._settled: _Settled | None = None

    def observe(self, method: str, target: str, count: int = 1, status: int = 0) -> None:
        """Counts requests. A target that was only ever missing (404, 405 or 400) makes no route."""
        self._trie.observe(method, target.encode("utf-8", "surrogateescape"), status, count)
        self._settled = None

    def routes(self) -> tuple[Route, ...]:
        """The declared ones, then those found by template."""
        return self._table().routes

    def notes(self) -> tuple[str, ...]:
        """Which bounds were met."""
        return self._table().notes

    def match(self, method: str, target: str) -> tuple[Route, tuple[str, ...]] | None:
        """The route of a target, and what stands where its variables are, encoded as in the path's normal form."""
        routes = self.routes()
        found = self._trie.find(method, target.encode("utf-8", "surrogateescape"))
        return None if found is None else (routes[found[0]], tuple(found[1]))

    def _table(self) -> _Settled:
        if self._settled is None:
            self._settled = msgspec.json.decode(self._trie.settle(), type=_Settled)
        return self._settled


def expand(route: Route, values: Sequence[str]) -> str:
    """The path with these values for its variables, in order; what ``match`` took out. Raises SpecError where their
    number differs."""
    given = iter(values)
    wanted = len(_VALUE.findall(route.template))
    if wanted != len(values):
        raise SpecError(f"{route.id} has {wanted} variables, and {len(values)} values were given for them.")
    return _VALUE.sub(lambda _: next(given), route.template)


def merge(*tables: Sequence[Route]) -> tuple[Route, ...]:
    """One table of several. What documents and frameworks say counts before what was guessed from paths, and of those
    the earlier table before the later; what the others add is added.

    Routes are the same where method and template are but for the variables' names; a slash at the end is the first's.
    Where a log or a recording has a path in the place of a document's route, its requests and values go to that route,
    and a variable that was guessed in the place of names gives way to them.
    """
    routes: dict[tuple[str, str], Route] = {}
    slashless: dict[tuple[str, str], tuple[str, str]] = {}
    every = [one for table in tables for one in _with_slashes(table)]
    told = [route for route, _ in every if not _is_guessed(route)]
    declared = RouteTable(told)
    for route, both in sorted(every, key=lambda one: _is_guessed(one[0])):
        exact, loose = _key(route, exact=True), _key(route)
        known = exact if exact in routes or both else slashless.get(loose)
        known = known if known in routes else None
        if known is not None:
            routes[known] = _joined(routes[known], route)
        elif _is_guessed(route) and (home := _home(route, declared)) is not None:
            key = _key(home, exact=True)
            key = key if key in routes else slashless[_key(home)]
            routes[key] = _absorbed(routes[key], route)
        elif not (_is_guessed(route) and _is_only_names(route, declared)):
            routes[exact] = route
            slashless.setdefault(loose, exact)
    return tuple(routes.values())


def _with_slashes(table: Sequence[Route]) -> Iterator[tuple[Route, bool]]:
    """Each route, and whether the table has it both with a slash at the end and without."""
    many = Counter(_key(route) for route in {_key(route, exact=True): route for route in table}.values())
    return ((route, many[_key(route)] > 1) for route in table)


def _key(route: Route, *, exact: bool = False) -> tuple[str, str]:
    template = _VALUE.sub("{}", route.template)
    return route.method, template if exact or template == "/" else template.rstrip("/")


def _is_guessed(route: Route) -> bool:
    return bool(route.sources) and set(route.sources) <= _GUESSED


def _home(route: Route, declared: RouteTable) -> Route | None:
    """The declared route that a guessed one is a case of: its template, read as a path, is one of that route's."""
    found = declared.match(route.method, _VALUE.sub("0", route.template))
    if found is None:
        return None
    return found[0] if len(_VALUE.findall(found[0].template)) >= len(_VALUE.findall(route.template)) else None


def _is_only_names(route: Route, declared: RouteTable) -> bool:
    """Every value that a guessed variable had leads to a declared route of another template."""
    fields = [field for field in route.fields if field.where == "path"]
    if not fields or any(not field.values or len(field.values) < field.distinct for field in fields):
        return False
    paths = _paths(route.template, {field.name: field.values for field in fields})
    return all(declared.match(route.method, path) is not None for path in paths)


def _paths(template: str, values: dict[str, tuple[str, ...]]) -> Iterator[str]:
    most = max(len(some) for some in values.values())
    for number in range(most):
        yield _VALUE.sub(lambda match, n=number: values[match.group(1)][n % len(values[match.group(1)])], template)  # type: ignore[misc]


def _joined(first: Route, second: Route) -> Route:
    """The same route of two sources: names are the first's, what was counted is added."""
    names = dict(zip(_VALUE.findall(second.template), _VALUE.findall(first.template), strict=False))
    theirs = [
        msgspec.structs.replace(field, name=names.get(field.name, field.name)) if field.where == "path" else field
        for field in second.fields
    ]
    return _with(first, second, tuple(theirs))


def _absorbed(home: Route, case: Route) -> Route:
    """A declared route with what was counted for one of its cases."""
    table = RouteTable([home])
    found = table.match(case.method, _VALUE.sub("0", case.template))
    values = found[1] if found else ()
    told = {field.name: field for field in case.fields if field.where == "path"}
    guessed = iter(_VALUE.findall(case.template))
    fields = []
    for name, value in zip(_VALUE.findall(home.template), values, strict=False):
        field = told.get(next(guessed, "")) if value == "0" else None
        if field is None:
            field = Field(name, kind="word", values=(value,), counts=(case.requests,), distinct=1)
        fields.append(msgspec.structs.replace(field, name=name))
    return _with(home, case, (*fields, *(field for field in case.fields if field.where == "query")))


def _with(first: Route, second: Route, theirs: tuple[Field, ...]) -> Route:
    fields = list(first.fields)
    places = {(field.where, field.name): place for place, field in enumerate(fields)}
    for field in theirs:
        place = places.get((field.where, field.name))
        if place is None:
            fields.append(
                field if second.requests or not first.requests else msgspec.structs.replace(field, required=False)
            )
        else:
            weights = (first.requests, second.requests)
            fields[place] = _field(fields[place], field, weights)
    return msgspec.structs.replace(
        first,
        fields=tuple(fields),
        sources=tuple(dict.fromkeys((*first.sources, *second.sources))),
        requests=first.requests + second.requests,
        name=first.name or second.name,
        login=second.login if first.login is None else first.login,
        body=first.body or second.body,
        example=first.example or second.example,
        aside=first.aside or second.aside,
    )


def _field(mine: Field, theirs: Field, requests: tuple[int, int]) -> Field:
    """One field of two sources. What may not be read in one is not read at all."""
    closed = next((field.kind for field in (mine, theirs) if field.kind in ("personal", "token")), None)
    counts: dict[str, int] = {}
    for field in (mine, theirs):
        for place, value in enumerate(field.values):
            counts[value] = counts.get(value, 0) + (field.counts[place] if place < len(field.counts) else 0)
    popular = sorted(counts.items(), key=lambda item: -item[1])
    share = mine.share
    if all(requests):
        share = (mine.share * requests[0] + theirs.share * requests[1]) / sum(requests)
    elif requests[1]:
        share = theirs.share
    return msgspec.structs.replace(
        mine,
        kind=closed or (theirs.kind if mine.kind == "text" else mine.kind),
        values=() if closed else tuple(value for value, _ in popular),
        counts=() if closed else tuple(count for _, count in popular),
        distinct=max(mine.distinct, theirs.distinct, 0 if closed else len(popular)),
        share=share,
        many=mine.many or theirs.many,
        count_error=mine.count_error + theirs.count_error,
    )
