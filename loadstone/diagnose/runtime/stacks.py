"""A profile of the service's CPU, read once: stacks by place, who ran them, and which requests they ran for.

A sample that ends in a call that waits is no work, whatever the profiler says of its thread: left out, as is the
observer's own code. What is left is ``working``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.runtime.frames import Frame, Reader, application_files
from loadstone.diagnose.suspect import Scene

__all__ = ["CPU", "GIL", "IDLE", "Profile", "Threads", "attributed", "profile_of", "threads_of"]

CPU, GIL, IDLE = 0, 1, 2
_STATES = {"cpu": CPU, "gil": GIL, "idle": IDLE}

MOST_SAMPLES = 2_000_000
"""Rows kept: some 60 MB; a profile of 16 threads at 100 Hz over an hour is 5.8 million. What is left out is said."""

MOST_LOOKED_UP = 100_000
"""Samples that are matched with requests; of more, every nth stands for n."""

SHARED_SHARE = 0.01
"""Of a process's requests that began before another one on their thread had ended: above it threads are shared. Clocks
and keep-alive make a few overlap that do not."""

OFTEN_SHARE = 0.05
"""Of the spans that a thread of its process has on average, what a thread that serves has at least."""

MOST_LOOKED_BACK = 2_000
"""Requests before a sample that are looked at: one that began earlier and still goes on is a stream, not work."""

MOST_ROOTS = 500_000
"""Requests whose thread is looked up."""

_DEEPEST = 1000  # frames of a stack that are read, from the leaf


@dataclass(frozen=True)
class Profile:
    """One row a sample. ``stack`` is a place in ``stacks``; ``state`` CPU, GIL or IDLE; ``weight`` nanoseconds (or
    samples where ``timed`` is False); ``at_ns`` 0 where the instant is unknown; ``process`` and ``thread`` -1 unknown.
    ``left_out`` rows came after MOST_SAMPLES others."""

    stacks: tuple[tuple[Frame, ...], ...]
    stack: NDArray[np.int32]
    state: NDArray[np.int8]
    process: NDArray[np.int64]
    thread: NDArray[np.int64]
    at_ns: NDArray[np.int64]
    weight: NDArray[np.float64]
    timed: bool
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.stack)

    def working(self) -> NDArray[np.bool_]:
        """Samples of threads on the CPU in code that is not the observer's and does not wait."""
        works = np.array([_works(frames) for frames in self.stacks], np.bool_)
        return (self.state != IDLE) & works[self.stack] if len(self) else np.empty(0, np.bool_)


@dataclass(frozen=True)
class Threads:
    """Who serves requests. ``service`` by process; ``root`` is each request's own thread, -1 unknown; ``serving``
    holds (process, thread) pairs of which spans are known."""

    service: dict[int, str]
    root: NDArray[np.int64]
    serving: frozenset[tuple[int, int]]


def _works(frames: tuple[Frame, ...]) -> bool:
    return bool(frames) and not frames[-1].waits and frames[-1].origin != "observer"


def profile_of(scene: Scene, *, idle: bool = False) -> Profile:
    """Read the stacks: those on the CPU, and where ``idle`` the others too."""
    reader = Reader(application_files(one.file for one in scene.digest.operations))
    known: dict[str, int] = {}
    stacks: list[tuple[Frame, ...]] = []
    parts: list[tuple[NDArray[Any], ...]] = []
    kept = left_out = 0
    timed = True
    states = "('cpu', 'gil', 'idle')" if idle else "('cpu', 'gil')"
    names = ("at_ns", "process_pid", "thread_id", "state", "weight", "unit", "frames")
    for batch in scene.rows("stacks", names, where=f"state IN {states} AND weight > 0"):
        count = len(batch["frames"])
        if kept + count > MOST_SAMPLES:
            left_out += count
            continue
        kept += count
        places = []
        for text in batch["frames"].tolist():
            key = text or ""
            place = known.get(key)
            if place is None:
                place = known[key] = len(stacks)
                stacks.append(reader.stack(key)[-_DEEPEST:])
            places.append(place)
        timed = timed and all(unit == "ns" for unit in set(batch["unit"].tolist()))
        parts.append(
            (
                np.array(places, np.int32),
                np.array([_STATES[state] for state in batch["state"].tolist()], np.int8),
                _filled(batch["process_pid"], -1),
                _filled(batch["thread_id"], -1),
                _filled(batch["at_ns"], 0),
                _filled(batch["weight"], 0).astype(np.float64),
            )
        )
    if not parts:
        empty = np.empty(0, np.int64)
        return Profile((), empty.astype(np.int32), empty.astype(np.int8), empty, empty, empty, np.empty(0), True)
    stack, state, process, thread, at_ns, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Profile(tuple(stacks), stack, state, process, thread, at_ns, weight, timed, left_out)


def threads_of(scene: Scene) -> Threads:
    """Read who serves: each request's process and thread, and the threads that other spans name."""
    digest = scene.digest
    root = np.full(len(digest.requests), -1, np.int64)
    if len(root) > MOST_ROOTS:
        return Threads(_services(digest), root, frozenset())
    place = {trace.tobytes(): number for number, trace in enumerate(digest.requests.trace_id)}
    services = _services(digest)
    spans: Counter[tuple[int, int]] = Counter()
    few = digest.spans <= MOST_ROOTS
    where = "thread_id IS NOT NULL" if few else "thread_id IS NOT NULL AND kind IN (2, 5)"
    for batch in scene.rows("spans", ("trace_id", "kind", "process_pid", "thread_id", "service"), where=where):
        columns = (batch[name].tolist() for name in ("trace_id", "kind", "process_pid", "thread_id", "service"))
        for trace, kind, pid, thread, service in zip(*columns, strict=True):
            pid = -1 if pid is None else pid
            spans[pid, thread] += 1
            if kind in (2, 5):
                services.setdefault(pid, service or "")
                number = place.get(trace)
                if number is not None and digest.requests.process[number] == pid:
                    root[number] = thread
    return Threads(services, root, _often(spans) if few else frozenset())


def _often(spans: Counter[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Threads that work for requests, not one that had a span or two before it went its own way."""
    whole: Counter[int] = Counter()
    threads: Counter[int] = Counter()
    for (pid, _), count in spans.items():
        whole[pid] += count
        threads[pid] += 1
    return frozenset(
        (pid, thread) for (pid, thread), count in spans.items() if count >= OFTEN_SHARE * whole[pid] / threads[pid]
    )


def attributed(
    profile: Profile,
    digest: Digest,
    threads: Threads,
    chosen: NDArray[np.bool_],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The chosen samples' weight (or that of ``weights``) by request, float64 of the digest's requests: to the request
    that the sample's own thread was serving, or in equal parts to all that its process was. What fell outside of
    requests goes to none."""
    requests = digest.requests
    given = profile.weight if weights is None else weights
    gained = np.zeros(len(requests), np.float64)
    rows = np.flatnonzero(chosen & (profile.at_ns > 0) & (profile.process >= 0))
    step = max(1, -(-len(rows) // MOST_LOOKED_UP))
    rows = rows[::step]
    by_process = {int(pid): np.flatnonzero(requests.process == pid) for pid in np.unique(profile.process[rows])}
    for pid, served in by_process.items():
        if not len(served):
            continue
        served = served[np.argsort(requests.start_ns[served], kind="stable")]
        start, end = requests.start_ns[served].tolist(), requests.end_ns[served].tolist()
        latest = np.maximum.accumulate(requests.end_ns[served]).tolist()
        own = threads.root[served].tolist()
        mine = rows[profile.process[rows] == pid]
        if not _shared(threads.root[served], requests.start_ns[served], requests.end_ns[served]):
            mine = mine[_serving(profile.thread[mine], pid, threads)]
        # A stretch stands for its middle: it is at most a second, and its weight a part of it.
        middle = (profile.at_ns[mine] + (profile.weight[mine] / 2 if profile.timed else 0)).astype(np.int64)
        for at, thread, weight in zip(
            middle.tolist(), profile.thread[mine].tolist(), given[mine].tolist(), strict=True
        ):
            running: list[int] = []
            place = bisect_right(start, at) - 1
            last = max(-1, place - MOST_LOOKED_BACK)
            while place > last and latest[place] > at:
                if end[place] > at:
                    running.append(place)
                place -= 1
            exact = [one for one in running if own[one] == thread] if thread >= 0 else []
            for one in exact or running:
                gained[served[one]] += weight * step / len(exact or running)
    return gained


def _services(digest: Digest) -> dict[int, str]:
    found: dict[int, str] = {}
    requests = digest.requests
    pids, first = np.unique(requests.process, return_index=True)
    for pid, place in zip(pids.tolist(), first.tolist(), strict=True):
        if pid >= 0:
            found[pid] = digest.operations[requests.route[place]].service
    return found


def _shared(root: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]) -> bool:
    """Whether a thread has several requests under way at once, as an event loop does; True where nobody knows."""
    known = root >= 0
    if not known.any():
        return True
    order = np.lexsort((start[known], root[known]))
    root, start, end = root[known][order], start[known][order], end[known][order]
    together = (root[1:] == root[:-1]) & (start[1:] < end[:-1])
    return bool(together.sum() > SHARED_SHARE * len(root))


def _serving(thread: NDArray[np.int64], pid: int, threads: Threads) -> NDArray[np.bool_]:
    """Samples of threads that have spans. Where a request keeps to its thread, another one works beside it."""
    if not threads.serving:
        return np.ones(len(thread), np.bool_)
    known = np.array(sorted(one for process, one in threads.serving if process == pid), np.int64)
    return np.isin(thread, known) | (thread < 0)


def _filled(values: Any, missing: int) -> NDArray[np.int64]:  # noqa: ANN401
    return np.asarray(np.ma.filled(values, missing), np.int64)
