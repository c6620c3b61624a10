"""A document of an interface to routes: OpenAPI 3.0 and 3.1, and Swagger 2.0."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from loadstone.model.discovery import Login
from loadstone.model.route import Route
from loadstone.traffic.openapi.document import Document, Path, read_text
from loadstone.traffic.openapi.examples import example_of
from loadstone.traffic.openapi.parameters import Parameter, fields_of, parameters_of
from loadstone.traffic.openapi.security import Operation, Scheme, login_of, needs_login, schemes_of
from loadstone.traffic.openapi.servers import address_of, base_paths

__all__ = ["OpenApi", "read_openapi"]

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_LONGEST_EXAMPLE = 64 * 1024
"""Bytes of an example of a body; a larger one is no example that a spec should hold."""


class OpenApi(msgspec.Struct, frozen=True):
    """What a document says. ``base_path`` stands before each route's template already.

    ``guessed`` names fields whose values were made up, as ``GET /products/{id} id``; ``deprecated`` are routes' ids.
    ``keys`` are credentials that go with each request and that no login gives: ``header x-api-key``. ``notes`` are
    sentences, those about a place with its file and line.
    """

    title: str
    version: str
    base_path: str
    routes: tuple[Route, ...]
    login: Login | None
    notes: tuple[str, ...]
    guessed: tuple[str, ...] = ()
    deprecated: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


def read_openapi(text: str | bytes | Mapping[str, object], *, at: str, url: str | None = None) -> OpenApi:
    """Read a document that came from ``at``, a file or an address, for the service at ``url``.

    Raises SpecError with file and line for what is no such document; smaller faults are notes.
    """
    document = read_text(text, at)
    _check_version(document)
    return _Reader(document, url).read()


def _check_version(document: Document) -> None:
    version = document.data.get("openapi", document.data.get("swagger"))
    if version is None:
        keys = ", ".join(list(document.data)[:5])
        if isinstance(document.data.get("log"), dict):
            document.fail((), "log", "this is a recording (HAR); give it with --har")
        if isinstance(document.data.get("info"), dict) and "item" in document.data:
            document.fail((), "info, item", "this is a Postman collection; give it with --postman")
        document.fail((), f"a document with {keys or 'nothing'}", 'one of OpenAPI begins with "openapi: 3…"')
    if not str(version).startswith(("3.0", "3.1", "3.2", "2.0")) and str(version) not in ("2", "3"):
        key = "openapi" if "openapi" in document.data else "swagger"
        document.fail((key,), f"{key}: {str(version)[:20]}", "this reads OpenAPI 3.0 and 3.1, and Swagger 2.0")
    if not isinstance(document.data.get("paths", {}), dict):
        document.fail(("paths",), "paths", "paths are a table: a path, then its methods")


class _Reader:
    def __init__(self, document: Document, url: str | None) -> None:
        self._document = document
        self._url = url
        self._swagger = "swagger" in document.data
        self._schemes: dict[str, Scheme] = schemes_of(document)
        self._operations: list[Operation] = []
        self._guessed: list[str] = []
        self._deprecated: list[str] = []

    def read(self) -> OpenApi:
        document = self._document
        base = self._base()
        paths = document.data.get("paths")
        routes: dict[str, Route] = {}
        for name, entry in paths.items() if isinstance(paths, dict) else ():
            if str(name).startswith("x-"):
                continue
            if not str(name).startswith("/"):
                document.note(("paths", name), f'the path "{str(name)[:60]}" does not begin with /, and was left out')
                continue
            for route in self._routes(str(name), entry, base):
                routes.setdefault(route.id, route)
        info = document.table(document.data.get("info", {}), ("info",))
        host = address_of(self._url).netloc if self._url else None
        notes = list(document.notes)
        if not routes:
            notes.insert(0, f"{document.at} names no path")
        if self._deprecated:
            notes.append(f"{len(self._deprecated)} routes are deprecated: {_some(self._deprecated)}")
        if document.data.get("webhooks"):
            notes.append("webhooks, which the service sends itself, were left out")
        keys = tuple(f"{one.where} {one.field}" for one in self._schemes.values() if one.kind == "key")
        return OpenApi(
            title=str(info.get("title") or ""),
            version=str(document.data.get("openapi", document.data.get("swagger"))),
            base_path=base,
            routes=tuple(routes.values()),
            login=login_of(document, self._schemes, self._operations, base, host),
            notes=tuple(notes),
            guessed=tuple(self._guessed),
            deprecated=tuple(self._deprecated),
            keys=keys,
        )

    def _base(self) -> str:
        if self._swagger:
            base = str(self._document.data.get("basePath") or "").rstrip("/")
            return base if not base or base.startswith("/") else f"/{base}"
        return base_paths(self._document, self._document.data, (), self._url) or ""

    def _routes(self, name: str, entry: object, base: str) -> list[Route]:
        document, path = self._document, ("paths", name)
        item = document.table(entry, path)
        above = base_paths(document, item, path, self._url)
        found: list[Route] = []
        for method in _METHODS:
            if method not in item:
                continue
            here: Path = (*path, method)
            table = document.table(item[method], here)
            if not isinstance(document.resolved(item[method], here)[0], dict):
                continue
            own = base_paths(document, table, here, self._url)
            before = next((one for one in (own, above) if one is not None), base)
            parameters = parameters_of(document, item, table, here)
            found.append(self._route(method.upper(), before + name, table, parameters, here))
        return found

    def _route(
        self, method: str, template: str, table: dict[str, object], parameters: list[Parameter], path: Path
    ) -> Route:
        document = self._document
        fields, made_up = fields_of(document, parameters, template)
        media_type, schema, example = self._body(table, parameters, path)
        schema_table = schema if isinstance(schema, dict) else None
        self._operations.append(Operation(method, template, table, schema_table, media_type))
        login = needs_login(document, table, self._schemes)
        name = table.get("operationId") or table.get("summary")
        route = Route(
            method=method,
            template=template,
            fields=fields,
            sources=("openapi",),
            name=str(name).strip()[:120] if isinstance(name, str) else "",
            login=login,
            body=media_type,
            example=example,
        )
        self._guessed += [f"{route.id} {one}" for one in made_up]
        if table.get("deprecated") is True:
            self._deprecated.append(route.id)
        return route

    def _body(
        self, table: dict[str, object], parameters: list[Parameter], path: Path
    ) -> tuple[str | None, object, str | None]:
        """Media type, schema and an example of the body that an operation takes."""
        document = self._document
        if self._swagger:
            return self._swagger_body(table, parameters)
        body = document.table(table.get("requestBody", {}), (*path, "requestBody"))
        content = body.get("content")
        if not isinstance(content, dict) or not content:
            return None, None, None
        media_type = min(content, key=_preference)
        media = document.table(content[media_type], (*path, "requestBody", "content", media_type))
        schema = media.get("schema")
        value: object = media.get("example")
        if value is None and isinstance(listed := media.get("examples"), dict):
            tables = (document.table(one, path) for one in listed.values())
            value = next((one["value"] for one in tables if one.get("value") is not None), None)
        if value is None:
            value = example_of(document, schema).value
        return media_type, document.resolved(schema)[0], _text_of(value, media_type)

    def _swagger_body(
        self, table: dict[str, object], parameters: list[Parameter]
    ) -> tuple[str | None, object, str | None]:
        document = self._document
        consumes = table.get("consumes", document.data.get("consumes"))
        types = [str(one) for one in consumes] if isinstance(consumes, list) else []
        for one in parameters:
            if one.where == "body":
                media_type = min(types or ["application/json"], key=_preference)
                value = example_of(document, one.table.get("schema")).value
                return media_type, document.resolved(one.table.get("schema"))[0], _text_of(value, media_type)
        fields = [one for one in parameters if one.where == "formData"]
        if not fields:
            return None, None, None
        files = any(one.table.get("type") == "file" for one in fields)
        form = "application/x-www-form-urlencoded"
        media_type = "multipart/form-data" if files else next((one for one in types if one == form), form)
        required = [one.name for one in fields if one.table.get("required") is True]
        schema: dict[str, object] = {"type": "object", "properties": {one.name: one.table for one in fields}}
        if required:
            schema["required"] = required
        bare = {name: _without_required(one) for name, one in ((one.name, one.table) for one in fields)}
        value = example_of(document, {**schema, "properties": bare}).value
        return media_type, schema, _text_of(value, media_type)


def _without_required(table: dict[str, object]) -> dict[str, object]:
    """Swagger's ``required: true`` of a form's field is no list of a schema's properties."""
    return {key: value for key, value in table.items() if key != "required"}


def _preference(media_type: str) -> tuple[int, str]:
    """JSON before a form before anything else."""
    essence = media_type.partition(";")[0].strip().lower()
    if essence in ("application/json", "*/*"):
        return (0, essence)
    if re.fullmatch(r"[a-z]+/([a-z0-9.+-]+\+)?json", essence):
        return (1, essence)
    order = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
    return (2 + order.index(essence) if essence in order else 9, essence)


def _text_of(value: object, media_type: str) -> str | None:
    """An example as it would be sent; None for files, XML and others that are not made here."""
    essence = media_type.partition(";")[0].strip().lower()
    text: str | None = None
    if value is None:
        return None
    if "json" in essence or essence == "*/*":
        text = json.dumps(value, ensure_ascii=False, default=str)
    elif essence == "application/x-www-form-urlencoded" and isinstance(value, dict):
        pairs = {key: inner if isinstance(inner, str | list) else json.dumps(inner) for key, inner in value.items()}
        text = urlencode(pairs, doseq=True)
    elif isinstance(value, str) and not essence.startswith("multipart/"):
        text = value
    return text if text and len(text) <= _LONGEST_EXAMPLE else None


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
