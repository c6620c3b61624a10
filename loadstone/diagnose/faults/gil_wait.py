"""GIL wait: threads of a Python process take turns at the interpreter's lock instead of working side by side.

What it sees
    Several threads of one process that want to compute at once: samples in which a thread stands idle at a line that
    computes, or idle for a moment, at a line that does not wait, just while another thread computes. That is waiting
    for the interpreter's lock, once waiting for a core is taken off. Then who held the lock meanwhile, and what it
    cost each step's requests.

Why it hurts
    One thread of a process runs Python code at a time. A thread that computes gives the lock away only when another has
    asked for five milliseconds, so beside one that always computes each small piece of Python, after each statement
    and each read of a socket, waits five milliseconds for its turn. More threads make it worse, and a second core
    stays idle.

Evidence it needs
    A profile of the Python process that tells who is on the CPU and who holds the lock (py-spy), with instants. Spans
    with the CPU time of their thread make a request's share exact; the host's figures tell waiting for a core apart.

Example
    Eight threads of one worker render reports for 60 ms each: side by side each takes eight times as long, and the
    process never uses more than one core. A thread that rebuilds an index in the background does the same to all.

Cure
    Processes in place of threads (more workers with fewer threads each), the heavy work in a process of its own
    (ProcessPoolExecutor, a job queue), a library that lets the lock go (NumPy, hashlib, orjson does not), or less of
    it. From Python 3.13 a free-threaded build, where all extensions bear it.

When it is wrong
    The profiler sees the lock held less than it is in short runs (as little as 65 %), and a sleep called from a line
    that also computes looks like waiting. A machine without a free core makes threads wait in the same way: the
    kernel's count of that is taken off, where it is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import slowest
from loadstone.diagnose.runtime.contention import Contention, contention_of
from loadstone.diagnose.runtime.hotspots import own_work
from loadstone.diagnose.runtime.stacks import Profile, Threads, attributed, profile_of, threads_of
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "gil-wait"
NEEDS = ("spans", "gil stacks")


@dataclass(frozen=True, slots=True)
class Limits:
    """A process waits from ``wait_s_per_s`` on (the published rule for Python services: more than 0.05 s of waiting a
    second). ``busy_share`` of one core it must be: a lock that is free three quarters of the time keeps nobody.
    ``threads`` must want it. A step is hurt from ``step_share`` of its time on; ``requests`` must show it."""

    wait_s_per_s: float = 0.05
    busy_share: float = 0.25
    threads: int = 2
    step_share: float = 0.1
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Steps whose threads wait for the lock."""
    profile = profile_of(scene, idle=True)
    found = [
        one
        for one in contention_of(scene, profile)
        if one.threads >= limits.threads
        and one.waited_s >= limits.wait_s_per_s * one.span_s
        and one.busy_s >= limits.busy_share * one.span_s
    ]
    if not found:
        return
    digest, threads = scene.digest, threads_of(scene)
    cost = np.zeros(len(digest.requests), np.float64)
    for one in found:
        cost += _waited(digest, profile, threads, one)
    duration = np.maximum(digest.requests.end_ns - digest.requests.start_ns, 1).astype(np.float64)
    cost = np.minimum(cost, duration)
    for step in range(len(digest.steps)):
        places = digest.requests_of(step)
        hit = places[cost[places] > 0.01 * duration[places]]
        if len(hit) >= limits.requests and cost[places].sum() >= limits.step_share * duration[places].sum():
            share = float(cost[places].sum() / duration[places].sum())
            yield _suspect(digest, threads, step, hit, cost[hit], share, found)


def _waited(digest: Digest, profile: Profile, threads: Threads, one: Contention) -> NDArray[np.float64]:
    """Of each request of the process, nanoseconds waited: the samples' sum over the step, laid on each request by the
    time that its thread was off the CPU in its own code."""
    hit = attributed(profile, digest, threads, one.waiting > 0, one.waiting)
    service = threads.service.get(one.process, "")
    cpu, _, counted = own_work(digest, service)
    visits = digest.visits
    inside = np.array(
        [two.service == service and two.family in ("server", "inside") for two in digest.operations], bool
    )
    rows = inside[visits.operation]
    own = np.bincount(visits.request[rows], np.maximum(visits.own_ns[rows], 0), len(digest.requests))
    off = np.where(counted, np.maximum(own - cpu, 0), own)
    off[digest.requests.process != one.process] = 0
    cost = np.zeros(len(digest.requests), np.float64)
    for step in range(len(digest.steps)):
        places = digest.requests_of(step)
        whole = float(off[places].sum())
        if whole > 0:
            cost[places] = off[places] * min(1.0, float(hit[places].sum()) / whole)
    return cost


def _suspect(
    digest: Digest,
    threads: Threads,
    step: int,
    hit: NDArray[np.int32],
    cost: NDArray[np.float64],
    share: float,
    found: list[Contention],
) -> Suspect:
    label = digest.steps[step].label
    mine = [one for one in found if (digest.requests.process[hit] == one.process).any()] or found
    worst = mine[0]
    service = threads.service.get(worst.process) or None
    span_s = sum(one.span_s for one in mine)
    waited, busy, held = (sum(getattr(one, name) for one in mine) for name in ("waited_s", "busy_s", "held_s"))
    mean_s = float(cost.mean()) / 1e9
    told = [
        Fact(
            f"{format_duration(mean_s)} a request, {format_share(share)} of the step's time, standing at lines that "
            "compute",
            mean_s,
            "s a request",
            slowest(digest, hit),
        ),
        Fact(
            f"{worst.threads} threads of a process wait {waited / span_s:.3g} s a second in all",
            waited / span_s,
            "s/s",
        ),
        Fact(
            f"the process is on the CPU for {busy / span_s:.3g} of a core; the lock was seen held for "
            f"{format_share(min(1.0, held / span_s))} of the time",
            busy / span_s,
            "cores",
        ),
    ]
    holder = worst.holders[0] if worst.holders else None
    beside = False
    if holder is not None:
        frame, seconds, thread = holder
        beside = bool(threads.serving) and (worst.process, thread) not in threads.serving
        who = "a thread beside the requests" if beside else "requests' own threads"
        told.append(
            Fact(
                f"{frame.where} computes for {seconds / worst.span_s:.3g} s a second, in {who}",
                seconds / worst.span_s,
                "s/s",
            )
        )
    blamed = holder[0] if holder is not None else None
    return Suspect(
        fault=CODE,
        title=f"{label} waits {format_duration(mean_s)} a request for the interpreter's lock"
        + (f", which {blamed.function} holds" if blamed is not None else ""),
        step=step,
        locus=Locus(
            journey=digest.steps[step].journey,
            step=digest.steps[step].name,
            service=service,
            file=None if blamed is None else blamed.file,
            line=None if blamed is None else blamed.line,
            function=None if blamed is None else blamed.function,
        ),
        roles=Roles(parent=label, cause=None if blamed is None else blamed.where, offender="the interpreter's lock"),
        cure=_cure(blamed.where if blamed is not None else None, beside),
        confidence=0.75 if worst.held_s >= 0.5 * worst.span_s else 0.6,
        key=(CODE, label, service or ""),
        requests=hit,
        cost_ns=cost,
        unpredictable="waiting for a lock depends on all its threads at once, which no replay of requests knows",
        evidence_for=tuple(told),
        evidence_against=tuple(_against(mine)),
    )


def _against(mine: list[Contention]) -> Iterator[Fact]:
    core = sum(one.for_core_s for one in mine) / sum(one.span_s for one in mine)
    yield Fact("a sleep from a line that also computes looks the same; the lock is seen held less than it is")
    if core > 0:
        yield Fact(f"threads also waited {core:.3g} s a second for a core, which is taken off", core, "s/s")
    else:
        yield Fact("nobody counted how long threads waited for a core: that is in it")


def _cure(where: str | None, beside: bool) -> str:
    if where is None:
        return "more processes with fewer threads each"
    if beside:
        return f"move {where} into a process of its own (ProcessPoolExecutor, a job queue)"
    return f"more processes with fewer threads each, or less work in {where}"
