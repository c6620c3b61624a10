"""Starlette and FastAPI: the route that a request matched, and the span itself under servers unknown."""

from __future__ import annotations

import sys

from . import core, hooks
from .lib_asgi import answer
from .server import KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any


def install(module: ModuleType) -> None:
    """Patch what this module holds."""
    name = module.__name__
    if name == "starlette.applications":
        core.covered("starlette", core.version_of("starlette"), ("asgi",))
        hooks.patch(module.Starlette, "__call__", _call)
    elif name == "starlette.routing":
        hooks.patch(module.Route, "handle", _handle)
        hooks.patch(module.Mount, "handle", _mounted)
    elif name == "fastapi.routing":
        core.covered("fastapi", core.version_of("fastapi"), ("asgi",))
        if "handle" in vars(module.APIRoute):
            hooks.patch(module.APIRoute, "handle", _handle)


def _call(original: Callable[..., Any]) -> Callable[..., Any]:
    async def __call__(self: Any, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        if KEY in scope:
            return await original(self, scope, receive, send)
        return await answer(lambda *given: original(self, *given), scope, receive, send)

    return __call__


def _handle(original: Callable[..., Any]) -> Callable[..., Any]:
    def handle(self: Any, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        request = scope.get(KEY)
        if request is not None and not request.routed:
            request.routed = True
            request.route += _included(self, scope) or self.path
        return original(self, scope, receive, send)

    return handle


def _mounted(original: Callable[..., Any]) -> Callable[..., Any]:
    def handle(self: Any, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        request = scope.get(KEY)
        if request is not None and not request.routed:
            request.route += self.path
        return original(self, scope, receive, send)

    return handle


def _included(route: Any, scope: dict[str, Any]) -> str:
    """The path of a route of an included router, which newer versions of FastAPI join only when asked."""
    ask = getattr(sys.modules.get("fastapi.routing"), "_get_scope_effective_route_context", None)
    if ask is None:
        return ""
    try:
        context = ask(scope)
        return str(context.path) if context is not None and context.original_route is route else ""
    except Exception:
        return ""
