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
        put = None
        try:
            headers: Any = named.get("headers")
            # requests' headers keep their names in lower case inside: asked there it costs a tenth.
            names: Any = getattr(headers, "_store", headers)
            given = outgoing.named_in(names) if names is headers and type(headers) is dict else outgoing.HEADER in names
            if not given:
                if self.proxy is not None:
                    headers = named["headers"] = headers.copy()  # perhaps the pool's own
                # Otherwise a copy that urlopen has made for this call; a retry gets a header of its own.
                headers[outgoing.HEADER] = span.traceparent()
                put = headers
            if span.recorded:
                span.method = str(method)
                span.path, span.query = outgoing.split(url)
                span.server = f"{self.host}:{self.port or _PORTS.get(self.scheme, 0)}"
        except Exception:  # what the caller passed is for urllib3 to judge
            pass
        try:
            response = original(self, conn, method, url, *arguments, **named)
        except BaseException as error:
            outgoing.failed(span, error)
            raise
        finally:
            if put is not None and outgoing.HEADER in getattr(put, "_store", put):
                del put[outgoing.HEADER]
        outgoing.answered(span, response.status)
        return response

    return _make_request
