"""aiohttp's client: one span for each call, to the headers of its last answer; redirects are inside it."""

from __future__ import annotations

import sys

from . import core, hooks, outgoing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

REQUEST = outgoing.operation("aiohttp")


def install(module: ModuleType) -> None:
    """Patch the method that all verbs go through."""
    version = str(getattr(sys.modules.get("aiohttp"), "__version__", ""))
    if not core.supports("aiohttp", version, (3, 7), (4,)):
        return
    if hooks.patch(module.ClientSession, "_request", _request):
        core.covered("aiohttp", version)
    else:
        core.not_covered("aiohttp", version, "its method is not where it was")


def _request(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _request(self: Any, method: Any, str_or_url: Any, **named: Any) -> Any:
        span = outgoing.begin(REQUEST)
        try:
            headers: Any = named.get("headers")
            own = getattr(self, "_default_headers", None) or ()
            pairs = list(headers.items() if hasattr(headers, "items") else headers or ())
            if not outgoing.named_in(name for name, _ in pairs) and outgoing.HEADER not in own:
                named["headers"] = [*pairs, (outgoing.HEADER, span.traceparent())]
            span.method = str(method).upper()
        except Exception:  # what the caller passed is for aiohttp to judge
            pass
        try:
            response = await original(self, method, str_or_url, **named)
        except BaseException as error:
            _where(span, str_or_url)
            outgoing.failed(span, error)
            raise
        _where(span, response.url)
        outgoing.answered(span, response.status)
        return response

    return _request


def _where(span: core.Span, url: Any) -> None:
    """The URL that answered, or else the one that was asked for."""
    if not span.recorded:
        return
    try:
        if isinstance(url, str):
            span.path, span.query = outgoing.split(url)
            host = url.partition("://")[2].partition("/")[0].partition("?")[0]
            span.server = host.rpartition("@")[2]
        else:
            span.path, span.server = url.raw_path, f"{url.raw_host}:{url.port}"
            span.query = outgoing.masked(url.raw_query_string) if url.raw_query_string else ""
    except Exception:
        pass
