"""Requests to other services: one span for each that is sent, and the header that lets the other side join the trace.

A span ends with the headers of the answer. Where a client reads the body before it hands the answer out, the span is
held back (``hold``) until that, or until the next request of a row of redirects and retries begins. Values of the query
are written as keyed hashes only: they are often keys to other services.
"""

from __future__ import annotations

from contextvars import ContextVar

from . import core
from .parameters import fingerprint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["Held", "answered", "begin", "failed", "hold", "inside", "masked", "named_in", "operation", "split", "whole"]

HEADER = "traceparent"
_MANY = 100  # parameters of a query that are written down

_REMEMBERED = 5_000  # queries whose masked form is kept, in this process's memory alone
_LONG = 500

_operations: set[int] = set()
_pairs: dict[str, str] = {}
_holding: ContextVar[Held | None] = ContextVar("loadstone_held", default=None)


class Held:
    """The span whose answer's body is still being read, and whom to go on for afterwards."""

    __slots__ = ("above", "span", "status")

    def __init__(self, above: Held | None) -> None:
        self.above = above
        self.span: core.Span | None = None
        self.status = 0


def operation(library: str) -> int:
    """A library's kind of span."""
    made = core.operation(library, "client")
    _operations.add(made)
    return made


def begin(operation: int) -> core.Span:
    """Open the span of one request. One that was held back ends now."""
    held = _holding.get()
    if held is not None and held.span is not None:
        _finish(held)
    return core.enter(operation, depth=3)


def inside() -> bool:
    """Whether a request of a higher library is being sent: what it uses is not a request of its own."""
    span = core.current()
    return span is not None and span.operation in _operations


def answered(span: core.Span, status: int) -> None:
    """The headers have come."""
    held = _holding.get()
    if held is None:
        core.leave(span, str(status) if status >= 400 else None, status)
        return
    if core.current() is span:
        core.set_current(span.previous)
    held.span, held.status = span, status


def failed(span: core.Span, error: BaseException) -> None:
    """No answer has come."""
    core.leave(span, error)


def hold(reads: bool) -> Held | None:
    """Begin a call of a client that hands answers out; ``reads`` says whether with their bodies read."""
    above = _holding.get()
    if above is not None and above.span is not None:
        _finish(above)
    _holding.set(Held(above) if reads else None)
    return above


def whole(above: Held | None) -> None:
    """End what ``hold`` began, which returned ``above``."""
    held = _holding.get()
    if held is not None and held.span is not None:
        _finish(held)
    _holding.set(above)


def _finish(held: Held) -> None:
    span, held.span = held.span, None
    if span is not None:
        status = held.status
        core.leave(span, str(status) if status >= 400 else None, status)


def named_in(headers: Iterable[Any]) -> bool:
    """Whether the caller has set the header, however it is written."""
    for name in headers:
        if isinstance(name, bytes):
            name = name.decode("latin-1")
        if isinstance(name, str) and len(name) == len(HEADER) and name.lower() == HEADER:
            return True
    return False


def split(url: str) -> tuple[str, str]:
    """Path and masked query of a target such as ``/a?b=1#c`` or ``http://host/a?b=1``."""
    if "://" in url[:10]:
        rest = url.partition("://")[2]
        slash = rest.find("/")
        mark = rest.find("?")
        url = rest[slash:] if slash >= 0 and (mark < 0 or slash < mark) else "/" + rest[mark:] if mark >= 0 else "/"
    path, _, query = url.partition("#")[0].partition("?")
    return path or "/", masked(query) if query else ""


def masked(query: str) -> str:
    """The query with its names, and a keyed hash for each value."""
    known = _pairs.get(query)
    if known is None:
        pairs = []
        for pair in query.split("&", _MANY)[:_MANY]:
            name, equals, value = pair.partition("=")
            if not equals:
                name, value = "", pair
            pairs.append(f"{name}={fingerprint((value,)):016x}" if value else f"{name}{equals}")
        known = "&".join(pairs)
        if len(_pairs) < _REMEMBERED and len(query) < _LONG:
            _pairs[query] = known
    return known
