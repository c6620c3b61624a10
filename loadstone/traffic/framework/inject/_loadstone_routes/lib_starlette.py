"""Starlette and FastAPI: the routes of the outermost application, with all that is mounted and included in it."""
# ruff: noqa: ANN401, TID252

from __future__ import annotations

import sys

from .imports import patch
from .table import version_of, write
from .views import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

__all__ = ["install"]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_DEPTH = 30
_asked = set()  # type: ignore[var-annotated]


def install(module: ModuleType) -> None:
    """Patch the application's class, which FastAPI's is a child of."""
    patch(module.Starlette, "__call__", _call)


def _call(original: Callable[..., Any]) -> Callable[..., Any]:
    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        if id(self) not in _asked:
            try:
                if scope["type"] == "http":
                    _asked.add(id(self))
                    # Within a mount the way there is in the scope already: the outer application told of this one.
                    if "app_root_path" not in scope and "endpoint" not in scope:
                        _write(self)
            except Exception:
                pass
        return await original(self, scope, receive, send)

    return __call__


def _write(app: Any) -> None:
    name = "fastapi" if "fastapi" in sys.modules and type(app).__mro__[0].__module__ != "starlette.applications" else ""
    documents = getattr(app, "openapi_url", None)
    rows = list(_rows(_routes(app), [], 0))
    write(
        "starlette",
        version_of(name or "starlette"),
        rows,
        product="FastAPI" if name else "Starlette",
        openapi_path=documents,
    )


def _routes(app: Any) -> Any:
    """The application's routes; FastAPI (0.150 and later) joins those of an included router only when asked."""
    routes = getattr(app, "routes", None) or ()
    contexts = getattr(sys.modules.get("fastapi.routing"), "iter_route_contexts", None)
    return list(contexts(routes)) if contexts is not None else routes


def _rows(routes: Any, path: list[list[Any]], depth: int) -> Iterator[dict[str, Any]]:
    for each in routes:
        each = getattr(each, "_effective_route", None) or each
        inner = getattr(each, "app", None)
        kind = type(each).__name__
        if kind in ("Mount", "Host"):
            here = path if kind == "Host" else [*path, ["braces", str(getattr(each, "path", ""))]]
            if depth < _DEPTH:
                yield from _mounted(inner, here, depth)
            continue
        own = getattr(each, "path", None)
        if not isinstance(own, str):
            continue
        endpoint = getattr(each, "endpoint", None)
        yield {
            "path": [*path, ["braces", own]],
            "methods": _methods(each, endpoint),
            "name": str(getattr(each, "name", "") or ""),
            "aside": _aside(each, endpoint),
            "login": _login(getattr(each, "dependant", None)),
            "websocket": "WebSocket" in kind,
            **_parameters(getattr(each, "dependant", None)),
        }


def _mounted(app: Any, path: list[list[Any]], depth: int) -> Iterator[dict[str, Any]]:
    """What lies under a mount: files, another application of this kind, one of Flask behind a bridge, or unknown."""
    last = app
    for _ in range(_DEPTH):
        if app is None:
            break
        last = app
        if type(app).__name__.endswith("StaticFiles"):
            yield {"path": [*path, ["braces", "/{path:path}"]], "methods": ["GET"], "aside": "static", "name": ""}
            return
        if hasattr(app, "url_map"):
            from .lib_flask import rules

            for row in rules(app):
                yield {**row, "path": [*path, *row["path"]]}
            return
        routes = getattr(app, "routes", None)
        if routes is not None:
            yield from _rows(_routes(app), path, depth + 1)
            return
        app = getattr(app, "app", None) or getattr(app, "application", None)
    name = name_of(last)
    if not name.startswith("django."):  # which tells its own
        yield {"path": [*path, ["braces", "/{path:path}"]], "methods": None, "name": "", "unknown": name}


def _methods(route: Any, endpoint: Any) -> list[str] | None:
    methods = getattr(route, "methods", None)
    if methods:
        return sorted(str(method) for method in methods)
    return [method for method in _METHODS if hasattr(endpoint, method.lower())] or None


def _aside(route: Any, endpoint: Any) -> str | None:
    if type(route).__name__ == "_FrontendRoute":
        return "static"
    module = getattr(endpoint, "__module__", None) or ""
    return "docs" if module == "fastapi.applications" else "admin" if module.startswith("sqladmin.") else None


def _login(dependant: Any, depth: int = 0) -> bool | None:
    """True where a dependency is one of FastAPI's security schemes."""
    if dependant is None or depth > _DEPTH:
        return None
    if getattr(dependant, "security_requirements", None):
        return True
    call = getattr(dependant, "call", None)
    if any(base.__name__ == "SecurityBase" for base in type(call).__mro__):
        return True
    inner = getattr(dependant, "dependencies", None) or ()
    return True if any(_login(each, depth + 1) for each in inner) else None


def _parameters(dependant: Any) -> dict[str, Any]:
    """The parameters of path and query with their types' names, as FastAPI reads them."""
    if dependant is None:
        return {}
    fields = {}
    query = []
    try:
        for field in dependant.path_params:
            fields[str(field.alias)] = _type(field)
        for field in dependant.query_params:
            told = {"name": str(field.alias), "required": _required(field), **_type(field)}
            query.append(told)
    except Exception:
        pass  # another FastAPI than we know: names come from the path alone
    body = "application/json" if getattr(dependant, "body_params", None) else None
    return {"types": fields, "query": query, "body": body}


def _required(field: Any) -> bool:
    info = getattr(field, "field_info", None)
    asked = getattr(info, "is_required", None)
    return bool(asked()) if callable(asked) else bool(getattr(field, "required", True))


def _type(field: Any) -> dict[str, Any]:
    kind = getattr(field, "type_", None) or getattr(getattr(field, "field_info", None), "annotation", None)
    members = getattr(kind, "__members__", None)
    values = [str(getattr(each, "value", each)) for each in members.values()] if members else []
    return {"type": str(getattr(kind, "__name__", kind)), "values": values[:50]}
