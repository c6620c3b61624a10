"""urllib3: one span for each request that is sent, so one for each retry and redirect."""

from __future__ import annotations

from . import core, hooks, outgoing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

REQUEST = outgoing.operation("urllib3")

_PORTS = {"http": 80, "https": 443}


def install(module: ModuleType) -> None:
    """Patch the one method that sends; requests, and what else builds on urllib3, come through it."""
    from urllib3._version import __version__ as version

    if not core.supports("urllib3", version, (1, 25), (3,)):
        return
    if hooks.patch(module.HTTPConnectionPool, "_make_request", _make_request):
        core.covered("urllib3", version)
    else:
        core.not_covered("urllib3", version, "its method is not where it was")


def _make_request(original: Callable[..., Any]) -> Callable[..., Any]:
    def _make_request(self: Any, conn: Any, method: Any, url: Any, *arguments: Any, **named: Any) -> Any:
        span = outgoing.begin(REQUEST)
        texts: dict[str, str] = {}
        try:
            if "headers" in named and not outgoing.named_in(named["headers"] or ()):
                headers = {} if named["headers"] is None else named["headers"].copy()
                headers[outgoing.HEADER] = span.traceparent()
                named["headers"] = headers
            if span.recorded:
                path, query = outgoing.split(url)
                server = f"{self.host}:{self.port or _PORTS.get(self.scheme, 0)}"
                texts = {"method": str(method), "path": path, "query": query, "server": server}
        except Exception:  # what the caller passed is for urllib3 to judge
            pass
        try:
            response = original(self, conn, method, url, *arguments, **named)
        except BaseException as error:
            outgoing.failed(span, error, **texts)
            raise
        outgoing.answered(span, response.status, **texts)
        return response

    return _make_request
