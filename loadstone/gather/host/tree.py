"""A set of processes that changes between two looks, added up so that what they count never runs backwards.

A process is its pid and its start. One that was born since the last look counts from its beginning, one that joins
later from where it is; of one that ends, what it did since the last look is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from loadstone.gather.host.process import (
    Stat,
    parse_io,
    parse_limits,
    parse_mapped_pages,
    parse_pss,
    parse_schedstat,
    parse_stat,
    parse_switches,
)
from loadstone.gather.host.readings import Key

__all__ = ["MOST_THREADS", "PSS_EVERY", "Tree"]

MOST_THREADS = 200
"""With more threads than this their files are not read: at about 50 us a thread that would take over 10 ms a look."""

PSS_EVERY = 10
"""Looks between two readings of the proportional set size, which walks the page tables: milliseconds a gigabyte."""

Process = tuple[int, int]
Text = Callable[[Path], str | None]


class Tree:
    """``proc`` is /proc, ``page_bytes`` and ``ticks_per_s`` are the kernel's."""

    def __init__(self, proc: Path, read: Text, page_bytes: int, ticks_per_s: int) -> None:
        self._proc = proc
        self._read = read
        self._page_bytes = page_bytes
        self._ticks_per_s = ticks_per_s
        self._sums: dict[str, float] = {}
        self._last: dict[tuple[Process, str], float] = {}
        self._known: set[Process] = set()
        self._limits: dict[Process, int | None] = {}
        self._looks = 0
        self._last_boot_s = 0.0
        self.hidden: set[str] = set()
        """What could not be read of some process, in words."""
        self.seen = False
        """Whether any process was ever there."""

    def look(self, pids: Iterable[int], boot_s: float) -> dict[Key, float]:
        """Read the processes; ``boot_s`` is the time since boot, now. Empty where none lives."""
        living = {
            (pid, stat.born): stat for pid in sorted(pids) if (stat := self._stat(pid)) and stat.state not in "ZX"
        }
        levels: dict[str, float] = {}
        now: dict[tuple[Process, str], float] = {}
        threads = sum(stat.threads for stat in living.values())
        for process, stat in living.items():
            self._process(process, stat, levels, now)
            if threads <= MOST_THREADS:
                self._threads(process, now)
        if threads > MOST_THREADS:
            self.hidden.add(f"switches and run-queue waits of {threads} threads (over {MOST_THREADS})")
        self._add(now, living)
        if self._looks:
            self._sums["processes_new"] = self._sums.get("processes_new", 0) + len(living.keys() - self._known)
            self._sums["processes_ended"] = self._sums.get("processes_ended", 0) + len(self._known - living.keys())
        else:
            self._sums |= {"processes_new": 0, "processes_ended": 0}
        self._known = set(living)
        self._limits = {process: limit for process, limit in self._limits.items() if process in living}
        self._looks += 1
        self._last_boot_s = boot_s
        if not living:
            return {}
        self.seen = True
        levels["processes"] = len(living)
        return {(metric, None): value for metric, value in (self._sums | levels).items()}

    def _stat(self, pid: int) -> Stat | None:
        text = self._read(self._proc / str(pid) / "stat")
        return None if text is None else parse_stat(text)

    def _process(
        self, process: Process, stat: Stat, levels: dict[str, float], now: dict[tuple[Process, str], float]
    ) -> None:
        folder = self._proc / str(process[0])
        _more(levels, "rss_bytes", stat.rss_pages * self._page_bytes)
        mapped = parse_mapped_pages(self._read(folder / "statm") or "")
        if mapped is not None:
            _more(levels, "own_bytes", max(0, stat.rss_pages - mapped) * self._page_bytes)
        _more(levels, "threads", stat.threads)
        user, system = stat.user_ticks / self._ticks_per_s, stat.system_ticks / self._ticks_per_s
        now[process, "cpu_cores"] = user + system
        now[process, "cpu_user_cores"] = user
        now[process, "cpu_system_cores"] = system
        now[process, "faults_per_s"] = stat.minor_faults + stat.major_faults
        now[process, "major_faults_per_s"] = stat.major_faults
        io = parse_io(self._read(folder / "io") or "")
        if io is None:
            self.hidden.add("bytes read and written")
        else:
            now[process, "read_bytes_per_s"], now[process, "write_bytes_per_s"] = io
        self._descriptors(process, folder, levels)
        if self._looks % PSS_EVERY == 1:  # the first look is only what the second is held against
            pss = parse_pss(self._read(folder / "smaps_rollup") or "")
            if pss is not None:
                _more(levels, "pss_bytes", pss)

    def _descriptors(self, process: Process, folder: Path, levels: dict[str, float]) -> None:
        try:
            place = folder / "fd"
            count = place.stat().st_size or sum(1 for _ in place.iterdir())  # the size is the count since Linux 6.2
        except OSError:
            self.hidden.add("open descriptors")
            return
        _more(levels, "descriptors", count)
        if process not in self._limits:
            self._limits[process] = parse_limits(self._read(folder / "limits") or "")
        limit = self._limits[process]
        if limit:
            levels["descriptors_share"] = max(levels.get("descriptors_share", 0.0), count / limit)

    def _threads(self, process: Process, now: dict[tuple[Process, str], float]) -> None:
        try:
            tasks = list((self._proc / str(process[0]) / "task").iterdir())
        except OSError:
            return
        for task in tasks:
            waited = parse_schedstat(self._read(task / "schedstat") or "")
            if waited is not None:
                now[process, f"run_wait_s_per_s/{task.name}"] = waited
            switches = parse_switches(self._read(task / "status") or "")
            if switches is not None:
                now[process, f"voluntary_switches_per_s/{task.name}"] = switches[0]
                now[process, f"involuntary_switches_per_s/{task.name}"] = switches[1]

    def _add(self, now: dict[tuple[Process, str], float], living: dict[Process, Stat]) -> None:
        born_since = {process for process in living if process[1] / self._ticks_per_s >= self._last_boot_s}
        for (process, counter), value in now.items():
            metric, thread, _ = counter.partition("/")
            before = self._last.get((process, counter))
            if before is None:
                new_here = process in born_since or (thread != "" and process in self._known)
                before = 0.0 if self._looks and new_here else value
            self._sums[metric] = self._sums.get(metric, 0.0) + max(value - before, 0.0)
        self._last = now


def _more(levels: dict[str, float], metric: str, value: float) -> None:
    levels[metric] = levels.get(metric, 0.0) + value
