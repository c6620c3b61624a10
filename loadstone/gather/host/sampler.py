"""The thread that looks at /proc and /sys once a second and keeps the values of each span."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from loadstone.gather.host.cgroup import Groups, parse_groups, parse_mounts, read_groups
from loadstone.gather.host.machine import FILES, parse_sockstat
from loadstone.gather.host.readings import Key, Reading, values
from loadstone.gather.host.rows import Rows
from loadstone.gather.host.tree import Tree
from loadstone.model.host_metrics import RECEIVER

__all__ = ["Sampler", "Watched"]

PROC = Path("/proc")

SHORTEST_SHARE = 0.25
"""The last span is told when it is at least this part of the interval: CPU time comes in ticks of 10 ms."""

Watched = Callable[[], Iterable[int]]
"""Answers with the processes of a scope, as they are now."""


class Sampler:
    """Looks at once when it is started, then every ``interval_s``, and a last time when it is stopped.

    ``service`` and ``generator`` answer with processes, ``receiver`` with that of the trace receiver.
    """

    def __init__(
        self, service: Watched, generator: Watched, receiver: Watched, interval_s: float = 1.0, proc: Path = PROC
    ) -> None:
        self.rows = Rows()
        self.unreadable: set[str] = set()
        """Files under /proc that could not be read."""
        self.cgroup: str | None = None
        """The service's control group as it was last read, or None."""
        self.strange_network = False
        """The service has a network namespace of its own: the network's figures are not its."""
        self.cpu_s = 0.0
        """CPU time that looking has taken."""
        self.looks = 0
        self.failure: Exception | None = None
        self._proc = proc
        self._interval_s = interval_s
        page, ticks = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
        self._page = page
        self._service = service
        self.trees = {
            ("service", None): (service, Tree(proc, read, page, ticks)),
            ("generator", None): (generator, Tree(proc, read, page, ticks)),
            ("generator", RECEIVER): (receiver, Tree(proc, read, page, ticks)),
        }
        self._last: dict[tuple[str, str | None], Reading] = {}
        self._last_s = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loadstone-host", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Look once more and end. Nothing happens at a second call, or where it was never started."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            due = time.monotonic()
            self.look()
            while not self._ending.wait(max(0.0, due + self._interval_s - time.monotonic())):
                due = max(due + self._interval_s, time.monotonic() - self._interval_s)
                self.look()
            if self.looks == 1 or time.monotonic() - self._last_s >= SHORTEST_SHARE * self._interval_s:
                self.look()
        except Exception as error:
            self.failure = error
        self.cpu_s = time.thread_time()

    def look(self) -> None:
        """Read everything now; the values since the look before are added to the rows."""
        at_s, at_ns = time.monotonic(), time.time_ns()
        span_s = at_s - self._last_s
        readings: dict[tuple[str, str | None], Reading] = {("host", None): self._machine()}
        boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        for place, (pids, tree) in self.trees.items():
            readings[place] = tree.look(pids(), boot_s)
        readings["cgroup", None] = self._cgroup()
        if self.looks:
            for (scope, whole), after in readings.items():
                before = self._last.get((scope, whole), {})
                busiest = None
                for (metric, detail), value in values(before, after, span_s):
                    self.rows.add(at_ns, int(span_s * 1e9), scope, metric, whole or detail, value)
                    if metric == "disk_busy_share":
                        busiest = max(busiest or 0.0, value)
                if busiest is not None:
                    self.rows.add(at_ns, int(span_s * 1e9), scope, "disk_busy_share", None, busiest)
        self._last, self._last_s = readings, at_s
        self.looks += 1

    def _machine(self) -> dict[Key, float]:
        found: dict[Key, float] = {}
        for name, parse in FILES.items():
            text = read(self._proc / name)
            if text is None:
                self.unreadable.add(name)
            else:
                found.update(parse(text, self._page))
        sockets = [read(self._proc / "net" / name) for name in ("sockstat", "sockstat6")]
        found.update(parse_sockstat("\n".join(text for text in sockets if text)))
        return found

    def _cgroup(self) -> dict[Key, float]:
        pid = min(self._service(), default=None)
        if pid is None:
            return {}
        self.strange_network = self.strange_network or not _same_network(self._proc, pid)
        mounts = parse_mounts(read(self._proc / "self" / "mountinfo") or "")
        booked = read(self._proc / str(pid) / "cgroup")
        if booked is None:
            return {}
        groups = _existing(parse_groups(booked, mounts))
        if groups:
            self.cgroup = ", ".join(sorted({f"v{version} {at[0]}" for version, at in groups.values()}))
        return read_groups(groups, lambda path: read(Path(path)))


def _same_network(proc: Path, pid: int) -> bool:
    try:
        return (proc / str(pid) / "ns/net").readlink() == (proc / "self/ns/net").readlink()
    except OSError:
        return True  # gone, or another user's: nothing can be said


def _existing(groups: Groups) -> Groups:
    """Without directories that are not there: a container sees its group at the mount point, under no name."""
    found = {}
    for controller, (version, directories) in groups.items():
        there = tuple(directory for directory in directories if Path(directory).is_dir())
        if there:
            found[controller] = version, there
    return found


def read(path: Path) -> str | None:
    """A file's text, or None: processes go between two looks, and not every file may be read by every user."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
