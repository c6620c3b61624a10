"""WSGI servers: the application that they call is wrapped where they take it.

gunicorn's workers (sync, gthread, gevent), wsgiref (and with it Django's runserver), Werkzeug (Flask's server),
waitress and cheroot. A server that none of these is stands behind the framework's own hook, which wraps the same way.
"""

from __future__ import annotations

import sys

from . import core, hooks
from .server import KEY, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

__all__ = ["answer", "install", "wrapped"]

REQUEST = core.operation("wsgi", "server")

_servers: set[str] = set()


def install(module: ModuleType) -> None:
    """Patch the place of this server where the application comes in."""
    name = module.__name__
    if name == "gunicorn.workers.base":
        hooks.patch(module.Worker, "load_wsgi", _gunicorn)
    elif name == "wsgiref.handlers":
        hooks.patch(module.BaseHandler, "run", _wsgiref)
    elif name == "werkzeug.serving":
        hooks.patch(module.BaseWSGIServer, "__init__", _werkzeug)
    elif name == "waitress.server":
        hooks.patch(module.BaseWSGIServer, "__init__", _waitress)
    elif name == "cheroot.wsgi":
        hooks.patch(module.Server, "__init__", _cheroot)


def _gunicorn(original: Callable[..., Any]) -> Callable[..., Any]:
    def load_wsgi(self: Any) -> Any:
        result = original(self)
        # Workers of uvicorn take an ASGI application by the same road; they have a hook of their own.
        if not type(self).__module__.startswith("uvicorn") and hasattr(self, "wsgi"):
            self.wsgi = wrapped(self.wsgi, "gunicorn")
        return result

    return load_wsgi


def _wsgiref(original: Callable[..., Any]) -> Callable[..., Any]:
    def run(self: Any, application: Any) -> Any:
        return original(self, wrapped(application, "wsgiref"))

    return run


def _werkzeug(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.app = wrapped(self.app, "werkzeug")

    return __init__


def _waitress(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(self: Any, application: Any, *arguments: Any, **named: Any) -> None:
        original(self, wrapped(application, "waitress"), *arguments, **named)

    return __init__


def _cheroot(original: Callable[..., Any]) -> Callable[..., Any]:
    def __init__(self: Any, bind_addr: Any, wsgi_app: Any, *arguments: Any, **named: Any) -> None:
        original(self, bind_addr, wrapped(wsgi_app, "cheroot") if callable(wsgi_app) else wsgi_app, *arguments, **named)

    return __init__


def wrapped(application: Any, server: str) -> Any:
    """The application, its requests recorded; ``server`` is the package that calls it."""
    if isinstance(application, Recorded) or not callable(application):
        return application
    if server not in _servers:
        _servers.add(server)
        core.covered("wsgi", f"{server} {core.version_of(server)}".strip())
    return Recorded(application)


class Recorded:
    """Stands for the application towards the server."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __getattr__(self, name: str) -> Any:
        return getattr(self._application, name)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return answer(self._application, environ, start_response)


def answer(application: Callable[..., Any], environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Call the application within a span, unless an outer layer has opened it."""
    if KEY in environ:
        return application(environ, start_response)
    request = Answer(REQUEST, environ.get("HTTP_TRACEPARENT"), True)
    environ[KEY] = request
    if request.recorded:
        request.method = environ.get("REQUEST_METHOD", "")
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        request.path = path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")
        request.query = environ.get("QUERY_STRING", "")

    def started(status: str, headers: Any, *more: Any) -> Any:
        write = start_response(status, headers, *more)
        number = status[:3]
        request.begin(int(number) if number.isdecimal() else 0)
        return write

    before = sys.exc_info()[1]
    try:
        result = application(environ, started)
    except BaseException as error:
        request.end(error)
        raise
    wrapper = environ.get("wsgi.file_wrapper")
    if isinstance(wrapper, type) and isinstance(result, wrapper):
        _end_with(result, request)  # the server knows it by its class, and sends it without iterating
        return result
    request.result, request.before = result, before
    return Sized(request) if hasattr(result, "__len__") else request


class Answer(Request):
    """A request and its answer's body in one. A server closes a body when all is sent, and when the client has left
    (PEP 3333)."""

    result: Any = None
    before: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.result)

    def close(self) -> None:
        """End the application's body, then the span."""
        try:
            close = getattr(self.result, "close", None)
            if close is not None:
                close()
        finally:
            error = sys.exc_info()[1]
            self.end(None if error is self.before else error)


class Sized:
    """A body whose number of parts is known: of one part, a server makes the content's length."""

    def __init__(self, request: Answer) -> None:
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._request.result)

    def __len__(self) -> int:
        return len(self._request.result)

    def close(self) -> None:
        """As the answer's."""
        self._request.close()


def _end_with(result: Any, request: Request) -> None:
    close = getattr(result, "close", None)

    def closed() -> None:
        try:
            if close is not None:
                close()
        finally:
            request.end()

    try:
        result.close = closed
    except AttributeError:
        request.end()
