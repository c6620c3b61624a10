"""What a process notes of its libraries: which are patched, which are not and why. Coverage is made of it."""

from __future__ import annotations

import os
import sys

from .spool import SPOOL

__all__ = ["covered", "not_covered", "version_of"]


def covered(library: str, version: str = "", scopes: tuple[str, ...] = ()) -> None:
    """Note that the library is patched. Its spans are those of its own scope, or of ``scopes`` if it adds to these."""
    SPOOL.fact({"library": library, "version": str(version), "state": "covered", "scopes": scopes or (library,)})


def not_covered(library: str, version: str = "", note: str = "") -> None:
    """Note that the library is loaded and not patched, and why."""
    SPOOL.fact({"library": library, "version": str(version), "state": "not covered", "note": str(note)[:500]})


def version_of(package: str, distribution: str = "") -> str:
    """The version of an imported package, also while it is being imported: as it says itself, or as the folder of its
    distribution's metadata is called."""
    module = sys.modules.get(package)
    if module is None:
        return ""
    said = vars(module).get("__version__")
    if isinstance(said, str):
        return said
    start = (distribution or package).lower() + "-"
    try:
        for name in os.listdir(os.path.dirname(os.path.dirname(module.__file__ or ""))):
            if name.lower().startswith(start) and name.endswith(".dist-info"):
                return name[len(start) : -len(".dist-info")]
    except OSError:
        pass
    return ""
