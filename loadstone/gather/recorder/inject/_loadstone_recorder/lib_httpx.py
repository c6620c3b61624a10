"""httpx, both halves: one span for each request that is sent, ending with the body where ``send`` reads it."""

from __future__ import annotations

from . import core, hooks, outgoing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

REQUEST = outgoing.operation("httpx")
_NAME = outgoing.HEADER.encode()


def install(module: ModuleType) -> None:
    """Patch the clients; the functions of the module make clients."""
    version = str(getattr(module, "__version__", ""))
    if not core.supports("httpx", version, (0, 20), (1,)):
        return
    done = [
        hasattr(module.Headers(), "_list"),
        hooks.patch(module.Client, "_send_single_request", _single),
        hooks.patch(module.Client, "send", _send),
        hooks.patch(module.AsyncClient, "_send_single_request", _single_async),
        hooks.patch(module.AsyncClient, "send", _send_async),
    ]
    if all(done):
        core.covered("httpx", version)
    else:
        core.not_covered("httpx", version, "some of its methods are not where they were")


def _asked(request: Any, span: core.Span) -> Any:
    """Put the header in and say where the request goes; what was put in is returned, None where the caller has one.

    httpx keeps headers in a list of (name as written, name, value), which is ten times as quick as its mapping.
    """
    put = None
    try:
        kept = request.headers._list
        for header in kept:
            if header[1] == _NAME:
                break
        else:
            put = (_NAME, _NAME, span.traceparent().encode())
            kept.append(put)
        if span.recorded:
            url = request.url
            span.method = str(request.method)
            span.server = f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
            span.path, span.query = outgoing.split(url.raw_path.decode("ascii", "replace"))
    except Exception:  # what the caller passed is for httpx to judge
        pass
    return put


def _single(original: Callable[..., Any]) -> Callable[..., Any]:
    def _send_single_request(self: Any, request: Any, *arguments: Any, **named: Any) -> Any:
        span = outgoing.begin(REQUEST)
        put = _asked(request, span)
        try:
            response = original(self, request, *arguments, **named)
        except BaseException as error:
            outgoing.failed(span, error)
            raise
        finally:
            _take_back(request, put)
        outgoing.answered(span, response.status_code)
        return response

    return _send_single_request


def _single_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _send_single_request(self: Any, request: Any, *arguments: Any, **named: Any) -> Any:
        span = outgoing.begin(REQUEST)
        put = _asked(request, span)
        try:
            response = await original(self, request, *arguments, **named)
        except BaseException as error:
            outgoing.failed(span, error)
            raise
        finally:
            _take_back(request, put)
        outgoing.answered(span, response.status_code)
        return response

    return _send_single_request


def _take_back(request: Any, put: Any) -> None:
    """A request may be sent again, and a redirect copies its headers: the next gets a header of its own."""
    if put is not None:
        kept = request.headers._list
        for place in range(len(kept) - 1, -1, -1):
            if kept[place] is put:
                del kept[place]
                return


def _send(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, request: Any, *, stream: bool = False, **named: Any) -> Any:
        above = outgoing.hold(not stream)
        try:
            return original(self, request, stream=stream, **named)
        finally:
            outgoing.whole(above)

    return send


def _send_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def send(self: Any, request: Any, *, stream: bool = False, **named: Any) -> Any:
        above = outgoing.hold(not stream)
        try:
            return await original(self, request, stream=stream, **named)
        finally:
            outgoing.whole(above)

    return send
