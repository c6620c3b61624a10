"""Saturation: a resource of the machine is full, and requests wait for it.

What it sees
    Every resource by its utilisation, its saturation and its errors (Brendan Gregg's USE method) while requests were
    measured: CPU of the machine, of the control group's quota and of single processes, disks, memory, network,
    descriptors. What the service takes is told apart from what the load generator and others take.

Why it hurts
    Near full use every wait grows at once, and nothing in the code is slower than before. Findings about code then say
    what fills the resource, not what is wrong with it.

Evidence it needs
    The host's figures: /proc, control groups, pressure (PSI).

Example
    A container with a quota of half a core: the machine is idle, yet in 40 % of the periods the service is stopped. A
    request of 5 ms that is met by it takes up to 55: a period is 100 ms, and the quota ends after 50.

Cure
    Give the resource (cores, quota, a faster disk), or take less of it: the findings beside this one say what takes it.
    A generator that fills the machine belongs on another one.

When it is wrong
    A machine that is shared with others, or with the generator itself, is full for reasons that are not the
    service's. A mean over the run hides moments: look at the host's charts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.runtime.readings import Readings, readings_of
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles, Severity
from loadstone.model.quantity import format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "saturation"
NEEDS = ("host",)

_METRICS = (
    "cpus cpu_busy_share cpu_cores cpu_pressure_share cpu_steal_share run_wait_s_per_s processes threads "
    "cpu_throttled_share cpu_throttled_s_per_s cpu_quota_cores disk_busy_share io_pressure_share procs_blocked "
    "memory_pressure_share swap_out_bytes_per_s major_faults_per_s oom_kills memory_limit_hits "
    "tcp_listen_overflows_per_s net_drops_per_s descriptors_share pids pids_limit"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """A resource is full at ``full_share`` of what there is: an M/M/1 line in front of it is then nine long. A wait
    for it counts from ``wait_share`` of the time on (threads', or PSI's): an idle machine of two cores shows up to a
    twentieth. A quota hurts from ``throttled_share`` of its periods on. The service is to blame with ``own_share`` of
    what is used at least, or where what it takes and what its threads wait for would fill the machine. A process that
    runs on one thread at a time takes up to ``core_share`` of a core: its native code may run beside. ``readings`` of
    a metric tell anything."""

    full_share: float = 0.9
    wait_share: float = 0.1
    throttled_share: float = 0.05
    own_share: float = 0.5
    core_share: float = 1.15
    readings: int = 5


LIMITS = Limits()


@dataclass(frozen=True)
class _Full:
    """A resource that is full: what is told of it, how long requests wait for it (seconds a second), its cure."""

    resource: str
    title: str
    facts: tuple[Fact, ...]
    wait_s_per_s: float
    cure: str
    against: tuple[Fact, ...] = ()
    ceiling: Severity = "critical"
    floor: Severity = "info"


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Resources that are full."""
    metrics = tuple(_METRICS.split())
    readings = readings_of(scene, metrics)
    enough = {key: pair for key, pair in readings.series.items() if len(pair[1]) >= limits.readings}
    readings = Readings(enough)
    for full in (
        *_quota(readings, limits),
        *_cpu(readings, _serving(scene.digest), limits),
        *_others(readings, limits),
    ):
        yield _suspect(scene.digest, full)


def _quota(readings: Readings, limits: Limits) -> Iterator[_Full]:
    share = readings.mean("cgroup", "cpu_throttled_share")
    if share is None or share < limits.throttled_share:
        return
    quota, used = readings.mean("cgroup", "cpu_quota_cores"), readings.mean("cgroup", "cpu_cores")
    of = f" of {quota:.3g} cores" if quota else ""
    facts = [Fact(f"the control group was stopped in {format_share(share)} of its periods", share, "share")]
    if used is not None:
        facts.append(Fact(f"it uses {used:.3g}{of}", used, "cores"))
    stopped = readings.mean("cgroup", "cpu_throttled_s_per_s") or 0.0
    yield _Full(
        "the CPU quota",
        f"the control group's CPU quota{of} stops the service in {format_share(share)} of its periods",
        tuple(facts),
        stopped,
        "a higher CPU quota (or none, with a request in its place), or fewer threads that run at once within it",
    )


def _cpu(readings: Readings, serving: int, limits: Limits) -> Iterator[_Full]:
    cpus, busy = readings.mean("host", "cpus"), readings.mean("host", "cpu_busy_share")
    service = readings.mean("service", "cpu_cores")
    wait = readings.mean("service", "run_wait_s_per_s") or 0.0
    pressure = readings.mean("host", "cpu_pressure_share")
    generator = readings.mean("generator", "cpu_cores") or 0.0
    waits = wait >= limits.wait_share or (pressure is not None and pressure >= limits.wait_share)
    if cpus and busy is not None and busy >= limits.full_share and waits:
        used = busy * cpus
        own = service or 0.0
        facts = [
            Fact(f"{used:.3g} of {cpus:.3g} cores are busy on average", busy, "share"),
            Fact(
                f"the service takes {own:.3g} of them, the load generator {generator:.3g}, others "
                f"{max(0.0, used - own - generator):.3g}",
                own,
                "cores",
            ),
        ]
        if wait > 0:
            facts.append(Fact(f"the service's threads wait {wait:.3g} s a second for a core", wait, "s/s"))
        ours = own >= limits.own_share * used
        wants = own + wait >= limits.full_share * cpus
        told = "the service's threads would fill the machine alone" if wants else "run it, or the generator, elsewhere"
        against = () if ours else (Fact(f"most of it is not the service's: {told}"),)
        yield _Full(
            "the CPU",
            f"the machine's CPU is full: {used:.3g} of {cpus:.3g} cores are busy, {own:.3g} with the service",
            tuple(facts),
            wait,
            "take less CPU (the findings beside this one say where it goes), or more cores",
            against,
            "critical" if ours or wants else "info",
        )
        return
    processes = serving or readings.mean("service", "processes")
    if service is None or not processes or not limits.full_share <= service / processes <= limits.core_share:
        return
    if cpus and cpus > processes:
        yield _Full(
            "a core a process",
            f"each of the service's {processes:.0f} processes uses a whole core, and {cpus:.3g} are there",
            (Fact(f"{service:.3g} cores in {processes:.0f} processes", service, "cores"),),
            wait,
            "more processes: one that runs on one thread at a time cannot use a second core",
            (Fact("a process that runs on several threads at once may use more than a core"),),
            floor="warning",
        )


def _serving(digest: Digest) -> int:
    """Processes that answer requests."""
    process = digest.requests.process[digest.requests.measured]
    return len(np.unique(process[process >= 0]))


def _others(readings: Readings, limits: Limits) -> Iterator[_Full]:
    disk, io = readings.mean("host", "disk_busy_share"), readings.mean("host", "io_pressure_share") or 0.0
    if disk is not None and disk >= limits.full_share and io >= limits.wait_share:
        facts = (
            Fact(f"the busiest disk has work {format_share(disk)} of the time", disk, "share"),
            Fact(f"in {format_share(io)} of the time some thread waits for a disk", io, "share"),
        )
        title = f"a disk is busy {format_share(disk)} of the time, and threads wait for it"
        yield _Full("a disk", title, facts, io, "write less or in larger pieces, keep more in memory, or a faster disk")
    memory = readings.mean("host", "memory_pressure_share") or 0.0
    killed = sum(float(readings.values(scope, "oom_kills").sum()) for scope in ("host", "cgroup"))
    if memory >= limits.wait_share or killed > 0:
        told = [Fact(f"in {format_share(memory)} of the time some thread waits for memory", memory, "share")]
        if killed:
            told.append(Fact(f"{killed:.0f} processes were killed because memory ran out", killed, "processes"))
        yield _Full(
            "memory", "memory is short: threads wait for pages", tuple(told), memory, "more memory, or hold less"
        )
    overflows = readings.values("host", "tcp_listen_overflows_per_s")
    if len(overflows) and float(overflows.max()) > 0:
        rate = float(overflows.mean())
        told = [Fact(f"{rate:.3g} connections a second were refused by a full accept queue", rate, "/s")]
        title = "an accept queue overflows: connections are dropped before the service sees them"
        cure = "a longer backlog, more workers, or keep-alive"
        yield _Full("the accept queue", title, tuple(told), 0.0, cure, floor="warning")
    descriptors = readings.mean("service", "descriptors_share")
    if descriptors is not None and descriptors >= limits.full_share:
        told = [Fact(f"{format_share(descriptors)} of the descriptors that a process may open", descriptors, "share")]
        title = f"a process of the service has {format_share(descriptors)} of its descriptors open"
        cure = "close what is opened, or a higher limit (ulimit -n)"
        yield _Full("descriptors", title, tuple(told), 0.0, cure, floor="warning")


def _suspect(digest: Digest, full: _Full) -> Suspect:
    requests = np.flatnonzero(digest.requests.measured).astype(np.int32)
    cost = _spread(digest, requests, full.wait_s_per_s)
    told = list(full.facts)
    if len(requests) and cost.sum() > 0:
        mean_s = float(cost.mean()) / 1e9
        told.append(
            Fact(f"{mean_s * 1e3:.3g} ms of waiting for it a request, if spread by time", mean_s, "s a request")
        )
    services = {digest.operations[number].service for number in np.unique(digest.requests.route[requests]).tolist()}
    return Suspect(
        fault=CODE,
        title=full.title,
        step=None,
        locus=Locus(service=next(iter(services)) if len(services) == 1 else None),
        roles=Roles(offender=full.resource, cause=_taker(digest)),
        cure=full.cure,
        confidence=0.8,
        key=(CODE, full.resource),
        requests=requests,
        cost_ns=cost,
        unpredictable="what a larger resource would give depends on everything that shares it",
        evidence_for=tuple(told),
        evidence_against=(*full.against, Fact("means over the run: moments may be fuller than this")),
        ceiling=full.ceiling,
        floor=full.floor,
    )


def _spread(digest: Digest, requests: NDArray[np.int32], wait_s_per_s: float) -> NDArray[np.float64]:
    """The waiting of the whole run laid on requests by their duration, never more than that."""
    duration = np.maximum(digest.requests.end_ns - digest.requests.start_ns, 0)[requests].astype(np.float64)
    whole = float(duration.sum())
    if whole <= 0:
        return np.zeros(len(requests), np.float64)
    return np.asarray(duration * min(1.0, wait_s_per_s * digest.span_s * 1e9 / whole), np.float64)


def _taker(digest: Digest) -> str | None:
    """The step whose requests are longest under way in the service's own code."""
    visits = digest.visits
    inside = np.array([one.family in ("server", "inside") for one in digest.operations] or [False], np.bool_)
    rows = inside[visits.operation] & (digest.visit_step >= 0) if len(visits) else np.empty(0, np.bool_)
    if not rows.any():
        return None
    own = np.bincount(digest.visit_step[rows], np.maximum(visits.own_ns[rows], 0), len(digest.steps))
    share = float(own.max() / max(1.0, own.sum()))
    return f"{digest.steps[int(own.argmax())].label} has {format_share(share)} of the service's own time"
