"""Django's databases: opening a connection, with what the driver and Django say to the server meanwhile inside it."""

from __future__ import annotations

import sys

from . import core, hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

_SYSTEMS = {"postgresql": "postgresql", "sqlite": "sqlite", "mysql": "mysql", "oracle": "oracle.db"}
_operations: dict[str, int] = {}


def install(module: ModuleType) -> None:
    """Patch the class of all backends."""
    version = ".".join(map(str, getattr(sys.modules.get("django"), "VERSION", ())[:3]))
    if not core.supports("django.db", version, (2, 2), (7,)):
        return
    if hooks.patch(module.BaseDatabaseWrapper, "connect", _connect):
        core.covered("django.db", version)


def _operation(vendor: str) -> int:
    if vendor not in _operations:
        _operations[vendor] = core.operation("django.db", "internal", _SYSTEMS.get(vendor, ""), "open connection")
    return _operations[vendor]


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: Any) -> Any:
        span = core.enter(_operation(str(getattr(self, "vendor", ""))))
        try:
            result = original(self)
        except BaseException as error:
            core.leave(span, error)
            raise
        core.leave(span)
        return result

    return connect
