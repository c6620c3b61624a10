"""Which container a process runs in, and which processes a container's port leads to, as far as /proc tells.

The port that Docker publishes is held by ``docker-proxy``, or by nobody where the kernel forwards it: the service is
in another network namespace, and is found there by the address and the port that the proxy forwards to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address
from pathlib import Path
from typing import NamedTuple

import msgspec

from loadstone.lab.surroundings.sockets import PROC, command_of, inodes_of, namespace_of, rows_of

__all__ = [
    "Container",
    "Forwarded",
    "addresses_of",
    "container_of",
    "containers_of",
    "forwarded",
    "inside",
    "proxies",
]

_ENGINES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("podman", re.compile(r"libpod-(?!conmon)(?:payload-)?([0-9a-f]{64})")),
    ("kubernetes", re.compile(r"kubepods.*?(?:cri-containerd-|crio-|docker-|/)([0-9a-f]{64})")),
    ("docker", re.compile(r"(?:/docker/|docker-)([0-9a-f]{64})")),
    ("containerd", re.compile(r"(?:cri-containerd[-:]|/)([0-9a-f]{64})(?:\.scope)?$")),
    ("lxc", re.compile(r"/lxc(?:\.payload)?[./]([\w.-]+)")),
)
_PROXIES = re.compile(r"(docker-proxy|rootlessport|rootlesskit|slirp4netns|pasta|gvproxy|conmon)\b")


class Container(msgspec.Struct, frozen=True):
    """``id`` is the engine's, its first twelve digits where it is a hash; ``pids`` those of its processes that were
    asked about."""

    engine: str
    id: str
    pids: tuple[int, ...] = ()


class Forwarded(NamedTuple):
    """Where a proxy sends what comes in at a port."""

    host: str
    port: int


def container_of(pid: int, proc: Path = PROC) -> tuple[str, str] | None:
    """Engine and id of the container that a process runs in; None where it runs in none, or in our own."""
    try:
        text = (proc / str(pid) / "cgroup").read_text()
    except OSError:
        return None
    for line in text.splitlines():
        group = line.split(":", 2)[-1]
        for engine, pattern in _ENGINES:
            match = pattern.search(group)
            if match is not None:
                found = match[1]
                return engine, found[:12] if len(found) == 64 else found
    return None


def containers_of(pids: Iterable[int], proc: Path = PROC) -> Iterator[Container]:
    """The containers of these processes; not the one that we are in ourselves."""
    own = container_of(os.getpid(), proc)
    found: dict[tuple[str, str], list[int]] = {}
    for pid in sorted(pids):
        one = container_of(pid, proc)
        if one is not None and one != own:
            found.setdefault(one, []).append(pid)
    for (engine, name), members in found.items():
        yield Container(engine, name, tuple(members))


def proxies(pids: Iterable[int], proc: Path = PROC) -> dict[int, str]:
    """Those of these processes that only forward a container's port: what each is called."""
    found: dict[int, str] = {}
    for pid in pids:
        first = command_of(pid, proc).partition(" ")[0].rpartition("/")[2]
        match = _PROXIES.match(first)
        if match is not None:
            found[pid] = match[1]
    return found


def forwarded(pid: int, proc: Path = PROC) -> Forwarded | None:
    """Where a docker-proxy forwards to, by its own command line."""
    told = dict(re.findall(r"-(container-ip|container-port)[ =](\S+)", command_of(pid, proc)))
    if "container-ip" not in told or not told.get("container-port", "").isdigit():
        return None
    return Forwarded(told["container-ip"], int(told["container-port"]))


def inside(port: int, host: str | None = None, proc: Path = PROC) -> dict[str, set[int]]:
    """Processes in other network namespaces where something listens at a port, and that have the address, by namespace:
    the holders of the socket, or every process there where this user may not see who holds it."""
    spaces: dict[str, set[int]] = {}
    own = namespace_of("self", proc)
    for entry in os.scandir(proc) if proc.is_dir() else ():
        if entry.name.isdecimal():
            space = namespace_of(entry.name, proc)
            if space is not None and space != own:
                spaces.setdefault(space, set()).add(int(entry.name))
    return {space: found for space, pids in spaces.items() if (found := _listening(pids, port, host, proc))}


def _listening(pids: set[int], port: int, host: str | None, proc: Path) -> set[int]:
    one = min(pids)
    rows = [row for row in rows_of(one, proc) if row.listens and row.port == port]
    if not rows or (host is not None and host not in addresses_of(one, proc)):
        return set()
    inodes = {row.inode for row in rows}
    holding = {pid for pid in pids if inodes & inodes_of([pid], proc)[0]}
    return holding or pids


def addresses_of(pid: int | str, proc: Path) -> set[str]:
    """The addresses of a process's network namespace (proc(5) has no list: the routing trie tells the local ones)."""
    found: set[str] = set()
    try:
        lines = (proc / str(pid) / "net" / "fib_trie").read_text().splitlines()
    except OSError:
        lines = []
    last = ""
    for line in lines:
        match = re.search(r"(?:\|--|\+--) (\d+(?:\.\d+){3})", line)
        if match is not None:
            last = match[1]
        elif "host LOCAL" in line and last:
            found.add(last)
    try:
        for line in (proc / str(pid) / "net" / "if_inet6").read_text().splitlines():
            found.add(str(IPv6Address(int(line.split()[0], 16))))
    except OSError:
        pass
    return found
