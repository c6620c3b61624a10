"""Python runs this by itself in the service: the official OpenTelemetry packages, started so that nothing is lost.

Put on PYTHONPATH by ``loadstone.gather.otlp.otel``; standard library only, Python 3.9 and later. The user's own
sitecustomize runs first. What the official start leaves out is added: spans are flushed at SIGTERM too, and Django is
instrumented when it loads its middleware, because touching its settings earlier would configure an empty project.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import threading
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, ModuleType
    from typing import Any

FLUSH_S = 5.0
HERE = Path(__file__).resolve().parent
STARTING = "LOADSTONE_OTEL_STARTING"
DISABLED = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
MARKS = "LOADSTONE_OTEL_MARKS"


def chain() -> None:
    """Run the sitecustomize that would have run without this one."""
    path = [entry for entry in sys.path if Path(entry).resolve() != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


def flush() -> None:
    """Export what is waiting. In a thread of its own: a signal may interrupt whoever holds the exporter's lock."""
    trace = sys.modules.get("opentelemetry.trace")
    provider: Any = None if trace is None else trace.get_tracer_provider()
    if hasattr(provider, "force_flush"):
        thread = threading.Thread(target=provider.force_flush, args=(int(FLUSH_S * 1000),), daemon=True)
        thread.start()
        thread.join(FLUSH_S)


def terminated(number: int, frame: FrameType | None) -> None:
    """SIGTERM where the program has no handler of its own, or has put this one back and raises it again (uvicorn)."""
    try:
        flush()
    finally:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


class LateDjango(importlib.abc.MetaPathFinder):
    """Waits for Django's handlers and instruments Django at the first ``load_middleware``."""

    name = "django.core.handlers.base"

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """That module's alone, with a loader that patches it afterwards."""
        if fullname != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: Any) -> None:  # noqa: ANN401  Django's module
            execute(module)
            patch(module.BaseHandler)

        loader.exec_module = exec_module
        return spec


def patch(handler: Any) -> None:  # noqa: ANN401  Django's class
    """Instrument before the first middleware is loaded, once."""
    original = handler.load_middleware

    def load_middleware(self: object, *arguments: object, **named: object) -> object:
        handler.load_middleware = original
        try:
            django = importlib.import_module("opentelemetry.instrumentation.django")
            django.DjangoInstrumentor().instrument(skip_dep_check=True)
        except Exception as error:
            mark(f"Django was not instrumented: {type(error).__name__}")
        return original(self, *arguments, **named)

    handler.load_middleware = load_middleware


def start() -> None:
    """The official start, Django apart."""
    disabled = [name.strip() for name in os.environ.get(DISABLED, "").split(",") if name.strip()]
    if "django" not in disabled and "*" not in disabled:
        os.environ[DISABLED] = ",".join([*disabled, "django"])
        sys.meta_path.insert(0, LateDjango())
    os.environ[STARTING] = "1"
    try:
        official = importlib.import_module("opentelemetry.instrumentation.auto_instrumentation")
        official.initialize()  # it swallows what goes wrong and logs it
        provider = importlib.import_module("opentelemetry.trace").get_tracer_provider()
        if not hasattr(provider, "force_flush"):
            raise RuntimeError("no provider was set")
    finally:
        del os.environ[STARTING]
        if disabled:
            os.environ[DISABLED] = ",".join(disabled)
        else:
            os.environ.pop(DISABLED, None)


def mark(trouble: str | None) -> None:
    """Say that this process has loaded the packages, and what went wrong."""
    folder = os.environ.get(MARKS)
    if folder:
        told = json.dumps({"pid": os.getpid(), "trouble": trouble})
        try:
            Path(folder, f"{os.getpid()}.json").write_text(told, encoding="utf-8")
        except OSError:
            return  # another user's process: it is told as one that has not loaded them


def main() -> None:
    """Everything in order; nothing of ours may keep the service from starting."""
    chain()
    if STARTING in os.environ:
        return  # a process that the official start itself spawns
    trouble = None
    try:
        start()
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, terminated)
    except Exception as error:
        trouble = f"the packages did not start ({type(error).__name__}); the service's output says why"
    mark(trouble)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: mark(trouble))  # forked workers run no sitecustomize of their own


main()
