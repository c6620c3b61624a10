"""ASGI servers: the application that they call is wrapped where they take it.

uvicorn (also as gunicorn's worker), hypercorn, daphne, gunicorn's own worker. Only requests: websockets and lifespans
pass untouched. A request hops between tasks and threads, so its spans have no CPU time of a thread.
"""

from __future__ import annotations

from . import core, hooks
from .server import KEY, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

__all__ = ["answer", "install", "wrapped"]

REQUEST = core.operation("asgi", "server")

_servers: set[str] = set()


def install(module: ModuleType) -> None:
    """Patch the place of this server where the application comes in."""
    name = module.__name__
    if name == "uvicorn.config":
        hooks.patch(module.Config, "load", _uvicorn)
    elif name == "hypercorn.app_wrappers":
        hooks.patch(module.ASGIWrapper, "__init__", _hypercorn)
    elif name == "daphne.server":
        hooks.patch(module.Server, "__init__", _daphne)
    elif name == "gunicorn.workers.gasgi":
        hooks.patch(module.ASGIWorker, "load_wsgi", _gunicorn)


def _uvicorn(original: Callable[..., Any]) -> Callable[..., Any]:
    def load(self: Any) -> Any:
        result = original(self)
        self.loaded_app = wrapped(self.loaded_app, "uvicorn")
        return result

    return load


def _hypercorn(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(self: Any, app: Any, *arguments: Any, **named: Any) -> None:
        original(self, wrapped(app, "hypercorn"), *arguments, **named)

    return __init__


def _daphne(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(self: Any, application: Any, *arguments: Any, **named: Any) -> None:
        original(self, wrapped(application, "daphne"), *arguments, **named)

    return __init__


def _gunicorn(original: Callable[..., Any]) -> Callable[..., Any]:
    def load_wsgi(self: Any) -> Any:
        result = original(self)
        if getattr(self, "asgi", None) is not None:
            self.asgi = wrapped(self.asgi, "gunicorn")
        return result

    return load_wsgi


def wrapped(application: Any, server: str) -> Any:
    """The application, its requests recorded; ``server`` is the package that calls it."""
    if isinstance(application, Recorded):
        return application
    if server not in _servers:
        _servers.add(server)
        core.covered("asgi", f"{server} {core.version_of(server)}".strip())
    return Recorded(application)


class Recorded:
    """Stands for the application towards the server."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __getattr__(self, name: str) -> Any:
        return getattr(self._application, name)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        return await answer(self._application, scope, receive, send)


async def answer(application: Callable[..., Any], scope: dict[str, Any], receive: Any, send: Any) -> Any:
    """Call the application within a span, unless an outer layer has opened it."""
    if scope["type"] != "http" or KEY in scope:
        return await application(scope, receive, send)
    traceparent = None
    for name, value in scope["headers"]:
        if name == b"traceparent":
            traceparent = value.decode("latin-1")
            break
    request = Request(REQUEST, traceparent, False)
    scope[KEY] = request
    if request.recorded:
        request.method = scope["method"]
        request.path = scope["path"]
        request.query = scope["query_string"].decode("latin-1")

    async def sending(message: Any) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            request.begin(message["status"])
        await send(message)
        if kind == "http.response.body" and not message.get("more_body", False):
            request.end()

    try:
        return await application(scope, receive, sending)
    except BaseException as error:
        request.end(error)
        raise
    finally:
        request.end()
