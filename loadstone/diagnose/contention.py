"""Waiting for the interpreter's lock, as sampled stacks show it.

A thread that waits for the lock looks idle, and so does one that waits for a socket. They differ in where they stand:
a line that computes, and is seen on the CPU again and again, does not block; a thread that is idle there wanted to go
on and could not. So lines that are on the CPU for a tenth of their time or more are taken to compute, and what they
are idle is waiting: for the lock, or for a core. Waiting for a core is counted by the kernel (``run_wait_s_per_s``)
and taken off. This does not need to see who holds the lock, which py-spy tells too rarely in short runs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.frames import Frame
from loadstone.diagnose.stacks import GIL, IDLE, Profile
from loadstone.diagnose.suspect import Scene

__all__ = ["Contention", "contention_of"]

COMPUTES_SHARE = 0.1
"""On the CPU for so much of its time, a line computes. A lock shared by n busy threads leaves each 1/n of it, so
lines of up to ten busy threads pass; a line that waits for a socket is on the CPU for 1 % or less."""

FEWEST_SAMPLES = 3
"""Of a line on the CPU, before it is said to compute."""


@dataclass(frozen=True)
class Contention:
    """One process. ``waiting`` are the samples of threads that wanted to go on, ``computing`` those on the CPU at the
    same lines. Seconds over ``span_s``: ``waited_s`` by threads, less what they waited for a core; ``held_s`` as far as
    the lock was seen held, ``busy_s`` all time on the CPU: the truth lies between. ``threads`` wanted it; ``holders``
    are (function that held it, seconds, thread), the longest first."""

    process: int
    waiting: NDArray[np.bool_]
    computing: NDArray[np.bool_]
    span_s: float
    waited_s: float
    for_core_s: float
    held_s: float
    busy_s: float
    threads: int
    holders: tuple[tuple[Frame, float, int], ...]


def contention_of(scene: Scene, profile: Profile) -> list[Contention]:
    """Each process whose lock was seen held. ``profile`` was read with ``idle``."""
    if not profile.timed:
        return []
    for_core = _waited_for_core(scene)
    found = []
    total = float(profile.weight[profile.working()].sum()) or 1.0
    for pid in np.unique(profile.process[profile.state == GIL]).tolist():
        one = _of(profile, pid, for_core, total)
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda one: -one.waited_s)


def _of(profile: Profile, pid: int, for_core: float, total: float) -> Contention | None:
    mine = profile.process == pid
    at, weight = profile.at_ns[mine], profile.weight[mine]
    if not len(at):
        return None
    span_s = max(1e-9, (int((at + weight.astype(np.int64)).max()) - int(at.min())) / 1e9)
    leaf, lines = _lines(profile)
    running = mine & (profile.state != IDLE) & (leaf[profile.stack] >= 0)
    place = leaf[profile.stack]
    on = np.bincount(place[running], profile.weight[running], len(lines))
    seen = np.bincount(place[running], minlength=len(lines))
    whole = mine & (place >= 0)
    wall = np.bincount(place[whole], profile.weight[whole], len(lines))
    computes = (on >= COMPUTES_SHARE * wall) & (seen >= FEWEST_SAMPLES)
    at_work = whole & computes[np.maximum(place, 0)]
    waiting = at_work & (profile.state == IDLE)
    computing = at_work & (profile.state != IDLE)
    own = float(profile.weight[running].sum())
    core_s = for_core * span_s * own / total
    waited_s = max(0.0, float(profile.weight[waiting].sum()) / 1e9 - core_s)
    held = mine & (profile.state == GIL)
    return Contention(
        pid,
        waiting,
        computing,
        span_s,
        waited_s,
        core_s,
        float(profile.weight[held].sum()) / 1e9,
        own / 1e9,
        len(np.unique(profile.thread[at_work & (profile.thread >= 0)])),
        _holders(profile, computing),
    )


def _lines(profile: Profile) -> tuple[NDArray[np.int64], list[Frame]]:
    """Of each stack, the number of its leaf's line; -1 where it waits, talks to a database, or is the observer's."""
    numbers: dict[Frame, int] = {}
    found = np.full(len(profile.stacks), -1, np.int64)
    for stack, frames in enumerate(profile.stacks):
        if frames and not frames[-1].waits and frames[-1].origin not in ("observer", "data"):
            found[stack] = numbers.setdefault(frames[-1], len(numbers))
    return found, list(numbers)


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
