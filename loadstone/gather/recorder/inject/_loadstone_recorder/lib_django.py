"""Django: the route that a request matched, the exception behind a 500, and the span itself under servers unknown.

Nothing here touches the settings: patched are classes and functions of handlers, which are imported by then.
"""

from __future__ import annotations

from . import core, hooks
from .lib_asgi import answer as answer_asgi
from .lib_wsgi import answer as answer_wsgi
from .server import KEY, failed, routed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any


def install(module: ModuleType) -> None:
    """Patch what this module of Django holds."""
    name = module.__name__
    if name == "django.core.handlers.base":
        core.covered("django", core.version_of("django"), ("wsgi", "asgi"))
        hooks.patch(module.BaseHandler, "resolve_request", _resolve_request)
    elif name == "django.core.handlers.wsgi":
        hooks.patch(module.WSGIHandler, "__call__", _call)
    elif name == "django.core.handlers.asgi":
        hooks.patch(module.ASGIHandler, "__call__", _call_async)
    elif name == "django.core.handlers.exception":
        hooks.patch(module, "handle_uncaught_exception", _uncaught)


def _resolve_request(original: Callable[..., Any]) -> Callable[..., Any]:
    def resolve_request(self: Any, request: Any) -> Any:
        match = original(self, request)
        route = getattr(match, "route", None)
        if isinstance(route, str):
            routed("/" + route.lstrip("^").lstrip("/"))
        return match

    return resolve_request


def _uncaught(original: Callable[..., Any]) -> Callable[..., Any]:
    def handle_uncaught_exception(*arguments: Any, **named: Any) -> Any:
        error = core.caught()
        if error is not None:
            failed(error)
        return original(*arguments, **named)

    return handle_uncaught_exception


def _call(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if KEY in environ:
            return original(self, environ, start_response)
        return answer_wsgi(lambda *given: original(self, *given), environ, start_response)

    return __call__


def _call_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def __call__(self: Any, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        if KEY in scope:
            return await original(self, scope, receive, send)
        return await answer_asgi(lambda *given: original(self, *given), scope, receive, send)

    return __call__
