"""Routes from raw paths, by the plainest rule: numbers, UUIDs and hashes are values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import parse_qsl

import msgspec

from loadstone.model.route import Field, FieldKind, Route

__all__ = ["RouteTable", "merge"]

_ID = re.compile(r"(?i)(?:\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,64})")


class _Seen:
    def __init__(self) -> None:
        self.count = 0
        self.path: dict[tuple[str, FieldKind], Counter[str]] = {}
        self.query: dict[str, Counter[str]] = {}


class RouteTable:
    """Requests, one by one, to routes."""

    def __init__(self, declared: Sequence[Route] = ()) -> None:
        self._declared = tuple(declared)
        self._seen: dict[tuple[str, str], _Seen] = {}

    def observe(self, method: str, target: str, count: int = 1) -> None:
        """One request, seen so often."""
        path, _, query = target.partition("?")
        made: list[str] = []
        values: list[tuple[str, str, FieldKind]] = []
        for segment in path.split("/"):
            if _ID.fullmatch(segment):
                name = "id" if not values else f"id_{len(values) + 1}"
                values.append((name, segment, "number" if segment.isdigit() else "uuid"))
                made.append(f"{{{name}}}")
            else:
                made.append(segment)
        seen = self._seen.setdefault((method, "/".join(made)), _Seen())
        seen.count += count
        for name, value, kind in values:
            seen.path.setdefault((name, kind), Counter())[value] += count
        for name, value in parse_qsl(query, keep_blank_values=True):
            seen.query.setdefault(name, Counter())[value] += count

    def routes(self) -> tuple[Route, ...]:
        """Those declared, then those seen."""
        made = list(self._declared)
        for (method, template), seen in self._seen.items():
            fields = [
                Field(name, "path", kind, True, tuple(values), tuple(values.values()), len(values))
                for (name, kind), values in seen.path.items()
            ]
            fields += [
                Field(name, "query", "text", False, tuple(values), tuple(values.values()), len(values),
                      share=values.total() / seen.count)
                for name, values in seen.query.items()
            ]  # fmt: skip
            made.append(Route(method, template, tuple(fields), requests=seen.count))
        return tuple(made)


def merge(*tables: Sequence[Route]) -> tuple[Route, ...]:
    """What several tables name, once."""
    found: dict[tuple[str, str], Route] = {}
    for table in tables:
        for route in table:
            key = route.method, re.sub(r"\{[^}]*\}", "{}", route.template).rstrip("/")
            known = found.get(key)
            if known is None:
                found[key] = route
                continue
            sources = tuple(dict.fromkeys((*known.sources, *route.sources)))
            found[key] = msgspec.structs.replace(known, sources=sources, requests=known.requests + route.requests)
    return tuple(found.values())
