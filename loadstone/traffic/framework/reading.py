"""The file that a service's processes wrote, as routes: each path once, whoever of them told it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from loadstone.model.discovery import Database, Dependency
from loadstone.model.route import Field, Route
from loadstone.traffic.framework.settings import caches, databases
from loadstone.traffic.framework.spellings import CONVERTERS, spelt
from loadstone.traffic.framework.written import Parameter, Row, Table, tables

__all__ = ["FrameworkRoutes", "read_routes"]

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
    written = list(tables(file))
    if not written:
        return None
    counts = _Counts()
    found: dict[str, Route] = {}
    for table in written:
        for row in table.read():
            for route in _routes(row, table, counts):
                found.setdefault(route.id, route)
    for name in [name for name in found if _SUFFIX.sub(r"\1", name) in found or _SUFFIX.sub(r"\1/", name) in found]:
        if _SUFFIX.search(name) and found[name].sources == ("django",):
            counts.suffixed.add(name)
            del found[name]
    names = dict.fromkeys(f"{table.product or NAMES[table.framework]} {table.version}".strip() for table in written)
    return FrameworkRoutes(
        framework=", ".join(names),
        routes=tuple(sorted(found.values(), key=lambda route: (route.template, route.method))),
        notes=tuple(counts.notes(found.values())),
        databases=tuple(dict.fromkeys(each for table in written for each in databases(table.databases or ()))),
        dependencies=tuple(dict.fromkeys(each for table in written for each in caches(table.caches or ()))),
        login_path=next((table.login_path for table in written if table.login_path), None),
        openapi_path=next((table.openapi_path for table in written if table.openapi_path), None),
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
            one = len(self.sockets) == 1
            yield f"{len(self.sockets)} {'is a WebSocket' if one else 'are WebSockets'}, not driven."
        if self.hosts:
            yield f"Some are bound to a host or a subdomain: {', '.join(sorted(self.hosts))}."
        for path, why in list(self.unread.items())[:3]:
            yield f"A path could not be read: {path} ({why})."


def _views(paths: set[str]) -> str:
    return "1 view takes" if len(paths) == 1 else f"{len(paths)} views take"


def _routes(row: Row, table: Table, counts: _Counts) -> Iterator[Route]:
    if row.websocket:
        counts.sockets.add(str(row.path))
        return
    if row.unknown:
        counts.unknown.add(row.unknown)
        return
    try:
        found = list(spelt(row.path, _types(row)))
    except (ValueError, TypeError) as error:
        counts.unread["".join(str(segment[-1]) for segment in row.path if segment)] = str(error)
        return
    for one in found:
        if row.host:
            counts.hosts.add(row.host)
        for method in _methods(row, one.template, counts):
            yield Route(
                method,
                one.template,
                (*one.fields, *_query(row)),
                sources=(table.framework,),
                name=row.name,
                login=row.login is not False if table.login_wall else True if row.login else None,
                body=row.body if method not in ("GET", "DELETE") else None,
                aside=row.aside,
            )


def _methods(row: Row, template: str, counts: _Counts) -> tuple[str, ...]:
    if row.methods is not None:
        return tuple(method for method in _SENT if method in row.methods)
    if row.aside is None:
        counts.any_method.add(template)
    return "GET", *(method for method in _SENT if method in row.guessed)


def _types(row: Row) -> dict[str, Parameter]:
    """What the row says of each field of its path."""
    types = {name: Parameter(regex=regex) for name, regex in row.fields.items() if regex}
    for name, told in row.types.items():
        types[name] = msgspec.structs.replace(told, regex=told.regex or types.get(name, told).regex)
    return types


def _query(row: Row) -> Iterator[Field]:
    for told in row.query:
        if told.name:
            kind = "word" if told.values else CONVERTERS.get(told.type, "text")
            count = len(told.values)
            yield Field(told.name, "query", kind, told.required, told.values, (0,) * count, count)
