"""What runs inside a service: it waits for a framework, and writes the framework's route table at the first request.

Nothing of it raises into the service or prints. It is on where LOADSTONE_ROUTES names a file. Standard library only,
from Python 3.9; what the table means is told apart outside, by ``loadstone.traffic.framework.reading``.
"""
# ruff: noqa: TID252

from __future__ import annotations

import os

__all__ = ["start"]

_started = False


def start() -> bool:
    """Follow this process's imports from here on. False where it is off, or on already."""
    global _started
    if _started or not os.environ.get("LOADSTONE_ROUTES"):
        return False
    _started = True
    from . import imports

    imports.install()
    return True
