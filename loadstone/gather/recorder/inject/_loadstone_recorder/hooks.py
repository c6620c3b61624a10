"""Patching after import: a library's hook runs when the service has imported the library, and not before.

A finder at the head of ``sys.meta_path`` answers only for the modules of ``libraries.HOOKS``, by asking the other
finders and giving that one loader's instance an ``exec_module`` that removes itself, executes the module and then
calls the hooks. The loader keeps its class and all else that resources, reloads, tracebacks and metadata ask of it.
"""

from __future__ import annotations

import sys
from functools import update_wrapper

from . import core
from .libraries import HOOKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

__all__ = ["install", "patch", "patched"]

_MARK = "__loadstone_original__"


class Finder:
    """Finds nothing itself."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the finders after this one give, its loader made to call the hooks."""
        if name not in HOOKS:
            return None
        for finder in list(sys.meta_path):
            if isinstance(finder, Finder) or not hasattr(finder, "find_spec"):
                continue
            spec: ModuleSpec | None = finder.find_spec(name, path, target)
            if spec is not None:
                try:
                    _follow(spec)
                except Exception as error:
                    core.not_covered(name, note=f"its loader cannot be followed: {type(error).__name__}")
                return spec
        return None


def _follow(spec: ModuleSpec) -> None:
    loader: Any = spec.loader
    if loader is None or isinstance(loader, type) or not hasattr(loader, "exec_module"):
        core.not_covered(spec.name, note=f"it is loaded by {type(loader).__name__}")
        return
    before = loader.__dict__.get("exec_module")  # another's, or ours for another module of the same zip file
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        if module.__name__ != spec.name:
            execute(module)
            return
        if loader.__dict__.get("exec_module") is exec_module:
            if before is None:
                del loader.exec_module
            else:
                loader.exec_module = before
        execute(module)
        _call(module, spec.name)

    loader.exec_module = exec_module


def _call(module: ModuleType, name: str) -> None:
    for hook in HOOKS[name]:
        try:
            full = f"{__package__}.{hook}"
            __import__(full)
            sys.modules[full].install(module)
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and error.name == f"{__package__}.{hook}":
                core.not_covered(name.partition(".")[0], note="there is no hook for it yet")
                continue
            core.not_covered(hook[4:], note=f"{type(error).__name__}: {error}")


def install() -> None:
    """Follow the imports from here on, and patch what is imported already."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
    for name in HOOKS:
        module = sys.modules.get(name)
        if module is not None:
            _call(module, name)


def patched(function: object) -> bool:
    """Whether this function is one of ours."""
    return hasattr(function, _MARK)


def patch(owner: object, name: str, make: Callable[[Any], Any]) -> bool:
    """Put ``make(original)`` in the place of ``owner.name``, unless it is there already; say whether it is there now.

    What ``make`` returns takes over the original's name, signature and documentation. A method stays the kind that it
    was (static, class). False where there is nothing of that name.
    """
    if isinstance(owner, type):  # as it is written down, also where it is inherited; only this class is changed
        found: Any = next((vars(each)[name] for each in owner.__mro__ if name in vars(each)), None)
    else:
        found = getattr(owner, name, None)
    if found is None:
        return False
    kind = type(found) if isinstance(found, (staticmethod, classmethod)) else None
    original = found.__func__ if kind is not None else found
    if patched(original):
        return True
    made = make(original)
    update_wrapper(made, original)
    del made.__wrapped__  # inspect would follow it to the original; the mark below is ours
    setattr(made, _MARK, original)
    setattr(owner, name, made if kind is None else kind(made))
    return True
