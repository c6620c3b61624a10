"""A process and everything that came of it: found through session, parentage and a mark in the environment.

A service may fork workers, and workers may leave their session; the mark is inherited by whatever they start. Where
there is no /proc the process group stands for the tree.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["MARK", "alive", "descendants", "send"]

MARK = "LOADSTONE_SERVICE"

_PROC = Path("/proc")


def alive(leader: int, token: str) -> set[int]:
    """Ids of the tree's living processes: the leader's group where there is no /proc, as one id."""
    if not (_PROC / "self" / "stat").exists():
        return {leader} if _exists(os.killpg, leader) else set()
    mark = f"{MARK}={token}".encode()
    living = _living()
    found = {
        pid
        for pid, (_, group, session) in living.items()
        if leader in (pid, group, session) or mark in _environment(pid)
    }
    return _with_descendants(found, living)


def descendants(roots: set[int]) -> set[int]:
    """Those of the processes that live, and all that came of them; the roots that live where there is no /proc."""
    if not (_PROC / "self" / "stat").exists():
        return {pid for pid in roots if _exists(os.kill, pid)}
    living = _living()
    return _with_descendants(roots & living.keys(), living)


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


def _living() -> dict[int, tuple[int, int, int]]:
    """Parent, group and session of every process that is neither dead nor a zombie."""
    found: dict[int, tuple[int, int, int]] = {}
    for entry in os.scandir(_PROC):
        if not entry.name.isdecimal():
            continue
        try:
            stat = (_PROC / entry.name / "stat").read_text()
        except OSError:
            continue
        state, parent, group, session = stat[stat.rindex(")") + 2 :].split()[:4]  # proc(5)
        if state not in "ZX":
            found[int(entry.name)] = int(parent), int(group), int(session)
    return found


def _with_descendants(roots: set[int], living: dict[int, tuple[int, int, int]]) -> set[int]:
    found = set(roots)
    grown = True
    while grown:
        more = {pid for pid, (parent, _, _) in living.items() if parent in found and pid not in found}
        found |= more
        grown = bool(more)
    return found


def _exists(send: Callable[[int, int], None], target: int) -> bool:
    """Whether there is such a process (``send`` is os.kill) or group (os.killpg)."""
    try:
        send(target, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
