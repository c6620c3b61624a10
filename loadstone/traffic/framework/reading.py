"""The file that a service's processes wrote, as routes: each path once, whoever of them told it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from loadstone.model.discovery import Database, Dependency
from loadstone.model.route import Field, Framework, Route
from loadstone.traffic.framework.settings import caches, databases
from loadstone.traffic.framework.spellings import CONVERTERS, spelt

__all__ = ["FrameworkRoutes", "read_routes"]

FORMAT = 1

NAMES: Mapping[str, str] = {
    "django": "Django",
    "flask": "Flask",
    "starlette": "Starlette",
    "aiohttp": "aiohttp",
    "express": "Express",
    "fastify": "Fastify",
    "koa": "Koa router",
}

_SUFFIX = re.compile(r"^(.*?)/?\.?\{format\}/?$")
"""What Django REST framework puts behind each of its routes: ``/users.json`` beside ``/users/``."""

_SENT = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""Methods that become routes: HEAD and OPTIONS are answered by frameworks themselves."""


class FrameworkRoutes(msgspec.Struct, frozen=True):
    """``framework`` is its name and version (``Django 5.2``), ``notes`` what was left out and what was taken as given.

    ``databases`` and ``dependencies`` are what the framework is configured with, ``login_path`` where it sends those
    who are not logged in, ``openapi_path`` where its own document is.
    """

    framework: str
    routes: tuple[Route, ...]
    notes: tuple[str, ...] = ()
    databases: tuple[Database, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    login_path: str | None = None
    openapi_path: str | None = None


def read_routes(file: Path) -> FrameworkRoutes | None:
    """What the service wrote; None where it wrote nothing. Lines that are half-written or none of ours are passed
    over."""
    tables = list(_tables(file))
    if not tables:
        return None
    counts = _Counts()
    found: dict[str, Route] = {}
    for table in tables:
        for row in table.get("rows") or ():
            for route in _routes(row, table, counts):
                found.setdefault(route.id, route)
    for name in [name for name in found if _SUFFIX.sub(r"\1", name) in found or _SUFFIX.sub(r"\1/", name) in found]:
        if _SUFFIX.search(name) and found[name].sources == ("django",):
            counts.suffixed.add(name)
            del found[name]
    names = dict.fromkeys(_name(table) for table in tables)
    told = [table for table in tables if isinstance(table.get("databases"), list)]
    return FrameworkRoutes(
        framework=", ".join(names),
        routes=tuple(sorted(found.values(), key=lambda route: (route.template, route.method))),
        notes=tuple(counts.notes(found.values())),
        databases=tuple(dict.fromkeys(each for table in told for each in databases(table["databases"]))),
        dependencies=tuple(dict.fromkeys(each for table in tables for each in caches(table.get("caches")))),
        login_path=next((str(table["login_path"]) for table in tables if table.get("login_path")), None),
        openapi_path=next((str(table["openapi_path"]) for table in tables if table.get("openapi_path")), None),
    )


class _Counts:
    """What was left out of the tables, or taken as given."""

    def __init__(self) -> None:
        self.unread: dict[str, str] = {}
        self.sockets: set[str] = set()
        self.suffixed: set[str] = set()
        self.hosts: set[str] = set()
        self.any_method: set[str] = set()
        self.unknown: set[str] = set()

    def notes(self, routes: Iterable[Route]) -> Iterator[str]:
        aside: dict[str, int] = {}
        for route in routes:
            if route.aside is not None:
                aside[route.aside] = aside.get(route.aside, 0) + 1
        if aside:
            listed = ", ".join(f"{count} {name}" for name, count in sorted(aside.items()))
            yield f"Not the service's own work: {listed}."
        if self.any_method:
            yield f"{_views(self.any_method)} any method; GET is taken as given, others where the code names them."
        if self.unknown:
            yield f"Mounted, and not one that tells its routes: {', '.join(sorted(self.unknown))}."
        if self.suffixed:
            yield f"{len(self.suffixed)} more with a format's suffix (.json) are left out."
        if self.sockets:
            yield f"{len(self.sockets)} are WebSockets, which are not driven."
        if self.hosts:
            yield f"Some are bound to a host or a subdomain: {', '.join(sorted(self.hosts))}."
        for path, why in list(self.unread.items())[:3]:
            yield f"A path could not be read: {path} ({why})."


def _views(paths: set[str]) -> str:
    return "1 view takes" if len(paths) == 1 else f"{len(paths)} views take"


def _tables(file: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return
    for line in dict.fromkeys(lines):
        try:
            table = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if isinstance(table, dict) and table.get("format") == FORMAT and table.get("framework") in NAMES:
            yield table


def _name(table: Mapping[str, Any]) -> str:
    product = str(table.get("product") or NAMES[table["framework"]])
    return f"{product} {table.get('version') or ''}".strip()


def _routes(row: Any, table: Mapping[str, Any], counts: _Counts) -> Iterator[Route]:  # noqa: ANN401  as it was written
    if not isinstance(row, dict) or not isinstance(row.get("path"), list):
        return
    if row.get("websocket"):
        counts.sockets.add(str(row["path"]))
        return
    if row.get("unknown"):
        counts.unknown.add(str(row["unknown"]))
        return
    try:
        found = list(spelt(row["path"], _types(row)))
    except (ValueError, TypeError) as error:
        counts.unread["".join(str(segment[-1]) for segment in row["path"] if isinstance(segment, list))] = str(error)
        return
    source: Framework = table["framework"]
    for one in found:
        if row.get("host"):
            counts.hosts.add(str(row["host"]))
        for method in _methods(row, one.template, counts):
            yield Route(
                method,
                one.template,
                (*one.fields, *_query(row)),
                sources=(source,),
                name=str(row.get("name") or ""),
                login=_login(row, table),
                body=str(row["body"]) if row.get("body") and method not in ("GET", "DELETE") else None,
                aside=row.get("aside"),
            )


def _methods(row: Mapping[str, Any], template: str, counts: _Counts) -> tuple[str, ...]:
    told = row.get("methods")
    if isinstance(told, list):
        return tuple(method for method in _SENT if method in told)
    if row.get("aside") is None:
        counts.any_method.add(template)
    return "GET", *(method for method in _SENT if method in (row.get("guessed") or ()))


def _login(row: Mapping[str, Any], table: Mapping[str, Any]) -> bool | None:
    told = row.get("login")
    if table.get("login_wall"):
        return told is not False
    return True if told else None


def _types(row: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What the row says of each field of its path."""
    types: dict[str, Mapping[str, Any]] = {
        str(name): {"regex": regex} for name, regex in (row.get("fields") or {}).items() if regex
    }
    for name, told in (row.get("types") or {}).items():
        types[str(name)] = {**types.get(str(name), {}), **told}
    return types


def _query(row: Mapping[str, Any]) -> Iterator[Field]:
    for told in row.get("query") or ():
        values = tuple(map(str, told.get("values") or ()))
        kind = "word" if values else CONVERTERS.get(str(told.get("type")), "text")
        required = bool(told.get("required"))
        yield Field(str(told["name"]), "query", kind, required, values, (0,) * len(values), len(values))
