"""The recorder that runs inside a service: ``core`` says how its parts are used, ``layout`` what it writes.

Nothing of it raises into the service or prints. It is on where LOADSTONE_RECORDER names a directory and off where
LOADSTONE_RECORDER_OFF is 1.
"""

from __future__ import annotations

import os
import sys

__all__ = ["start"]

_pid = 0


def start() -> bool:
    """Begin to record this process. False where it is off, or this interpreter is not one that can be recorded."""
    global _pid
    directory = os.environ.get("LOADSTONE_RECORDER")
    if not directory or os.environ.get("LOADSTONE_RECORDER_OFF") == "1" or _pid:
        return False
    from .spool import SPOOL

    SPOOL.start(directory)
    _pid = os.getpid()
    if sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        # Places in the spool are handed out by an itertools.count, which only the global interpreter lock makes safe.
        SPOOL.fact({"library": "python", "version": sys.version.split()[0], "state": "not covered",
                    "note": "only CPython with its global interpreter lock is recorded"})  # fmt: skip
        return False
    from . import hooks, pauses

    os.register_at_fork(after_in_child=_forked)
    pauses.install()
    hooks.install()
    return True


def _forked() -> None:
    from .spool import SPOOL

    try:
        SPOOL.forked()
    except Exception:
        SPOOL.now = (None, SPOOL.now[1], 0)
