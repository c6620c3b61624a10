"""Python processes by py-spy, from outside: nothing is put into the service.

py-spy tells either the time of a sample (``--format chrometrace``) or whether its thread ran or held the interpreter's
lock (by leaving the others out), never both. So three recorders look at each process: one at all threads, with their
instants; two, at a lower rate, at the threads that ran and at the one that held the lock. py-spy samples at random
instants (its timer is exponential), so the three see the same process without bias. What they saw is put together by
``loadstone.gather.profile.sampled``. The two do not stop the service: recorders that do would hinder one another.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from loadstone.gather.profile.child import Child, thaw
from loadstone.gather.profile.processes import threads
from loadstone.model.evidence import Missing

__all__ = ["RATE_HZ", "STATE_HZ", "Recording", "Seen", "find_py_spy", "refusal"]

RATE_HZ = 100
"""Of the recorder that keeps the instants. docs/performance.md has what it costs the service; at 500 Hz py-spy cost 22
to 39 % of its throughput."""

MOST_STOPS_PER_S = 800
"""Threads of one process that are stopped a second. Measured on a busy thread beside 20 that wait, at 100 Hz: 8 % of
its work was lost, some 40 us a stop, so this many lose about 3 %. More than 8 threads are looked at less often."""

LEAST_HZ = 20
"""However many threads there are."""

STATE_HZ = 25
"""Of each of the two that tell who ran and who held the lock."""

SEGMENT_S = 20.0
"""How long one set of recorders goes on before the next takes over: py-spy keeps everything in memory until it ends."""

ATTACH_S = 10.0
"""How long py-spy may take to find its way about a process; a large binary takes a second."""

TAKE_OVER_S = 2.0
"""How long the next set may take; else the one that looks goes on for another while."""

END_S = 20.0
"""How long it may take to write what it has."""

KINDS = {"all": ("--idle", "--threads"), "active": ("--nonblocking",), "gil": ("--gil", "--nonblocking")}


class Seen(msgspec.Struct, frozen=True):
    """One process for a while: the three files, and by the system's id when each thread was last seen alive and how
    long it was on a CPU meanwhile."""

    pid: int
    started_ns: int
    ended_ns: int
    files: dict[str, Path]
    rates: dict[str, int]
    last_seen_ns: dict[int, int]
    cpu_ns: dict[int, int]


class _Threads:
    """What the system says of a process's threads, look after look."""

    def __init__(self) -> None:
        self.last_seen_ns: dict[int, int] = {}
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}

    def look(self, pid: int) -> None:
        now = time.time_ns()
        found = threads(pid)
        for thread, spent in found.items():
            self._first.setdefault(thread, 0 if self._last else spent)  # one that is new began meanwhile
            self.last_seen_ns[thread] = now
        self._last.update(found)

    def cpu_ns(self) -> dict[int, int]:
        return {thread: spent - self._first[thread] for thread, spent in self._last.items()}


def find_py_spy() -> str | None:
    """The binary: beside this interpreter first, where the extra puts it."""
    beside = Path(sysconfig.get_path("scripts")) / "py-spy"
    for path in (beside, Path(sys.executable).parent / "py-spy"):
        if os.access(path, os.X_OK):
            return str(path)
    return shutil.which("py-spy")


class Recording:
    """The recorders of one process, one set after the other. Call ``step`` often from the thread that made it."""

    def __init__(
        self, py_spy: str, pid: int, spool: Path, *, rate_hz: int = RATE_HZ, nonblocking: bool = False
    ) -> None:
        self.pid = pid
        self._spool = spool
        self._command = py_spy
        self._rate_hz = rate_hz
        self._rates: dict[str, int] = {}
        self._stops = not nonblocking
        self.rates_hz: list[int] = []
        self._kinds = {**KINDS, "all": (*KINDS["all"], "--nonblocking")} if nonblocking else KINDS
        self._count = 0
        self._children: list[Child] = []
        self._threads = _Threads()
        self._closing: list[tuple[dict[str, Child], dict[str, int], _Threads, int]] = []
        self._open: dict[str, Child] = {}
        self._opened_s = 0.0
        self.refused: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._count += 1
        self._opened_s = time.monotonic()
        self._threads = _Threads()
        self._threads.look(self.pid)
        self._open = {}
        self._rates = {"all": self._rate(), "active": STATE_HZ, "gil": STATE_HZ}
        self.rates_hz.append(self._rates["all"])
        for kind, flags in self._kinds.items():
            base = self._spool / f"pyspy-{self.pid}-{self._count:04d}-{kind}"
            form = "chrometrace" if kind == "all" else "speedscope"
            command = [self._command, "record", "--pid", str(self.pid), "--rate", str(self._rates[kind])]
            command += ["--format", form, "--output", str(base.with_suffix(".json")), *flags]
            self._open[kind] = Child(command, base.with_suffix(".log"))
        self._children += self._open.values()

    def _rate(self) -> int:
        """How often the process can be looked at for the price that is allowed."""
        if not self._stops:
            return self._rate_hz
        return min(self._rate_hz, max(MOST_STOPS_PER_S // max(len(self._threads.last_seen_ns), 1), LEAST_HZ))

    def attached(self, limit_s: float = ATTACH_S) -> bool:
        """Wait until the first set looks; False, with ``refused`` saying why, when it cannot."""
        until = time.monotonic() + limit_s
        for child in self._open.values():
            if not child.wait_for(("Sampling process",), max(until - time.monotonic(), 0)):
                if not child.ended():
                    self.refused = f"py-spy found no way into process {self.pid} within {limit_s:.0f} s"
                else:
                    self.refused = child.output() or f"py-spy ended with {child.code}"
                return False
        return True

    def step(self) -> None:
        """Note who lives; let the next set take over when it is time."""
        self._threads.look(self.pid)
        for children, *_ in self._closing:
            for child in children.values():
                child.ended()
        if time.monotonic() - self._opened_s > SEGMENT_S and not self.ended():
            old, rates, seen = self._open, self._rates, self._threads
            self._begin()
            if not self.attached(TAKE_OVER_S) and not self.ended():
                for child in self._open.values():
                    child.interrupt()
                self._open, self._rates, self._threads, self.refused = old, rates, seen, None
                return
            for child in old.values():
                child.interrupt()
            self._closing.append((old, rates, seen, time.time_ns()))

    def ended(self) -> bool:
        """Whether the process has: then py-spy ends by itself."""
        return all(child.ended() for child in self._open.values())

    def stop(self) -> None:
        """Ask for what there is; ``finish`` waits for it."""
        self._threads.look(self.pid)
        for child in self._open.values():
            child.interrupt()
        if self._open:
            self._closing.append((self._open, self._rates, self._threads, time.time_ns()))
        self._open = {}

    def release(self, limit_s: float = END_S) -> None:
        """Wait until every recorder has ended; one that takes too long is killed. The process then runs, not stands."""
        until = time.monotonic() + limit_s
        for child in self._children:
            child.interrupt()
        for child in self._children:
            child.wait(max(until - time.monotonic(), 0.1))
        if any(child.code for child in self._children):
            thaw([self.pid])

    def finish(self, limit_s: float = END_S) -> list[Seen]:
        """What was written, in order of time, once every recorder has ended."""
        self.release(limit_s)
        found = []
        for children, rates, seen, ended_ns in self._closing:
            files = {kind: child.log.with_suffix(".json") for kind, child in children.items()}
            if files["all"].exists():
                started_ns = children["all"].started_ns
                found.append(Seen(self.pid, started_ns, ended_ns, files, rates, seen.last_seen_ns, seen.cpu_ns()))
        return found

    def spent_s(self) -> float:
        """CPU seconds of all its recorders until now."""
        return sum(child.spent_s() for child in self._children)


def refusal(pid: int, output: str, allowed: Callable[[int], tuple[str, str] | None]) -> Missing:
    """What py-spy's complaint means, and the way out. ``allowed`` says what the system has against a look at a pid."""
    text = output.lower()
    if "permission denied" in text or "operation not permitted" in text or "elevated permissions" in text:
        reason, advice = allowed(pid) or (
            f"the system does not let py-spy look into process {pid}",
            "run loadstone with sudo; in a container add the capability SYS_PTRACE",
        )
        return Missing("stacks", reason, advice)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith("Error")), lines[0] if lines else "it said nothing")
    advice = "profile it with perf" if "python version" in text else "try py-spy dump --pid by hand for more"
    return Missing("stacks", f"py-spy cannot read process {pid}: {said.removeprefix('Error: ')}", advice)
