"""One table of routes from requests that were seen and routes that were declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from loadstone.model.route import Route, Source
from loadstone.traffic.routes import RouteTable, merge

__all__ = ["merged", "observed"]


def observed(seen: Iterable[tuple[str, str, int]], source: Source, declared: Sequence[Route] = ()) -> tuple[Route, ...]:
    """Routes of requests, each (method, target, how often), said to come from this source."""
    table = RouteTable(declared, source=source)
    for method, target, count in seen:
        table.observe(method, target, count)
    return tuple(
        route if source in route.sources or not route.requests else _said(route, source) for route in table.routes()
    )


def merged(*tables: Sequence[Route]) -> tuple[Route, ...]:
    """All of them as one table: what several sources name is one route."""
    return merge(*[table for table in tables if table])


def _said(route: Route, source: Source) -> Route:
    return msgspec.structs.replace(route, sources=(*route.sources, source))
