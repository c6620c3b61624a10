"""What share of a stack's wall time its thread was on the CPU, and held the interpreter's lock.

Two recorders counted how often they saw a stack doing so. Held against the ticks that its wall time makes expected,
that is a share; few ticks of a rare stack say little, so its share starts from that of all the thread's stacks that
end in the same line, and theirs from the thread's. How long the thread was on a CPU in all, the system knows exactly
(schedstat): the shares are stretched to add up to that. Who is woken for five milliseconds is often counted where it
waited, so what computes is stretched first, to all of its wall time at most; the rest is what waiting takes.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from loadstone.gather.profile.pyspy import Seen
from loadstone.model.waiting import waits

__all__ = ["COUNTED", "Shares", "Stack", "Stretch"]

PRIOR = 4.0
"""Ticks that a share starts with: two of the many, by convention "add two of each" (Agresti and Coull 1998)."""

COUNTED = ("active", "gil")
"""The recorders that count."""

Stack = tuple[str, ...]
Thread = int | None


class Stretch(NamedTuple):
    """One thread's stack from one change to the next, in microseconds of the recorder."""

    start_us: int
    end_us: int
    ident: int
    system_id: Thread
    name: str | None
    stack: Stack


class Shares:
    """Counts of a process, set after set of recorders; after ``settle``, shares by thread and stack."""

    def __init__(self) -> None:
        self._wall: defaultdict[tuple[Thread, Stack], float] = defaultdict(float)
        self._ticks: dict[str, defaultdict[tuple[Thread, Stack], float]] = {k: defaultdict(float) for k in COUNTED}
        self._counts: dict[str, Counter[tuple[Thread, Stack]]] = {kind: Counter() for kind in COUNTED}
        self._cpu_s: defaultdict[Thread, float] = defaultdict(float)
        self._shares: dict[tuple[Thread, Stack], tuple[float, float, float]] = {}

    def add(self, part: Seen, stretches: Iterable[Stretch], counts: Mapping[str, Counter[tuple[int, Stack]]]) -> None:
        """Take in what one set of recorders saw."""
        wall: defaultdict[tuple[Thread, Stack], float] = defaultdict(float)
        first, last = 1 << 62, 0
        for stretch in stretches:
            wall[stretch.system_id, stretch.stack] += (stretch.end_us - stretch.start_us) / 1e6
            first, last = min(first, stretch.start_us), max(last, stretch.end_us)
        for thread, spent in part.cpu_ns.items():
            self._cpu_s[thread] += spent / 1e9
        for kind in COUNTED:
            asked = part.rates[kind] * max(last - first, 0) / 1e6
            rate = part.rates[kind] * taken(part.files[kind].with_suffix(".log"), asked)
            for key, seconds in wall.items():
                self._ticks[kind][key] += seconds * rate
            self._counts[kind].update(counts[kind])
        for key, seconds in wall.items():
            self._wall[key] += seconds

    def settle(self) -> None:
        """All is taken in."""
        active, gil = (self._shrunk(kind) for kind in COUNTED)
        stretch = self._stretched(active)
        for key in self._wall:
            on_cpu = min(active[key] * stretch.get((key[0], _waits(key[1])), 1.0), 1.0)
            with_lock = min(on_cpu * (gil[key] / active[key] if active[key] > 0 else 0.0), on_cpu)
            self._shares[key] = with_lock, on_cpu - with_lock, 1 - on_cpu

    def of(self, thread: Thread, stack: Stack) -> tuple[float, float, float]:
        """Shares of gil, cpu and idle; they add up to 1."""
        return self._shares.get((thread, stack), (0.0, 0.0, 1.0))

    def _shrunk(self, kind: str) -> dict[tuple[Thread, Stack], float]:
        ticks, counts = self._ticks[kind], self._counts[kind]
        by_thread: dict[Thread, list[float]] = defaultdict(lambda: [0.0, 0.0])
        by_leaf: dict[tuple[Thread, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for key, expected in ticks.items():
            by_thread[key[0]][1] += expected
            by_leaf[key[0], _leaf(key[1])][1] += expected
        for key, count in counts.items():
            by_thread[key[0]][0] += count
            by_leaf[key[0], _leaf(key[1])][0] += count
        threads = {key: _share(count, expected) for key, (count, expected) in by_thread.items()}
        leaves = {key: _share(count, expected, threads[key[0]]) for key, (count, expected) in by_leaf.items()}
        return {key: _share(counts[key], expected, leaves[key[0], _leaf(key[1])]) for key, expected in ticks.items()}

    def _stretched(self, active: Mapping[tuple[Thread, Stack], float]) -> dict[tuple[Thread, bool], float]:
        """By how much the shares of a thread are to be stretched to add up to what it was on a CPU: those of stacks
        that wait (True), and of the others."""
        counted: defaultdict[tuple[Thread, bool], float] = defaultdict(float)
        wall: defaultdict[tuple[Thread, bool], float] = defaultdict(float)
        for (thread, stack), seconds in self._wall.items():
            kind = thread, _waits(stack)
            counted[kind] += seconds * active[thread, stack]
            wall[kind] += seconds
        found: dict[tuple[Thread, bool], float] = {}
        for thread, cpu_s in self._cpu_s.items():
            computing = min(cpu_s, wall[thread, False]) if counted[thread, False] > 0 else 0.0
            for waiting, mine in ((False, computing), (True, cpu_s - computing)):
                if counted[thread, waiting] > 0:
                    found[thread, waiting] = mine / counted[thread, waiting]
        return found


def taken(log: Path, asked: float) -> float:
    """The share of its samples that a recorder could take: two that look at the same instant hinder one another."""
    try:
        failed = re.search(r"Errors: (\d+)", log.read_text(errors="replace"))
    except OSError:
        return 1.0
    return max(1 - int(failed[1]) / asked, 0.1) if failed and asked > 0 else 1.0


def _share(count: float, expected: float, towards: float | None = None) -> float:
    prior = 0.0 if towards is None else PRIOR
    return (count + prior * (towards or 0.0)) / (expected + prior) if expected + prior > 0 else 0.0


def _waits(stack: Stack) -> bool:
    return waits(_leaf(stack))


def _leaf(stack: Stack) -> str:
    return stack[-1] if stack else ""
