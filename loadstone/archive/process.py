"""Which process this is, in a way that survives the reuse of process ids: id, start time and boot."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["boot_id", "is_alive", "start_ticks"]

_START_TIME = 22 - 3  # proc(5): starttime is field 22 of stat; the split below begins at field 3


def boot_id() -> str | None:
    """This boot's random id, null where the system keeps none (proc(5), /proc/sys/kernel/random/boot_id)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; null when there is none, or no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the command's name may hold spaces and brackets
    return None if fields[0] == "Z" else int(fields[_START_TIME])


def is_alive(pid: int, ticks: int | None, boot: str | None) -> bool:
    """Whether the process that noted down these three is still running on this machine."""
    if boot is not None and boot != boot_id():
        return False
    if ticks is not None:
        return start_ticks(pid) == ticks
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
