"""Flask: the rule that a request matched, the exception behind a 500, and the span itself under servers unknown."""

from __future__ import annotations

import sys

from . import core, hooks
from .lib_wsgi import answer
from .server import KEY, failed, routed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any


def install(module: ModuleType) -> None:
    """Patch the application's class."""
    core.covered("flask", core.version_of("flask"), ("wsgi",))
    hooks.patch(module.Flask, "__call__", _call)
    hooks.patch(module.Flask, "dispatch_request", _dispatch_request)
    hooks.patch(module.Flask, "handle_exception", _handle_exception)


def _call(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if KEY in environ:
            return original(self, environ, start_response)
        return answer(lambda *given: original(self, *given), environ, start_response)

    return __call__


def _dispatch_request(original: Callable[..., Any]) -> Callable[..., Any]:
    def dispatch_request(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            rule = sys.modules["flask.globals"].request.url_rule
            if rule is not None:
                routed(rule.rule)
        except Exception:
            pass  # outside a request, or another Flask than we know: no route, and no harm
        return original(self, *arguments, **named)

    return dispatch_request


def _handle_exception(original: Callable[..., Any]) -> Callable[..., Any]:
    def handle_exception(self: Any, *arguments: Any, **named: Any) -> Any:
        if arguments and isinstance(arguments[-1], BaseException):
            failed(arguments[-1])
        return original(self, *arguments, **named)

    return handle_exception
