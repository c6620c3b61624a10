"""A request that comes in: one span, however many layers know of it. The outermost opens it, inner ones add to it.

The span is written when the answer begins, and its end is moved when the answer has ended: a request whose answer went
out is there even if the process is killed before it could say so.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from time import perf_counter_ns, thread_time_ns

from .core import Span, continue_from, current, leave, prolong, set_current, write
from .layout import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["KEY", "Request", "failed", "routed", "serving"]

KEY = "loadstone.request"
"""Where a request is found in a WSGI environ or an ASGI scope."""


class Request:
    """One request being answered. ``threaded`` says that one thread does it from beginning to end."""

    __slots__ = ("before", "cpu", "ended", "routed", "span", "status", "stop", "thread")

    def __init__(self, operation: int, traceparent: str | None, threaded: bool) -> None:
        self.span = continue_from(operation, traceparent)
        self.status = self.stop = 0
        self.ended = self.routed = False
        self.before = sys.exc_info()[1]
        self.thread = get_ident() if threaded and "gevent" not in sys.modules else 0
        self.cpu = thread_time_ns() if self.thread else 0

    def begin(self, status: int) -> None:
        """The answer begins: status and headers are known."""
        self.status = status
        if self.span.recorded:
            write(self.span, perf_counter_ns(), self._error(None), status)

    def end(self, error: BaseException | None = None) -> None:
        """The answer has ended, or there is none because of ``error``. Only the first end counts; an ``error`` after it
        is what was behind an answer that said so itself (Starlette raises it on when the answer is out)."""
        span = self.span
        if self.ended:
            if error is not None and self.status >= 500 and span.memory is not None and span.error is None:
                span.error = error
                write(span, self.stop, error, self.status)
            return
        self.ended = True
        stop = self.stop = perf_counter_ns()
        self._count()
        if span.memory is not None and error is None and span.error is None:
            prolong(span, stop)
            if current() is span:
                set_current(span.previous)
            if span.heirs:
                span.recorded = False  # it is written
                leave(span)
            return
        status = self.status or (500 if error is not None else 0)
        leave(span, error=self._error(error), http_status=status, stop=stop)

    def _error(self, error: BaseException | None) -> object:
        """What went wrong: an exception, or the status where it says so itself (OpenTelemetry's error.type)."""
        if error is not None or self.span.error is not None:
            return error if error is not None else self.span.error
        return str(self.status) if self.status >= 500 else None

    def _count(self) -> None:
        self.span.cpu = thread_time_ns() - self.cpu if self.thread and self.thread == get_ident() else NOTHING


def serving() -> Span | None:
    """The server's span of the request in which we are, None outside."""
    span: Span | None = current()
    while span is not None and not span.method:
        span = span.previous
    return span


def routed(route: str) -> None:
    """Note which pattern of the application the request matched."""
    span = serving()
    if span is not None:
        span.route = route


def failed(error: Any) -> None:
    """Note the exception that a framework turns into its answer."""
    span = serving()
    if span is not None:
        span.error = error if isinstance(error, str) else _named(error)


def _named(error: object) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
