"""Which processes and libraries the recorder saw, and why it did not see the others.

Processes are looked at while they live (``Watch``), because what tells why one was not recorded (its command line, its
environment) is gone with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from loadstone.gather.recorder.inject._loadstone_recorder import layout
from loadstone.gather.recorder.reading import ProcessSpool
from loadstone.model.evidence import Coverage

__all__ = ["Watch", "coverage", "not_loaded"]

_PROC = Path("/proc")
_START_TIME = 22 - 3  # proc(5): starttime is field 22 of stat; the split below begins at field 3
_INTERPRETERS = ("python", "pypy")


class _Seen(msgspec.Struct, frozen=True):
    pid: int
    ticks: int
    argv: tuple[str, ...]
    path: str | None  # PYTHONPATH
    told: bool  # LOADSTONE_RECORDER is in its environment
    off: bool


class Watch:
    """The Python processes of the service, each remembered as it was first seen."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], _Seen] = {}

    def look(self, pids: Iterable[int]) -> None:
        """Note what is new among these processes. What ends meanwhile is passed over."""
        for pid in pids:
            seen = _look(pid)
            if seen is not None:
                # A process that is between fork and exec shows its parent's command line: the last look counts.
                self._seen[pid, seen.ticks] = seen

    def seen(self) -> Sequence[_Seen]:
        """Every Python process seen so far."""
        return list(self._seen.values())


def coverage(spools: Sequence[ProcessSpool], watch: Watch, directory: Path) -> list[Coverage]:
    """A row for every process and for each of its libraries, in order of process ids."""
    rows: list[Coverage] = []
    for spool in sorted(spools, key=lambda spool: (spool.pid, spool.header["ticks"])):
        rows += _of_process(spool)
    loaded = {(spool.pid, int(spool.header["ticks"])) for spool in spools}
    for seen in watch.seen():
        if (seen.pid, seen.ticks) not in loaded:
            note = not_loaded(seen.argv, seen.path, told=seen.told, off=seen.off, directory=directory)
            rows.append(Coverage(seen.pid, "python", None, "not loaded", note=note))
    return rows


def not_loaded(argv: Sequence[str], path: str | None, *, told: bool, off: bool, directory: Path) -> str:
    """Why a process has no recorder, as far as its command line and environment tell."""
    flags = _flags(argv)
    for flag, meaning in (("I", "is isolated"), ("E", "ignores PYTHONPATH"), ("S", "skips sitecustomize")):
        if flag in flags:
            return f"it was started with -{flag}, which {meaning}; start it without that option"
    if off:
        return "LOADSTONE_RECORDER_OFF is 1 in its environment"
    if not told:
        return "its environment was replaced: LOADSTONE_RECORDER is not in it; pass the environment on"
    if str(directory) not in (path or "").split(":"):
        return "PYTHONPATH was overwritten; put the old value behind the new one"
    return "it is no CPython of 3.9 or later, its spool could not be written, or it ended before it had begun"


def _of_process(spool: ProcessSpool) -> list[Coverage]:
    scopes: Counter[int] = Counter()
    torn = 0
    for records, broken in spool.records():
        torn += broken
        numbers, counts = np.unique(records["operation"][records["flags"] != layout.PAUSE], return_counts=True)
        scopes.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
    spans = Counter[str]()
    for number, count in scopes.items():
        spans[str(spool.operation(number)["scope"])] += count
    total = sum(spans.values())
    version = str(spool.header["python"])
    rows = [Coverage(spool.pid, "python", version, "spans" if total else "no spans", total, _service_note(spool, torn))]
    told = {(name, ""): Coverage(spool.pid, name, None, "spans", count) for name, count in spans.items()}
    for fact in spool.facts():
        library = str(fact.get("library", ""))
        release = str(fact.get("version", "")) or None
        note = str(fact.get("note", ""))
        if fact.get("state") == "covered":
            named = fact.get("scopes")
            count = sum(spans[str(scope)] for scope in (named if isinstance(named, tuple) else (library,)))
            told[library, ""] = Coverage(spool.pid, library, release, "spans" if count else "no spans", count, note)
        else:
            told[library, note] = Coverage(spool.pid, library, release, "not covered", note=note)
    return rows + sorted(told.values(), key=lambda row: row.library)


def _service_note(spool: ProcessSpool, torn: int) -> str:
    parts = [
        f"forked from {spool.parent.pid}" if spool.parent is not None else "",
        f"{spool.lost} records could not be written" if spool.lost else "",
        f"{torn} records were half-written when it was killed" if torn else "",
    ]
    return "; ".join(part for part in parts if part)


def _flags(argv: Sequence[str]) -> set[str]:
    """The interpreter's own options: letters before the script, -m or -c (which end them)."""
    flags: set[str] = set()
    words = iter(argv[1:])
    for word in words:
        if not word.startswith("-") or word in ("-", "--"):
            break
        if word in ("-X", "-W", "--check-hash-based-pycs"):
            next(words, None)
            continue
        if word.startswith("--"):
            continue
        for letter in word[1:]:
            if letter in "mcXW":
                break
            flags.add(letter)
        if "m" in word[1:] or "c" in word[1:]:
            break
    return flags


def _look(pid: int) -> _Seen | None:
    """The process, where it is one of Python; None where it is not, or has ended, or may not be looked at."""
    folder = _PROC / str(pid)
    try:
        stat = (folder / "stat").read_text()
        fields = stat[stat.rindex(")") + 2 :].split()
        argv = tuple((folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1])
        executable = (folder / "exe").readlink().name
        environment = (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    if not argv or fields[0] in "ZX" or not executable.startswith(_INTERPRETERS):
        return None
    values = dict(pair.partition(b"=")[::2] for pair in environment)
    path = values.get(b"PYTHONPATH")
    return _Seen(
        pid,
        int(fields[_START_TIME]),
        argv,
        None if path is None else path.decode(errors="replace"),
        b"LOADSTONE_RECORDER" in values,
        values.get(b"LOADSTONE_RECORDER_OFF") == b"1",
    )
