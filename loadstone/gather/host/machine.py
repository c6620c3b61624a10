"""The whole machine, from the texts of /proc: each function takes one file's text and answers with what it tells.

A file of an older or a newer kernel, with fields more or less, tells what it can; nothing here raises on any text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

from loadstone.gather.host.readings import CPU_TOTAL, Key

__all__ = [
    "FILES",
    "numbers",
    "parse_diskstats",
    "parse_file_nr",
    "parse_loadavg",
    "parse_meminfo",
    "parse_net_dev",
    "parse_pressure",
    "parse_snmp",
    "parse_sockstat",
    "parse_stat",
    "parse_vmstat",
]

SECTOR = 512  # bytes, whatever the device's own sector (Documentation/admin-guide/iostats.rst)
_IGNORED = re.compile(r"(loop|ram|zram|sr|fd)\d")
_STACKED = re.compile(r"(dm-|md)\d")
_PARTITION = re.compile(r"p?\d+")


def parse_stat(text: str) -> dict[Key, float]:
    """/proc/stat: user nice system idle iowait irq softirq steal (guest time is within user), and counts below."""
    found: dict[Key, float] = {}
    cpus = 0
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name == "cpu":
            ticks = [*numbers(rest.split()[:8]), 0, 0, 0, 0, 0, 0, 0, 0][:8]
            user, nice, system, idle, iowait, irq, softirq, steal = ticks
            found[CPU_TOTAL] = sum(ticks)
            found["cpu_busy_share", None] = sum(ticks) - idle - iowait - steal
            found["cpu_user_share", None] = user + nice
            found["cpu_system_share", None] = system
            found["cpu_iowait_share", None] = iowait
            found["cpu_irq_share", None] = irq + softirq
            found["cpu_steal_share", None] = steal
        elif re.fullmatch(r"cpu\d+", name):
            cpus += 1
        elif name in _STAT:
            _put(found, _STAT[name], rest)
    if cpus:
        found["cpus", None] = cpus
    return found


_STAT = {
    "ctxt": "context_switches_per_s",
    "processes": "forks_per_s",
    "procs_running": "procs_running",
    "procs_blocked": "procs_blocked",
}


def parse_loadavg(text: str) -> dict[Key, float]:
    """/proc/loadavg."""
    found: dict[Key, float] = {}
    _put(found, "load_1m", text.partition(" ")[0])
    return found


def parse_pressure(text: str, resource: str) -> dict[Key, float]:
    """/proc/pressure/cpu, memory, io and a control group's: totals in microseconds. CPU has no meaningful ``full``."""
    found: dict[Key, float] = {}
    for line in text.splitlines():
        words = line.split()
        total = next((word[6:] for word in words[1:] if word.startswith("total=")), "")
        if not words or not total.isdecimal():
            continue
        if words[0] == "some":
            found[f"{resource}_pressure_share", None] = int(total) / 1e6
        elif words[0] == "full" and resource != "cpu":
            found[f"{resource}_full_pressure_share", None] = int(total) / 1e6
    return found


def parse_meminfo(text: str) -> dict[Key, float]:
    """/proc/meminfo, in kB."""
    read = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        some = numbers(rest.split()[:1])
        if some:
            read[name] = some[0] * 1024
    found: dict[Key, float] = {}
    if "MemTotal" in read:
        found["memory_bytes", None] = read["MemTotal"]
        if "MemAvailable" in read:
            found["memory_available_bytes", None] = read["MemAvailable"]
            found["memory_used_bytes", None] = max(read["MemTotal"] - read["MemAvailable"], 0)
    if "SwapTotal" in read and "SwapFree" in read:
        found["swap_used_bytes", None] = max(read["SwapTotal"] - read["SwapFree"], 0)
    return found


def parse_vmstat(text: str, page: int) -> dict[Key, float]:
    """/proc/vmstat; ``page`` is the page size in bytes."""
    found: dict[Key, float] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name in _VMSTAT:
            metric, paged = _VMSTAT[name]
            _put(found, metric, rest, page if paged else 1)
    return found


_VMSTAT = {
    "pswpin": ("swap_in_bytes_per_s", True),
    "pswpout": ("swap_out_bytes_per_s", True),
    "pgfault": ("faults_per_s", False),
    "pgmajfault": ("major_faults_per_s", False),
    "oom_kill": ("oom_kills", False),
}


def parse_diskstats(text: str) -> dict[Key, float]:
    """/proc/diskstats: whole devices. The sum leaves out devices that lie on others (device mapper, RAID)."""
    rows: dict[str, list[float]] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 14 and not _IGNORED.match(words[2]):
            some = numbers(words[3:14])
            if len(some) == 11 and any(some):
                rows[words[2]] = some
    found: dict[Key, float] = {}
    for name, row in rows.items():
        if any(name != other and name.startswith(other) and _PARTITION.fullmatch(name[len(other) :]) for other in rows):
            continue
        told = {
            "disk_read_bytes_per_s": row[2] * SECTOR,
            "disk_write_bytes_per_s": row[6] * SECTOR,
            "disk_busy_share": row[9] / 1000,
        }
        for metric, value in told.items():
            found[metric, name] = value
            if not _STACKED.match(name) and metric != "disk_busy_share":
                found[metric, None] = found.get((metric, None), 0.0) + value
    return found


def parse_net_dev(text: str) -> dict[Key, float]:
    """/proc/net/dev: a row an interface that has seen traffic; the sum leaves out the loopback."""
    found: dict[Key, float] = {}
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        row = numbers(rest.split())
        if not colon or len(row) < 12 or not (row[0] or row[8]):
            continue
        name = name.strip()
        told = {
            "net_rx_bytes_per_s": row[0],
            "net_tx_bytes_per_s": row[8],
            "net_errors_per_s": row[2] + row[10],
            "net_drops_per_s": row[3] + row[11],
        }
        for metric, value in told.items():
            found[metric, name] = value
            if name != "lo":
                found[metric, None] = found.get((metric, None), 0.0) + value
    return found


def parse_sockstat(text: str) -> dict[Key, float]:
    """/proc/net/sockstat and sockstat6, one after the other."""
    found: dict[Key, float] = {}
    names = {"inuse": "tcp_in_use", "tw": "tcp_time_wait", "orphan": "tcp_orphans"}
    for line in text.splitlines():
        kind, _, rest = line.partition(":")
        words = rest.split()
        if kind not in ("TCP", "TCP6"):
            continue
        for name, value in zip(words[::2], words[1::2], strict=False):
            if name in names and value.isdecimal():
                key = (names[name], None)
                found[key] = found.get(key, 0.0) + int(value)
    return found


def parse_snmp(text: str) -> dict[Key, float]:
    """/proc/net/snmp and netstat: a line of names and a line of values for each group."""
    names = {
        ("Tcp", "OutSegs"): "tcp_out_segments_per_s",
        ("Tcp", "RetransSegs"): "tcp_retransmits_per_s",
        ("TcpExt", "ListenOverflows"): "tcp_listen_overflows_per_s",
        ("TcpExt", "ListenDrops"): "tcp_listen_drops_per_s",
    }
    found: dict[Key, float] = {}
    lines = text.splitlines()
    for heads, row in pairwise(lines):
        group, _, columns = heads.partition(":")
        if group not in ("Tcp", "TcpExt") or not row.startswith(f"{group}:"):
            continue
        for column, value in zip(columns.split(), row.partition(":")[2].split(), strict=False):
            if (group, column) in names:
                _put(found, names[group, column], value)
    return found


def parse_file_nr(text: str) -> dict[Key, float]:
    """/proc/sys/fs/file-nr: allocated, unused, most."""
    row = numbers(text.split())
    return {("descriptors", None): row[0], ("descriptors_limit", None): row[2]} if len(row) == 3 else {}


def numbers(words: list[str]) -> list[float]:
    """The leading words that are whole numbers."""
    found: list[float] = []
    for word in words:
        if not (word.isascii() and word.isdecimal()) or len(word) > 20:  # 20 digits hold any u64
            break
        found.append(int(word))
    return found


def _put(found: dict[Key, float], metric: str, text: str, factor: float = 1) -> None:
    word = text.strip()
    if re.fullmatch(r"\d{1,20}(\.\d{1,20})?", word, re.ASCII):
        found[metric, None] = float(word) * factor


FILES: Mapping[str, Callable[[str, int], dict[Key, float]]] = {
    "stat": lambda text, page: parse_stat(text),
    "loadavg": lambda text, page: parse_loadavg(text),
    "pressure/cpu": lambda text, page: parse_pressure(text, "cpu"),
    "pressure/memory": lambda text, page: parse_pressure(text, "memory"),
    "pressure/io": lambda text, page: parse_pressure(text, "io"),
    "meminfo": lambda text, page: parse_meminfo(text),
    "vmstat": parse_vmstat,
    "diskstats": lambda text, page: parse_diskstats(text),
    "net/dev": lambda text, page: parse_net_dev(text),
    "net/snmp": lambda text, page: parse_snmp(text),
    "net/netstat": lambda text, page: parse_snmp(text),
    "sys/fs/file-nr": lambda text, page: parse_file_nr(text),
}
"""Files under /proc, each with what reads its text and the page size. ``net/sockstat`` and its twin are read as one."""
