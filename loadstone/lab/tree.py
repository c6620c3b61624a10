"""A process and everything that came of it: found through session, parentage and a mark in the environment.

A service may fork workers, and workers may leave their session; the mark is inherited by whatever they start. Where
there is no /proc the process group stands for the tree.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

__all__ = ["MARK", "alive", "send"]

MARK = "LOADSTONE_SERVICE"

_PROC = Path("/proc")


def alive(leader: int, token: str) -> set[int]:
    """Ids of the tree's living processes: the leader's group where there is no /proc, as one id."""
    if not (_PROC / "self" / "stat").exists():
        return {leader} if _group_exists(leader) else set()
    parents: dict[int, int] = {}
    found: set[int] = set()
    mark = f"{MARK}={token}".encode()
    for entry in os.scandir(_PROC):
        if not entry.name.isdecimal():
            continue
        pid = int(entry.name)
        try:
            stat = (_PROC / entry.name / "stat").read_text()
        except OSError:
            continue
        state, parent, group, session = stat[stat.rindex(")") + 2 :].split()[:4]  # proc(5)
        if state in "ZX":
            continue
        parents[pid] = int(parent)
        if leader in (pid, int(group), int(session)) or mark in _environment(pid):
            found.add(pid)
    return found | _descendants(found, parents)


def send(leader: int, token: str, number: signal.Signals) -> None:
    """Send the signal to the whole tree."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
    for pid in alive(leader, token):
        if _outside(pid, leader):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _outside(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) != group
    except ProcessLookupError:
        return False


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _descendants(roots: set[int], parents: dict[int, int]) -> set[int]:
    found = set(roots)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found and pid not in found}
        found |= more
        grown = bool(more)
    return found


def _group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
