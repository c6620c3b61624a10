"""One process, from the texts of its directory in /proc: each function takes one file's text."""

from __future__ import annotations

import re

import msgspec

from loadstone.gather.host.machine import numbers

__all__ = [
    "Stat",
    "parse_io",
    "parse_limits",
    "parse_mapped_pages",
    "parse_pss",
    "parse_schedstat",
    "parse_stat",
    "parse_switches",
]


class Stat(msgspec.Struct, frozen=True):
    """What /proc/PID/stat tells. ``born`` is the start in ticks since boot: with the pid it names the process."""

    state: str
    minor_faults: int
    major_faults: int
    user_ticks: int
    system_ticks: int
    threads: int
    born: int
    rss_pages: int


def parse_stat(text: str) -> Stat | None:
    """/proc/PID/stat; the name in its brackets may hold anything, brackets too."""
    rest = text[text.rfind(")") + 1 :].split()
    if len(rest) < 22 or not text.partition("(")[1]:
        return None
    try:
        row = [int(word) for word in rest[1:22]]  # from the fourth field on
    except ValueError:
        return None
    return Stat(rest[0], row[6], row[8], row[10], row[11], row[16], row[18], max(row[20], 0))


def parse_mapped_pages(text: str) -> int | None:
    """/proc/PID/statm: resident pages of mapped files and shared memory, which the process does not hold by itself."""
    row = numbers(text.split())
    return int(row[2]) if len(row) == 7 else None


def parse_schedstat(text: str) -> float | None:
    """/proc/PID/task/TID/schedstat: seconds in which the thread could run and had no CPU."""
    row = numbers(text.split())
    return row[1] / 1e9 if len(row) == 3 else None


def parse_switches(text: str) -> tuple[int, int] | None:
    """/proc/PID/task/TID/status: voluntary and involuntary context switches of the thread."""
    found = dict(re.findall(r"^(voluntary|nonvoluntary)_ctxt_switches:\t(\d{1,20})$", text, re.MULTILINE | re.ASCII))
    return (int(found["voluntary"]), int(found["nonvoluntary"])) if len(found) == 2 else None


def parse_io(text: str) -> tuple[int, int] | None:
    """/proc/PID/io: bytes that came from disks and bytes that were sent to them."""
    found = dict(re.findall(r"^(read_bytes|write_bytes): (\d{1,20})$", text, re.MULTILINE | re.ASCII))
    return (int(found["read_bytes"]), int(found["write_bytes"])) if len(found) == 2 else None


def parse_limits(text: str) -> int | None:
    """/proc/PID/limits: the soft limit of open descriptors; None where there is none."""
    found = re.search(r"^Max open files +(\d{1,20}) ", text, re.MULTILINE | re.ASCII)
    return int(found[1]) if found else None


def parse_pss(text: str) -> int | None:
    """/proc/PID/smaps_rollup: the proportional set size in bytes."""
    found = re.search(r"^Pss: +(\d{1,20}) kB$", text, re.MULTILINE | re.ASCII)
    return int(found[1]) * 1024 if found else None
