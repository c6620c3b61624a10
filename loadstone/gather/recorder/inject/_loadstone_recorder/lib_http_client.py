"""http.client, and urllib.request above it: where no other library's span is open already.

From ``request`` to the headers of the answer. What is put together by ``putrequest`` is not seen.
"""

from __future__ import annotations

import sys

from . import core, hooks, outgoing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

REQUEST = outgoing.operation("http.client")
_SPAN = "_loadstone_span"


def install(module: ModuleType) -> None:
    """Patch both halves of an exchange."""
    connection = module.HTTPConnection
    if hooks.patch(connection, "request", _request) and hooks.patch(connection, "getresponse", _getresponse):
        core.covered("http.client", ".".join(map(str, sys.version_info[:3])))


def _request(original: Callable[..., Any]) -> Callable[..., Any]:
    def request(self: Any, method: Any, url: Any, body: Any = None, headers: Any = None, **named: Any) -> Any:
        if headers is None:
            headers = {}
        if outgoing.inside():
            return original(self, method, url, body, headers, **named)
        span = outgoing.begin(REQUEST)
        try:
            if isinstance(headers, dict) and not outgoing.named_in(headers):
                headers = {**headers, outgoing.HEADER: span.traceparent()}
            span.method, span.server = str(method), f"{self.host}:{self.port}"
            span.path, span.query = outgoing.split(url)
        except Exception:  # what the caller passed is for http.client to judge
            pass
        try:
            result = original(self, method, url, body, headers, **named)
        except BaseException as error:
            outgoing.failed(span, error)
            raise
        if core.current() is span:  # open, but not for what the application does meanwhile
            core.set_current(span.previous)
        self.__dict__[_SPAN] = span
        return result

    return request


def _getresponse(original: Callable[..., Any]) -> Callable[..., Any]:
    def getresponse(self: Any, *arguments: Any, **named: Any) -> Any:
        span = self.__dict__.pop(_SPAN, None)
        if span is None:
            return original(self, *arguments, **named)
        try:
            response = original(self, *arguments, **named)
        except BaseException as error:
            outgoing.failed(span, error)
            raise
        core.leave(span, str(response.status) if response.status >= 400 else None, response.status)
        return response

    return getresponse
