"""What root spans say of their requests: parameters, path, route, status, host, attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.suspect import Scene

__all__ = ["MOST_REQUESTS", "RootKind", "Told", "root_facts"]

MOST_REQUESTS = 100_000
"""Requests whose root is read whole; of more an even part: a trait of 1 % is then in 1,000."""

MOST_NAMES = 500
"""Attributes and parameters; more are names made up for each request."""

MOST_ATTRIBUTES = 40
"""Of one span, as they come: twice what instrumentations write (OpenTelemetry's own limit is 128)."""

RootKind = Literal["parameter", "path", "attribute", "route", "status", "place"]

LONGEST = 120
"""Characters of a value; longer texts are no property that requests share."""

_COLUMNS = (
    "trace_id",
    "start_ns",
    "http_request_method",
    "http_response_status_code",
    "http_route",
    "url_path",
    "url_query",
    "host_name",
    "service",
    "error_type",
    "attributes",
)
_ROOTS = "kind IN (2, 5) OR parent_id IS NULL"

_TIMES = re.compile(r"duration|latency|elapsed|timestamp|response_?time|took|(^|[._])(ms|ns|us|seconds)$", re.I)
"""Attributes that are the request's time itself: they would explain slowness by slowness."""

_HELD = re.compile(
    r"^(http\.(method|request\.method|status_code|response\.status_code|route|target|url|scheme|flavor|host)"
    r"|url\.(path|query|full|scheme)|db\.|code\.|thread\.|process\.|service\.|telemetry\.|otel\."
    r"|net(work)?\.(peer|sock)|client\.(port|address)|user_agent|http\.user_agent)",
    re.I,
)
"""Attributes that a column holds already, or that only tell the instrument."""

_CODED = re.compile(rb"%([0-9A-Fa-f]{2})")
_VARIABLE = re.compile(r"^[{<:*]")


@dataclass(frozen=True)
class Told:
    """One attribute over all requests that have it: ``requests`` are places in the digest, ascending, and ``values``
    one for each (a request may be there twice)."""

    kind: RootKind
    attribute: str
    requests: NDArray[np.int32]
    values: list[Any]


def root_facts(scene: Scene, looked: dict[int, NDArray[np.int32]]) -> tuple[Told, ...]:
    """What the roots of these requests (places by step) tell, by attribute."""
    if not looked:
        return ()
    places = np.sort(np.concatenate(list(looked.values())))
    told = scene.digest.requests
    index = {told.trace_id[place].tobytes(): place for place in places.tolist()}
    rows: dict[int, tuple[Any, ...]] = {}
    for batch in scene.rows("spans", _COLUMNS, _ROOTS):
        found = [index.get(trace, -1) for trace in batch["trace_id"].tolist()]
        mine = np.flatnonzero(np.array(found, np.int64) >= 0)
        columns = (_listed(batch.get(name), mine) for name in _COLUMNS)
        for at, row in zip(mine.tolist(), zip(*columns, strict=True), strict=True):
            place = found[at]
            if place not in rows or row[1] == told.start_ns[place]:
                rows[place] = row
    seen: dict[tuple[RootKind, str], tuple[list[int], list[Any]]] = {}
    for place in sorted(rows):
        for kind, attribute, value in _facts(rows[place]):
            if (kind, attribute) not in seen and len(seen) >= MOST_NAMES:
                continue
            held = seen.setdefault((kind, attribute), ([], []))
            held[0].append(place)
            held[1].append(value)
    return tuple(
        Told(kind, attribute, np.array(places_of, np.int32), values)
        for (kind, attribute), (places_of, values) in seen.items()
    )


def _listed(values: Any, places: NDArray[np.int64]) -> list[Any]:  # noqa: ANN401 - a column of any type
    return [None] * len(places) if values is None else list(values[places].tolist())


def _facts(row: tuple[Any, ...]) -> Iterator[tuple[RootKind, str, Any]]:
    _, _, method, status, route, path, query, host, service, error, attributes = row
    named: tuple[tuple[RootKind, str, Any], ...] = (
        ("route", "method", method),
        ("status", "status", status),
        ("route", "route", route),
        ("place", "host", host),
        ("route", "service", service),
        ("status", "error", error),
    )
    for kind, attribute, value in named:
        if value is not None and value != "":
            yield kind, attribute, value
    if query:
        yield from (("parameter", f"?{name}", value) for name, value in _parameters(query))
    if route and path:
        yield from (("path", name, value) for name, value in _variables(route, path))
    if attributes:
        yield from (("attribute", name, value) for name, value in _attributes(attributes))


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    """Names and values of a query, values perhaps masked; a part without a name tells nothing."""
    for pair in query.split("&")[:64]:
        name, equals, value = pair.partition("=")
        if name and equals and len(name) <= LONGEST:
            yield _plain(name), _plain(value)[:LONGEST]


def _plain(text: str) -> str:
    """What a form's text says: + is a space, %41 an A."""
    if "+" not in text and "%" not in text:
        return text
    coded = _CODED.sub(lambda found: bytes.fromhex(found[1].decode()), text.replace("+", " ").encode())
    return coded.decode("utf-8", "replace")


def _variables(route: str, path: str) -> Iterator[tuple[str, str]]:
    """The variable parts of a route (``/products/{id}``, ``/products/:id``, ``/products/<id>``) with their values."""
    parts, given = route.strip("/").split("/"), path.split("?")[0].strip("/").split("/")
    if len(parts) == len(given):
        for part, value in zip(parts, given, strict=True):
            if _VARIABLE.match(part) and len(value) <= LONGEST:
                yield f"path {part}", value


def _attributes(text: str) -> Iterator[tuple[str, Any]]:
    try:
        held = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return
    if isinstance(held, dict):
        for name, value in islice(held.items(), MOST_ATTRIBUTES):
            if _sound(value) and not _HELD.match(name) and not _TIMES.search(name):
                yield name, value


def _sound(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 63)
