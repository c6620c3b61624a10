"""Celery: the sending of a task and its run in the worker, which joins the sender's trace by the message's headers."""

from __future__ import annotations

import sys
from contextvars import ContextVar

from . import core, hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

SEND = core.operation("celery", "producer", "celery")
RUN = core.operation("celery", "consumer", "celery")
EAGER = core.operation("celery", "internal", "celery")

_HEADER = "traceparent"
_running: ContextVar[tuple[tuple[str, core.Span], ...]] = ContextVar("loadstone_celery", default=())
_came: ContextVar[str] = ContextVar("loadstone_celery_header", default="")


def install(module: ModuleType) -> None:
    """Patch the sender; of the runner, hear the signals around each run."""
    version = str(getattr(sys.modules.get("celery"), "__version__", ""))
    if not core.supports("celery", version, (4, 4), (6,)):
        return
    if module.__name__ == "celery.app.base":
        if hooks.patch(module.Celery, "send_task", _send_task):
            core.covered("celery", version)
        return
    from celery import signals  # type: ignore[import-untyped]

    signals.task_prerun.connect(_begun, weak=False, dispatch_uid="loadstone")
    signals.task_postrun.connect(_done, weak=False, dispatch_uid="loadstone")
    signals.task_failure.connect(_failed, weak=False, dispatch_uid="loadstone")


def _send_task(original: Callable[..., Any]) -> Callable[..., Any]:
    def send_task(self: Any, name: Any, *arguments: Any, **named: Any) -> Any:
        span = core.enter(SEND, f"send {name}")
        try:
            headers = dict(named.get("headers") or {})
            # A task that sends itself again passes on the headers that it came with: those are not the caller's.
            if headers.get(_HEADER, "") == _came.get():
                headers.pop(_HEADER, None)
            headers.setdefault(_HEADER, span.traceparent())
            named["headers"] = headers
        except Exception:  # what the caller passed is for Celery to judge
            pass
        try:
            result = original(self, name, *arguments, **named)
        except BaseException as error:
            core.leave(span, error)
            raise
        core.leave(span)
        return result

    return send_task


def _begun(task_id: Any = None, task: Any = None, **more: Any) -> None:
    request = getattr(task, "request", None)
    name = f"run {getattr(task, 'name', '')}"
    if getattr(request, "is_eager", False):
        span = core.enter(EAGER, name)
    else:
        told = getattr(request, _HEADER, None) or (getattr(request, "headers", None) or {}).get(_HEADER)
        header = told if isinstance(told, str) else ""
        _came.set(header)
        span = core.continue_from(RUN, header or None)
        span.name = name
    _running.set((*_running.get(), (str(task_id), span)))


def _failed(task_id: Any = None, exception: Any = None, **more: Any) -> None:
    for id, span in _running.get():
        if id == str(task_id):
            span.error = exception


def _done(task_id: Any = None, **more: Any) -> None:
    running = _running.get()
    for place in range(len(running) - 1, -1, -1):
        id, span = running[place]
        if id == str(task_id):
            _running.set(running[:place])
            if span.operation == RUN:
                _came.set("")
            core.leave(span)
            return
