"""Patching after import: a framework's file runs when the service has imported the framework, and not before.

As in the recorder, a finder at the head of ``sys.meta_path`` answers only for the modules of ``HOOKS``: it asks the
other finders, and has that one loader's instance call the hook once the module was executed. The loader keeps its
class and all else that is asked of it.
"""
# ruff: noqa: SIM105

from __future__ import annotations

import sys
from functools import update_wrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

__all__ = ["HOOKS", "install", "patch"]

HOOKS = {
    "django.core.handlers.base": "lib_django",
    "flask.app": "lib_flask",
    "starlette.applications": "lib_starlette",
    "aiohttp.web_app": "lib_aiohttp",
}
"""Module -> the file whose ``install(module)`` is called after each execution of it."""

_MARK = "__loadstone_routes__"


class Finder:
    """Finds nothing itself."""

    def __init__(self) -> None:
        self.asking: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the finders after this one give, its loader made to call the hook."""
        if name not in HOOKS or name in self.asking:
            return None
        self.asking.add(name)  # another that asks all finders, as the recorder does, comes back here
        try:
            return self._asked(name, path, target)
        finally:
            self.asking.discard(name)

    def _asked(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            if isinstance(finder, Finder) or not hasattr(finder, "find_spec"):
                continue
            spec: ModuleSpec | None = finder.find_spec(name, path, target)
            if spec is not None:
                try:
                    _follow(spec)
                except Exception:
                    pass  # a loader that cannot be followed: no table, and no harm
                return spec
        return None


def _follow(spec: ModuleSpec) -> None:
    loader: Any = spec.loader
    if loader is None or isinstance(loader, type) or not hasattr(loader, "exec_module"):
        return
    before = loader.__dict__.get("exec_module")  # another's: the recorder's, or ours for a module of the same zip file
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        if module.__name__ == spec.name and loader.__dict__.get("exec_module") is exec_module:
            if before is None:
                del loader.exec_module
            else:
                loader.exec_module = before
        execute(module)
        if module.__name__ == spec.name:
            _call(module, spec.name)

    loader.exec_module = exec_module


def _call(module: ModuleType, name: str) -> None:
    try:
        full = f"{__package__}.{HOOKS[name]}"
        __import__(full)
        sys.modules[full].install(module)
    except Exception:
        pass  # another version than we know: no table, and no harm


def install() -> None:
    """Follow the imports from here on, and patch what is imported already."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
    for name in HOOKS:
        module = sys.modules.get(name)
        if module is not None:
            _call(module, name)


def patch(owner: type, name: str, make: Callable[[Any], Any]) -> None:
    """Put ``make(original)`` in the place of a class's own method, unless it is there already."""
    original = vars(owner).get(name)
    if original is None or hasattr(original, _MARK):
        return
    made = make(original)
    update_wrapper(made, original)
    setattr(made, _MARK, original)
    setattr(owner, name, made)
