"""The file that tables are written to: a line of JSON a table, added by one write, so that processes do not mix."""
# ruff: noqa: ANN401, PTH, SIM105

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["FORMAT", "LIMIT_BYTES", "version_of", "write"]

FORMAT = 1

LIMIT_BYTES = 64 << 20
"""No process adds to a file that is this large: a service whose workers come and go would fill the disk."""

_written = set()  # type: ignore[var-annotated]


def write(framework: str, version: str, rows: list[dict[str, Any]], **more: Any) -> None:
    """Add one table, unless this process has written the same one. Never raises."""
    try:
        import json

        path = os.environ.get("LOADSTONE_ROUTES")
        told = {"format": FORMAT, "framework": framework, "version": version, "rows": rows, **more}
        line = json.dumps(told, default=str, sort_keys=True)
        if not path or line in _written:
            return
        _written.add(line)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            if os.fstat(file).st_size < LIMIT_BYTES:
                os.write(file, (line + "\n").encode("utf-8", "replace"))
        finally:
            os.close(file)
    except Exception:
        pass  # a service must run as if we were not here


def version_of(package: str) -> str:
    """The version of an imported package, as it says itself or as its metadata has it; empty where neither does."""
    said = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(said, str):
        return said
    try:
        from importlib.metadata import version

        return version(package)
    except Exception:
        return ""
