"""Django: the URL resolver's patterns, once a request was answered, and which databases and caches are configured.

By then Django has loaded settings and URLs by itself; touched earlier, an empty project would be configured.
"""
# ruff: noqa: ANN401, TID252

from __future__ import annotations

import sys

from .imports import patch
from .table import version_of, write
from .views import login_of, methods_allowed, methods_named, name_of, unwrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

__all__ = ["install"]

_LIMIT = 20_000  # patterns: a resolver that yields them without end is left
_DEPTH = 30
_OWN = ("head", "options", "trace")  # what Django answers by itself
_written = False


def install(module: ModuleType) -> None:
    """Patch where a handler has its answer ready and has not sent it."""
    patch(module.BaseHandler, "get_response", _get_response)
    patch(module.BaseHandler, "get_response_async", _get_response_async)


def _get_response(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_response(self: Any, request: Any) -> Any:
        try:
            return original(self, request)
        finally:
            _once(request)

    return get_response


def _get_response_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def get_response_async(self: Any, request: Any) -> Any:
        try:
            return await original(self, request)
        finally:
            _once(request)

    return get_response_async


def _once(request: Any) -> None:
    global _written
    if _written:
        return
    _written = True
    try:
        settings = sys.modules["django.conf"].settings
        resolver = sys.modules["django.urls"].get_resolver()
        prefix = str(request.META.get("SCRIPT_NAME") or "").rstrip("/")
        more: dict[str, Any] = {"databases": _attempted(_databases, settings), "caches": _attempted(_caches, settings)}
        more["login_path"] = _attempted(_login_path, settings)
        more["login_wall"] = any("LoginRequiredMiddleware" in str(name) for name in settings.MIDDLEWARE or ())
        rows = []
        for row in _rows(resolver, [["plain", prefix + "/"]], (), 0):
            rows.append(row)
            if len(rows) >= _LIMIT:
                break
        write("django", version_of("django"), rows, **more)
    except Exception:
        pass  # URLs that cannot be loaded fail for Django as well, and it says so


def _attempted(ask: Callable[[Any], Any], settings: Any) -> Any:
    try:
        return ask(settings)
    except Exception:
        return None


def _rows(resolver: Any, path: list[list[Any]], apps: tuple[str, ...], depth: int) -> Iterator[dict[str, Any]]:
    for each in resolver.url_patterns:
        segment, fields = _segment(each.pattern)
        here = [*path, segment]
        if hasattr(each, "url_patterns"):
            if depth < _DEPTH:
                app = getattr(each, "app_name", None)
                yield from _rows(each, here, (*apps, str(app)) if app else apps, depth + 1)
            continue
        yield {"path": here, **_view(each.callback, apps), "name": _name(each), "fields": _converters(path, fields)}


def _name(pattern: Any) -> str:
    return str(pattern.name) if getattr(pattern, "name", None) else name_of(pattern.callback).rpartition(".")[2]


def _segment(pattern: Any) -> tuple[list[Any], dict[str, str]]:
    """How one part of a path is spelt, and the regular expression of each converter in it."""
    kind = type(pattern).__name__
    if kind == "LocalePrefixPattern":
        settings = sys.modules["django.conf"].settings
        default = str(settings.LANGUAGE_CODE)
        languages = [str(code) for code, _ in settings.LANGUAGES]
        return ["locale", bool(pattern.prefix_default_language), default, languages], {}
    if hasattr(pattern, "_route"):
        fields = {name: str(getattr(found, "regex", "")) for name, found in pattern.converters.items()}
        return ["django", str(pattern._route), fields], fields
    return ["regex", str(getattr(pattern, "_regex", pattern))], {}


def _converters(path: list[list[Any]], last: dict[str, str]) -> dict[str, str]:
    """Of the whole path, by the field's name."""
    found: dict[str, str] = {}
    for segment in path:
        if segment[0] == "django" and len(segment) > 2:
            found.update(segment[2])
    return {**found, **last}


def _view(view: Any, apps: tuple[str, ...]) -> dict[str, Any]:
    """What a view answers to, and whether it is the service's own."""
    methods, guessed = _methods(view)
    return {"methods": methods, "guessed": guessed, "aside": _aside(view, apps), "login": _login(view)}


def _login(view: Any) -> bool | None:
    told = login_of(view)
    if told is None and getattr(view, "login_required", None) is False:  # what LoginRequiredMiddleware asks (5.1)
        return False
    return told


def _methods(view: Any) -> tuple[list[str] | None, list[str]]:
    """The methods that a view lets through, None where it takes any; then those that its code names."""
    actions = getattr(view, "actions", None)
    if isinstance(actions, dict):  # a viewset of Django REST framework: {"get": "list"}
        return [method.upper() for method in actions if method not in _OWN], []
    allowed = methods_allowed(view)
    kind = next((found for each in unwrapped(view) if (found := _kind(each)) is not None), None)
    if kind is not None:
        initial = getattr(view, "view_initkwargs", None) or getattr(view, "initkwargs", None) or {}
        names: Any = initial.get("http_method_names") or getattr(kind, "http_method_names", ())
        methods = [name.upper() for name in names if name not in _OWN and _answers(kind, name)]
        return [method for method in methods if allowed is None or method in allowed], []
    if allowed is not None:
        return [method for method in allowed if method.lower() not in _OWN], []
    return None, methods_named(view)


def _kind(view: Any) -> Any:
    return getattr(view, "view_class", None) or getattr(view, "cls", None)


def _answers(kind: Any, name: str) -> bool:
    method = getattr(kind, name, None)
    # Django's forms take PUT for POST, which nobody sends them.
    return method is not None and getattr(method, "__qualname__", "") != "ProcessFormView.put"


def _aside(view: Any, apps: tuple[str, ...]) -> str | None:
    module = name_of(view)
    if module.startswith(("django.views.static.", "django.contrib.staticfiles.", "whitenoise.")):
        return "static"
    if "admin" in apps or module.startswith("django.contrib.admin"):
        return "admin"
    if "djdt" in apps or module.startswith(("debug_toolbar.", "silk.")):
        return "debug"
    return "docs" if module.startswith(("drf_spectacular.", "drf_yasg.", "rest_framework.schemas.")) else None


def _databases(settings: Any) -> list[dict[str, Any]]:
    """Engine, host, port and name of each; never a user or a password."""
    found = []
    for alias, told in dict(settings.DATABASES).items():
        if told.get("ENGINE"):
            keys = {"engine": "ENGINE", "host": "HOST", "port": "PORT", "name": "NAME"}
            found.append({"alias": str(alias), **{key: str(told.get(name) or "") for key, name in keys.items()}})
    return found


def _caches(settings: Any) -> list[dict[str, Any]]:
    """Backend and place of each, without what stands before an ``@``."""
    found = []
    for told in dict(settings.CACHES).values():
        places = told.get("LOCATION") or ()
        for place in [places] if isinstance(places, str) else places:
            told_place = str(place)
            scheme, mark, rest = told_place.partition("://")
            if mark or str(told.get("BACKEND", "")).rpartition(".")[2].startswith(("PyM", "PyL", "Memcached")):
                rest = (rest if mark else told_place).rpartition("@")[2].partition("?")[0]
                found.append({"engine": scheme if mark else "memcached", "place": rest.partition("/")[0]})
    return found


def _login_path(settings: Any) -> str | None:
    told = str(settings.LOGIN_URL or "")
    if told.startswith("/"):
        return told
    from django.urls import reverse

    return str(reverse(told)) if told else None
