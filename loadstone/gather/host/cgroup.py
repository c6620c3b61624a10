"""The control group of a process: version 1, version 2 or both at once (hybrid), read without a limit in force too.

A controller is found where /proc/PID/cgroup books it. A limit is the smallest of the group's own and its ancestors' as
far as they can be seen: inside a container the mount point is the container's own group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from loadstone.gather.host.machine import parse_pressure
from loadstone.gather.host.readings import PERIODS, Key

__all__ = ["UNLIMITED", "Groups", "parse_groups", "parse_mounts", "read_groups"]

UNLIMITED = 1 << 60
"""Version 1 writes "no limit" as the largest multiple of a page that fits (PAGE_COUNTER_MAX): far over this."""

Groups = Mapping[str, tuple[int, tuple[str, ...]]]
"""Controller -> version and directories, the group's own first, then its ancestors' up to the mount point."""

Text = Callable[[str], str | None]
"""Reads a file; None where there is none or it may not be read."""


def parse_mounts(text: str) -> dict[str, tuple[str, str]]:
    """/proc/self/mountinfo: controller (``""`` for version 2) -> mount point and the group that it shows there."""
    found: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        words, told = left.split(" "), right.split(" ")
        if not separator or len(words) < 5 or not told[0].startswith("cgroup"):
            continue
        place = _unescaped(words[4]), _unescaped(words[3])
        if told[0] == "cgroup2":
            found.setdefault("", place)
        elif told[0] == "cgroup" and len(told) > 2:
            for option in told[2].split(","):
                found.setdefault(option, place)
    return found


def parse_groups(text: str, mounts: Mapping[str, tuple[str, str]]) -> Groups:
    """/proc/PID/cgroup with the mounts: where each of cpu, cpuacct, memory and pids is accounted."""
    booked: dict[str, str] = {}
    for line in text.splitlines():
        words = line.split(":", 2)
        if len(words) == 3:
            for controller in words[1].split(","):
                booked.setdefault(controller, words[2])
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for controller in ("cpu", "cpuacct", "memory", "pids"):
        if controller in booked and controller in mounts:
            found[controller] = 1, _upward(booked[controller], *mounts[controller])
        elif "" in booked and "" in mounts:
            found[controller] = 2, _upward(booked[""], *mounts[""])
    return found


def _upward(group: str, mount: str, root: str) -> tuple[str, ...]:
    """The group's directory and those above it. A group outside of what is mounted is seen at the mount point."""
    path = PurePosixPath("/", *PurePosixPath(group).parts[1:])
    seen = path.relative_to(root) if root != "/" and path.is_relative_to(root) else path.relative_to("/")
    if ".." in seen.parts:
        return (mount,)
    return tuple(str(PurePosixPath(mount) / part) for part in (seen, *seen.parents))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def read_groups(groups: Groups, read: Text) -> dict[Key, float]:
    """What the control group uses and may use, as far as its files can be read."""
    found: dict[Key, float] = {}
    readers = {"cpu": (_cpu_1, _cpu_2), "cpuacct": (_usage_1, None), "memory": (_memory_1, _memory_2)}
    for controller, (version, directories) in groups.items():
        reader = _pids if controller == "pids" else readers[controller][version - 1]
        if reader is not None:
            for name, value in reader(directories, read):
                found[name if isinstance(name, tuple) else (name, None)] = value
    return found


Told = Iterator[tuple[str | Key, float]]


def _cpu_1(directories: tuple[str, ...], read: Text) -> Told:
    def quota(directory: str) -> float | None:
        most, period = (
            _number(read(f"{directory}/cpu.cfs_quota_us")),
            _number(read(f"{directory}/cpu.cfs_period_us")),
        )
        return most / period if most is not None and period else None

    yield from _smallest("cpu_quota_cores", directories, quota)
    yield from _throttled(_flat(read(f"{directories[0]}/cpu.stat")), "throttled_time", 1e9)


def _cpu_2(directories: tuple[str, ...], read: Text) -> Told:
    def quota(directory: str) -> float | None:
        words = (read(f"{directory}/cpu.max") or "").split()
        most, period = (_number(words[0]), _number(words[1])) if len(words) == 2 else (None, None)
        return most / period if most is not None and period else None

    yield from _smallest("cpu_quota_cores", directories, quota)
    stat = _flat(read(f"{directories[0]}/cpu.stat"))
    if "usage_usec" in stat:
        yield "cpu_cores", stat["usage_usec"] / 1e6
    yield from _throttled(stat, "throttled_usec", 1e6)
    for resource in ("cpu", "memory", "io"):
        yield from parse_pressure(read(f"{directories[0]}/{resource}.pressure") or "", resource).items()


def _usage_1(directories: tuple[str, ...], read: Text) -> Told:
    usage = _number(read(f"{directories[0]}/cpuacct.usage"))
    if usage is not None:
        yield "cpu_cores", usage / 1e9


def _throttled(stat: Mapping[str, int], time: str, unit: float) -> Told:
    if "nr_periods" in stat and "nr_throttled" in stat:
        yield PERIODS, stat["nr_periods"]
        yield "cpu_throttled_share", stat["nr_throttled"]
    if time in stat:
        yield "cpu_throttled_s_per_s", stat[time] / unit


def _memory_1(directories: tuple[str, ...], read: Text) -> Told:
    def limit(directory: str) -> float | None:
        value = _number(read(f"{directory}/memory.limit_in_bytes"))
        return value if value is not None and value < UNLIMITED else None

    own = directories[0]
    yield from _smallest("memory_limit_bytes", directories, limit)
    yield from _told("memory_used_bytes", _number(read(f"{own}/memory.usage_in_bytes")))
    yield from _told("memory_limit_hits", _number(read(f"{own}/memory.failcnt")))
    yield from _told("oom_kills", _flat(read(f"{own}/memory.oom_control")).get("oom_kill"))


def _memory_2(directories: tuple[str, ...], read: Text) -> Told:
    own = directories[0]
    yield from _smallest("memory_limit_bytes", directories, lambda at: _number(read(f"{at}/memory.max")))
    yield from _smallest("memory_high_bytes", directories, lambda at: _number(read(f"{at}/memory.high")))
    yield from _told("memory_used_bytes", _number(read(f"{own}/memory.current")))
    yield from _told("swap_used_bytes", _number(read(f"{own}/memory.swap.current")))
    events = _flat(read(f"{own}/memory.events"))
    yield from _told("memory_limit_hits", events.get("max"))
    yield from _told("oom_kills", events.get("oom_kill"))


def _pids(directories: tuple[str, ...], read: Text) -> Told:
    yield from _smallest("pids_limit", directories, lambda at: _number(read(f"{at}/pids.max")))
    yield from _told("pids", _number(read(f"{directories[0]}/pids.current")))


def _smallest(metric: str, directories: tuple[str, ...], limit: Callable[[str], float | None]) -> Told:
    found = [value for value in map(limit, directories) if value is not None]
    if found:
        yield metric, min(found)


def _told(metric: str, value: float | None) -> Told:
    if value is not None:
        yield metric, value


def _number(text: str | None) -> int | None:
    """A whole number, not negative; ``max`` and -1 are no limit."""
    word = (text or "").strip()
    return int(word) if re.fullmatch(r"\d{1,20}", word, re.ASCII) else None


def _flat(text: str | None) -> dict[str, int]:
    """A flat-keyed file: a name and a number a line."""
    return {name: int(value) for name, value in re.findall(r"^(\w+) (\d{1,20})$", text or "", re.MULTILINE | re.ASCII)}
