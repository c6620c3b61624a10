"""Waiting for the interpreter's lock, as sampled stacks show it.

A thread that waits for the lock looks idle, and so does one that waits for a socket. Three things tell them apart. A
line that is on the CPU again and again computes: what it is idle, it waits, for the lock or for a core. At any other
line that does not plainly wait, a wait for the lock is short, and it happens only while another thread of the process
computes: what idle time there coincides with that more often than chance is waiting for the lock. Waiting for a core is
counted by the kernel (``run_wait_s_per_s``) and taken off. None of this needs to see who holds the lock, which py-spy
tells too rarely in short runs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.runtime.frames import Frame
from loadstone.diagnose.runtime.stacks import GIL, IDLE, Profile
from loadstone.diagnose.suspect import Scene

__all__ = ["Contention", "contention_of"]

COMPUTES_SHARE = 0.1
"""On the CPU for so much of its time, a line computes. A lock shared by n busy threads leaves each 1/n of it, so lines
of up to ten busy threads pass; a line that waits for a socket is on the CPU for 1 % or less."""

FEWEST_SAMPLES = 3
"""Of a line on the CPU, before it is said to compute."""

LONGEST_TURN_NS = 50_000_000
"""An idle stretch that is longer is no turn at the lock: its holder is asked to let go after 5 ms
(sys.getswitchinterval), so this is ten threads in a row."""

BIN_NS = 10_000_000
"""A sample at 100 Hz: finer than that nobody knows who ran when."""

MOST_BINS = 50_000


@dataclass(frozen=True)
class Contention:
    """One process. ``waiting`` is of each sample the nanoseconds that its thread wanted to go on and could not. Seconds
    over ``span_s``: ``waited_s`` by threads, less what they waited for a core; ``held_s`` as far as the lock was seen
    held, ``busy_s`` all time on the CPU: the truth lies between. ``threads`` wanted it; ``holders`` are (function that
    computed, seconds, thread), the longest first."""

    process: int
    waiting: NDArray[np.float64]
    span_s: float
    waited_s: float
    for_core_s: float
    held_s: float
    busy_s: float
    threads: int
    holders: tuple[tuple[Frame, float, int], ...]


def contention_of(scene: Scene, profile: Profile) -> list[Contention]:
    """Each process whose lock was seen held, the most waiting first. ``profile`` was read with ``idle``."""
    if not profile.timed:
        return []
    for_core = _waited_for_core(scene)
    total = float(profile.weight[profile.state != IDLE].sum()) or 1.0
    leaf, data = _lines(profile)
    pids = np.unique(profile.process[profile.state == GIL]).tolist()
    found = [_of(profile, pid, leaf, data, for_core / total) for pid in pids]
    return sorted(found, key=lambda one: -one.waited_s)


def _of(profile: Profile, pid: int, leaf: NDArray[np.int64], data: NDArray[np.bool_], core_rate: float) -> Contention:
    count = len(data)
    mine = profile.process == pid
    line = np.where(mine, leaf[profile.stack], -1)
    known, running, idle = line >= 0, profile.state != IDLE, profile.state == IDLE
    at, weight = profile.at_ns[mine], profile.weight[mine]
    span_ns = max(1.0, float((at + weight).max() - at.min()))
    on = np.bincount(line[known & running], profile.weight[known & running], count)
    seen = np.bincount(line[known & running], minlength=count)
    wall = np.bincount(line[known], profile.weight[known], count)
    computes = (on >= COMPUTES_SHARE * wall) & (seen >= FEWEST_SAMPLES) & ~data
    at_work = known & computes[np.maximum(line, 0)]
    waiting = np.where(at_work & idle, profile.weight, 0.0)
    short = known & ~at_work & idle & (profile.weight <= LONGEST_TURN_NS)
    waiting[short] = profile.weight[short] * _beyond_chance(profile, np.flatnonzero(short), known & running, span_ns)
    waited = waited_core = 0.0
    wanting = 0
    for thread in np.unique(profile.thread[mine]).tolist():
        own = mine & (profile.thread == thread)
        wanted = float(waiting[own].sum())
        core = core_rate * span_ns * float(profile.weight[own & running].sum())
        waited += max(0.0, wanted - core)
        waited_core += min(wanted, core)
        wanting += wanted > 0 or bool((own & known & running).any())
    whole = float(waiting.sum())
    return Contention(
        pid,
        waiting * (waited / whole if whole > 0 else 0.0),
        span_ns / 1e9,
        waited / 1e9,
        waited_core / 1e9,
        float(profile.weight[mine & (profile.state == GIL)].sum()) / 1e9,
        float(profile.weight[known & running].sum()) / 1e9,
        wanting,
        _holders(profile, known & running),
    )


def _beyond_chance(profile: Profile, rows: NDArray[np.intp], computing: NDArray[np.bool_], span_ns: float) -> float:
    """Of these idle stretches, the share that lies within other threads' computing, beyond what would by chance."""
    busy = np.flatnonzero(computing)
    if not len(rows) or not len(busy):
        return 0.0
    first = int(min(profile.at_ns[rows].min(), profile.at_ns[busy].min()))
    width = max(BIN_NS, int(span_ns / MOST_BINS) + 1)
    bins = int(span_ns // width) + 2
    begin, end = _bins(profile, busy, first, width, bins)
    threads = profile.thread[busy]
    by_thread: dict[int, NDArray[np.float64]] = {}
    for thread in np.unique(threads).tolist():
        mine = threads == thread
        change = np.zeros(bins + 1, np.float64)
        each = profile.weight[busy[mine]] / (end[mine] - begin[mine]) / width
        np.add.at(change, begin[mine], each)
        np.subtract.at(change, end[mine], each)
        by_thread[thread] = np.clip(np.cumsum(change)[:bins], 0.0, 1.0)
    together = np.clip(np.sum(list(by_thread.values()), axis=0), 0.0, 1.0)
    inside = chance = 0.0
    begin, end = _bins(profile, rows, first, width, bins)
    for thread in np.unique(profile.thread[rows]).tolist():
        mine = profile.thread[rows] == thread
        others = together if thread not in by_thread else np.clip(together - by_thread[thread], 0.0, 1.0)
        upto = np.concatenate([[0.0], np.cumsum(others)])
        share = (upto[end[mine]] - upto[begin[mine]]) / (end[mine] - begin[mine])
        weight = profile.weight[rows[mine]]
        inside += float((share * weight).sum())
        chance += float(others.mean() * weight.sum())
    whole = float(profile.weight[rows].sum())
    if chance >= 0.9 * whole:  # somebody always computes: nothing to compare with
        return 1.0
    return max(0.0, min(1.0, (inside - chance) / (whole - chance)))


def _bins(
    profile: Profile, rows: NDArray[np.intp], first: int, width: int, bins: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first bin of each stretch and the one after its last."""
    start = profile.at_ns[rows] - first
    begin = np.clip(start // width, 0, bins - 1)
    end = np.clip((start + profile.weight[rows].astype(np.int64) - 1) // width + 1, begin + 1, bins)
    return begin, end


def _lines(profile: Profile) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Of each stack, the number of its leaf's line, -1 where it waits or is the observer's; and of each line, whether
    it talks to a database: such a one may wait for that too, so it is never taken to compute."""
    numbers: dict[Frame, int] = {}
    found = np.full(max(1, len(profile.stacks)), -1, np.int64)
    for stack, frames in enumerate(profile.stacks):
        if frames and not frames[-1].waits and frames[-1].origin != "observer":
            found[stack] = numbers.setdefault(frames[-1], len(numbers))
    return found, np.array([frame.origin == "data" for frame in numbers] or [False], np.bool_)


def _holders(profile: Profile, computing: NDArray[np.bool_]) -> tuple[tuple[Frame, float, int], ...]:
    """Functions of the application that computed, by the innermost of them, with the thread that did most of it."""
    weights: dict[tuple[str, str], float] = defaultdict(float)
    lines: dict[tuple[str, str], dict[Frame, float]] = defaultdict(lambda: defaultdict(float))
    threads: dict[tuple[str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    rows = np.flatnonzero(computing)
    columns = (profile.stack[rows].tolist(), profile.weight[rows].tolist(), profile.thread[rows].tolist())
    for stack, weight, thread in zip(*columns, strict=True):
        frame = next((one for one in reversed(profile.stacks[stack]) if one.origin == "application"), None)
        if frame is None:
            continue
        weights[frame.key] += weight
        lines[frame.key][frame] += weight
        threads[frame.key][thread] += weight
    order = sorted(weights, key=lambda key: (-weights[key], key))[:3]
    return tuple(
        (
            max(lines[key], key=lambda one: (lines[key][one], one.where)),
            weights[key] / 1e9,
            max(threads[key], key=lambda one: threads[key][one]),
        )
        for key in order
    )


def _waited_for_core(scene: Scene) -> float:
    """Seconds a second in which the service's threads could run and had no core; 0 where nobody counted."""
    values: list[float] = []
    where = "scope = 'service' AND metric = 'run_wait_s_per_s' AND detail IS NULL AND value IS NOT NULL"
    for batch in scene.rows("host", ("value",), where=where):
        values += [value for value in batch["value"].tolist() if value is not None and 0 <= value < 1e6]
    return sum(values) / len(values) if values else 0.0
