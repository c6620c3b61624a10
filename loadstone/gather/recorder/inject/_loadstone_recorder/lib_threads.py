"""Threads: what a request hands to a pool or a thread of its own is still that request's.

Only our own context variable is carried over; the service's stay as they are. A thread may outlive the request that
started it: from then on its spans are a trace of their own.
"""

from __future__ import annotations

from . import core, hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

_KEPT = "_loadstone_span"


def install(module: ModuleType) -> None:
    """Patch the pool's ``submit``, or the thread's start and the function that it begins with."""
    if module.__name__ == "threading":
        hooks.patch(module.Thread, "start", _start)
        hooks.patch(module.Thread, "_bootstrap_inner", _bootstrap_inner)
    else:
        hooks.patch(module.ThreadPoolExecutor, "submit", _submit)


def _start(original: Callable[..., Any]) -> Callable[..., Any]:
    def start(self: Any) -> Any:
        span = core.current()
        if span is not None:
            self.__dict__[_KEPT] = core.heir(span)
        return original(self)

    return start


def _bootstrap_inner(original: Callable[..., Any]) -> Callable[..., Any]:
    def _bootstrap_inner(self: Any) -> Any:
        span = self.__dict__.pop(_KEPT, None)
        if span is not None:
            core.set_current(span)
        return original(self)

    return _bootstrap_inner


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, fn: Any, /, *arguments: Any, **named: Any) -> Any:
        span = core.current()
        if span is None:
            return original(self, fn, *arguments, **named)

        def carried(*arguments: Any, **named: Any) -> Any:
            before = core.current()
            core.set_current(span)
            try:
                return fn(*arguments, **named)
            finally:
                core.set_current(before)

        return original(self, carried, *arguments, **named)

    return submit
