"""Processes of a service that Loadstone did not start, found by a port or a pid; and what a set of processes has used.

Linux alone tells this, through /proc; elsewhere nothing is found.
"""

from __future__ import annotations

import os
from pathlib import Path

from loadstone.lab import tree

__all__ = ["cpu_s", "family", "listeners", "rss_bytes"]

_PROC = Path("/proc")
_LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h)


def listeners(port: int) -> set[int]:
    """Processes that hold a listening TCP socket on this port, as far as this user may see."""
    sockets = (*_listening("tcp"), *_listening("tcp6"))
    inodes = {inode for local, inode in sockets if int(local.rpartition(":")[2], 16) == port}
    if not inodes:
        return set()
    wanted = {f"socket:[{inode}]" for inode in inodes}
    found: set[int] = set()
    for entry in os.scandir(_PROC):
        if entry.name.isdecimal() and wanted & _descriptors(entry.name):
            found.add(int(entry.name))
    return found


def family(roots: set[int]) -> set[int]:
    """The living ones of these processes, with their children and children's children."""
    return tree.descendants(roots)


def cpu_s(pids: set[int]) -> float:
    """CPU seconds that these processes and their ended children have used (proc(5), stat: utime to cstime)."""
    ticks = 0
    for pid in pids:
        try:
            stat = (_PROC / str(pid) / "stat").read_text()
        except OSError:
            continue
        ticks += sum(map(int, stat[stat.rindex(")") + 2 :].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def rss_bytes(pids: set[int]) -> int | None:
    """Resident memory of these processes, shared pages in each (proc(5), statm); None where none can be read."""
    pages = []
    for pid in pids:
        try:
            pages.append(int((_PROC / str(pid) / "statm").read_text().split()[1]))
        except (OSError, IndexError, ValueError):
            continue
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") if pages else None


def _listening(table: str) -> list[tuple[str, str]]:
    try:
        lines = (_PROC / "net" / table).read_text().splitlines()[1:]
    except OSError:
        return []
    rows = (line.split() for line in lines)
    return [(row[1], row[9]) for row in rows if len(row) > 9 and row[3] == _LISTEN]


def _descriptors(pid: str) -> set[str]:
    found: set[str] = set()
    try:
        for entry in os.scandir(_PROC / pid / "fd"):
            try:
                found.add(str(Path(entry.path).readlink()))
            except OSError:
                continue
    except OSError:
        pass
    return found
