"""Where a frame's code is, short enough to read and long enough to find."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["short"]

_INSTALLED = re.compile(r".*/(?:site-packages|dist-packages)/")
_STANDARD = re.compile(r".*/lib(?:64)?/python[23]\.\d+t?/")


@lru_cache(maxsize=65_536)
def short(file: str, cwd: str | None = None) -> str:
    """``sqlalchemy/pool/impl.py`` for a package's file, ``threading.py`` for the standard library's, the path from
    ``cwd`` for the service's own, and the whole path for what lies elsewhere."""
    for installed in (_INSTALLED, _STANDARD):
        if found := installed.match(file):
            return file[found.end() :]
    if cwd and file.startswith(cwd.rstrip("/") + "/"):
        return file[len(cwd.rstrip("/")) + 1 :]
    return file
