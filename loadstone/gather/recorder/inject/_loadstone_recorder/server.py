"""A request that comes in: one span, however many layers know of it. The outermost opens it, inner ones add to it.

The span is written when the answer begins, and its end is moved when the answer has ended: a request whose answer went
out is there even if the process is killed before it could say so.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from time import perf_counter_ns, thread_time_ns

from .core import Span, current, leave, origin, prolong, set_current, write
from .spool import SPOOL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["KEY", "Request", "failed", "routed", "serving"]

KEY = "loadstone.request"
"""Where a request is found in a WSGI environ or an ASGI scope."""


class Request(Span):
    """The span of one request being answered. ``threaded`` says that one thread does it from beginning to end."""

    status = stop = 0
    ended = routed = False
    thread = cpu_before = 0

    def __init__(self, operation: int, traceparent: str | None, threaded: bool) -> None:
        self.operation = operation
        self.trace, self.parent, self.recorded = origin(traceparent)
        self.id = SPOOL.next_id()
        self.previous = current()
        set_current(self)
        self.start = perf_counter_ns()
        if threaded and self.recorded and "gevent" not in sys.modules:
            self.thread = get_ident()
            self.cpu_before = thread_time_ns()

    def begin(self, status: int) -> None:
        """The answer begins: status and headers are known."""
        self.status = status
        if self.recorded:
            write(self, perf_counter_ns(), self._error(None), status)

    def end(self, error: BaseException | None = None) -> None:
        """The answer has ended, or there is none because of ``error``. Only the first end counts; an ``error`` after it
        is what was behind an answer that said so itself (Starlette raises it on when the answer is out)."""
        if self.ended:
            if error is not None and self.status >= 500 and self.memory is not None and self.error is None:
                self.error = error
                write(self, self.stop, error, self.status)
            return
        self.ended = True
        if self.thread and self.thread == get_ident():
            self.cpu = thread_time_ns() - self.cpu_before
        stop = self.stop = perf_counter_ns()
        if self.memory is not None and error is None and self.error is None and not self.heirs:
            prolong(self, stop)
            if current() is self:
                set_current(self.previous)
            return
        status = self.status or (500 if error is not None else 0)
        leave(self, error=self._error(error), http_status=status, stop=stop)

    def _error(self, error: BaseException | None) -> object:
        """What went wrong: an exception, or the status where it says so itself (OpenTelemetry's error.type)."""
        if error is not None or self.error is not None:
            return error if error is not None else self.error
        return str(self.status) if self.status >= 500 else None


def serving() -> Span | None:
    """The server's span of the request in which we are, None outside."""
    span: Span | None = current()
    while span is not None and not isinstance(span, Request):
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
