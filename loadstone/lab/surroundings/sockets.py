"""Sockets as /proc tells them: who listens where, and to whom a set of processes is connected (proc(5), /proc/net/tcp).

Every process is read in its own network namespace, through /proc/PID/net; ``proc`` may be another folder in tests.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

from loadstone.lab.surroundings.systems import by_program

__all__ = [
    "PROC",
    "Row",
    "command_of",
    "holders",
    "inodes_of",
    "lately",
    "namespace_of",
    "outgoing",
    "program_at",
    "rows_of",
]

PROC = Path("/proc")

_ESTABLISHED, LISTEN, _ENDED = "01", "0A", "06"  # TIME_WAIT; include/net/tcp_states.h


class Row(NamedTuple):
    """One TCP socket. ``uid`` is its owner's; ``inode`` 0 where no process has it any more."""

    host: str
    port: int
    remote_host: str
    remote_port: int
    listens: bool
    uid: int
    inode: int


def rows_of(pid: int | str = "self", proc: Path = PROC) -> list[Row]:
    """Sockets of a process's network namespace that listen or are connected, IPv4 and IPv6."""
    return [row for state, row in _rows(pid, proc) if state in (_ESTABLISHED, LISTEN)]


def lately(pid: int | str = "self", proc: Path = PROC) -> set[tuple[str, int]]:
    """Places to which connections have ended within the last minute, in a process's network namespace; whose they were
    the kernel does not tell any more."""
    return {(row.remote_host, row.remote_port) for state, row in _rows(pid, proc) if state == _ENDED}


def _rows(pid: int | str, proc: Path) -> Iterator[tuple[str, Row]]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / str(pid) / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if len(words) > 9 and words[3] in (_ESTABLISHED, LISTEN, _ENDED):
                host, port = _place(words[1])
                remote, remote_port = _place(words[2])
                inode, uid = int(words[9]), int(words[7])
                yield words[3], Row(host, port, remote, remote_port, words[3] == LISTEN, uid, inode)


def _place(text: str) -> tuple[str, int]:
    """``0100007F:1F90`` is 127.0.0.1 and 8080: words of 32 bits in the machine's order."""
    address, _, port = text.partition(":")
    raw = b"".join(struct.pack("=I", int(address[at : at + 8], 16)) for at in range(0, len(address), 8))
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    host = ip_address(socket.inet_ntop(family, raw))
    if isinstance(host, IPv6Address) and host.ipv4_mapped is not None:
        return str(host.ipv4_mapped), int(port, 16)
    return str(host), int(port, 16)


def inodes_of(pids: Iterable[int], proc: Path = PROC) -> tuple[set[int], bool]:
    """Inodes of the sockets that these processes hold; and whether all of them could be looked at."""
    found: set[int] = set()
    whole = True
    for pid in pids:
        held = _held(str(pid), proc)
        whole = whole and held is not None
        found |= held or set()
    return found, whole


def _held(pid: str, proc: Path) -> set[int] | None:
    found: set[int] = set()
    try:
        for entry in os.scandir(proc / pid / "fd"):
            try:
                target = str(Path(entry.path).readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    except OSError:
        return None
    return found


def holders(inodes: set[int], proc: Path = PROC) -> set[int]:
    """Processes that hold one of these sockets, as far as this user may see."""
    found: set[int] = set()
    for entry in os.scandir(proc) if inodes and proc.is_dir() else ():
        if entry.name.isdecimal() and inodes & (_held(entry.name, proc) or set()):
            found.add(int(entry.name))
    return found


def namespace_of(pid: int | str = "self", proc: Path = PROC) -> str | None:
    """The network namespace, as ``net:[4026531840]``; None where this user may not see it."""
    try:
        return str((proc / str(pid) / "ns" / "net").readlink())
    except OSError:
        return None


def command_of(pid: int | str, proc: Path = PROC) -> str:
    """A process's command line with spaces between its words, else its short name; empty where it has ended."""
    for name in ("cmdline", "comm"):
        try:
            told = (proc / str(pid) / name).read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if told:
            return told
    return ""


def outgoing(pids: set[int], proc: Path = PROC) -> Iterator[tuple[int, Row]]:
    """Connections that these processes have opened, each with one of them that shares its namespace: not those that
    came in at a port where they listen, and not those among themselves."""
    spaces: dict[str | None, int] = {}
    for pid in sorted(pids):
        spaces.setdefault(namespace_of(pid, proc), pid)
    held, _ = inodes_of(pids, proc)
    for pid in spaces.values():
        rows = rows_of(pid, proc)
        own = {row.port for row in rows if row.listens and row.inode in held}
        for row in rows:
            if not row.listens and row.inode in held and row.port not in own and row.remote_port not in own:
                yield pid, row


def program_at(pid: int, row: Row, proc: Path = PROC) -> str | None:
    """What the process at the other end is, where it runs on this machine and this user may see it."""
    if not _here(row, proc, pid):
        return None
    listening = {one.inode for one in rows_of(pid, proc) if one.listens and one.port == row.remote_port}
    for holder in sorted(holders(listening - {0}, proc)):
        system = by_program(command_of(holder, proc))
        if system is not None:
            return system
    return None


def _here(row: Row, proc: Path, pid: int) -> bool:
    return ip_address(row.remote_host).is_loopback or any(
        one.host == row.remote_host for one in rows_of(pid, proc) if not one.listens
    )
