"""Flask: an application's rules, once it is asked, under the prefix that it is mounted at (PEP 3333, SCRIPT_NAME)."""
# ruff: noqa: ANN401, TID252

from __future__ import annotations

from .imports import patch
from .table import version_of, write
from .views import login_of, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

__all__ = ["install", "rules"]

_asked = set()  # type: ignore[var-annotated]
_MOUNTS = 100  # prefixes may come with the request

_DOCUMENTS = ("flasgger", "flask_smorest", "flask_restx.api", "flask_restx.apidoc", "flask_swagger_ui", "spectree")


def install(module: ModuleType) -> None:
    """Patch the application's class."""
    patch(module.Flask, "__call__", _call)


def _call(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, environ: Any, start_response: Any) -> Any:
        try:
            asked = (id(self), environ.get("SCRIPT_NAME"))
            if asked not in _asked and len(_asked) < _MOUNTS:
                _asked.add(asked)
                write("flask", version_of("flask"), rules(self, str(asked[1] or "").rstrip("/")))
        except Exception:
            pass
        return original(self, environ, start_response)

    return __call__


def rules(app: Any, prefix: str = "") -> list[dict[str, Any]]:
    """A row for every rule of an application."""
    rows = []
    for rule in app.url_map.iter_rules():
        if rule.build_only or rule.redirect_to is not None:
            continue
        view = app.view_functions.get(rule.endpoint)
        rows.append(
            {
                "path": [["plain", prefix], ["flask", rule.rule]],
                "methods": sorted(rule.methods) if rule.methods is not None else None,
                "name": rule.endpoint,
                "aside": _aside(rule.endpoint, view),
                "login": login_of(view),
                "host": rule.host or rule.subdomain or "",
                "websocket": bool(rule.websocket),
            }
        )
    return rows


def _aside(endpoint: str, view: Any) -> str | None:
    if endpoint == "static" or endpoint.endswith(".static"):
        return "static"
    module = name_of(view)
    if module.startswith(("flask_admin", "flask_appbuilder")):
        return "admin"
    if module.startswith("flask_debugtoolbar"):
        return "debug"
    return "docs" if module.startswith(_DOCUMENTS) else None
