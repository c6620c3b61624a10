"""aiohttp: the routes of an application once its router is complete, sub-applications included."""
# ruff: noqa: ANN401, TID252

from __future__ import annotations

from .imports import patch
from .table import version_of, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

__all__ = ["install"]


def install(module: ModuleType) -> None:
    """Patch where the application is frozen: before its first request, and once."""
    patch(module.Application, "pre_freeze", _pre_freeze)


def _pre_freeze(original: Callable[..., Any]) -> Callable[..., Any]:
    def pre_freeze(self: Any) -> Any:
        result = original(self)
        try:
            rows = [row for row in map(_row, self.router.routes()) if row is not None]
            if rows:
                write("aiohttp", version_of("aiohttp"), rows, application=id(self))
        except Exception:
            pass
        return result

    return pre_freeze


def _row(route: Any) -> dict[str, Any] | None:
    resource = route.resource
    if resource is None:
        return None
    static = type(resource).__name__ == "StaticResource"
    path = str(resource.canonical) + ("/{path}" if static else "")
    view = route.handler
    methods = [method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(view, method.lower())]
    return {
        "path": [["aiohttp", path]],
        "methods": [route.method] if route.method != "*" else methods if isinstance(view, type) else None,
        "name": str(resource.name or getattr(view, "__name__", "")),
        "aside": "static" if static else None,
    }
