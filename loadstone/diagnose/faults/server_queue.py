"""Server queue: requests wait in front of the service because all its workers are busy.

What it sees
    The time between the client's send and the start of the server's span, less what the quickest requests need for it.
    It is a line when it grows with the number of requests that are being served: who waits finds all workers busy. Then
    what keeps the workers busy, step by step, and whether they work or only wait themselves.

Why it hurts
    No span of the service shows it: traces say 20 ms while the user waits for half a second. Near full use a little
    more load, or a little more work a request, makes the line many times longer.

Evidence it needs
    Loadstone's own requests, whose sends it knows, and the service's spans. The CPU time of threads tells workers that
    work from workers that wait.

Example
    Four synchronous workers, 40 requests a second of 90 ms each: 3.6 of 4 are busy on average. In a simulation of it
    78 % of the requests find all four busy and wait for 123 ms on average; the p99 of the wait is 515 ms.

Cure
    It is mostly a consequence: make shorter what keeps the workers busy, the finding beside this one. Where they only
    wait (for a database, another service), more workers or threads cost little; where they compute, only more cores
    help.

When it is wrong
    A proxy, a slow network or two clocks that drift apart lie in the same time, but do not grow with the requests being
    served. A client that sends late is not in it: it counts from the send.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import named, slowest
from loadstone.diagnose.runtime.queueing import NO_QUEUE_S, NO_QUEUE_SHARE, Line, lines
from loadstone.diagnose.runtime.readings import readings_of
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "server-queue"
NEEDS = ("spans", "client")


@dataclass(frozen=True, slots=True)
class Limits:
    """A step waits from ``step_share`` of its time on, or when the slowest hundredth waits for ``tail_share`` of
    its own. At least ``used_share`` of the workers are busy on average: of four that are busy for so much of their
    time one request in eleven has to wait (Erlang's C). Those who wait find at least ``busy_share`` of the workers
    busy, in ``found_busy`` of all cases; or, where the number of workers does not show, waits go with the number
    being served at ``correlation`` (rank): with 200 requests the chance of it without any line is below one in a
    thousand. ``requests`` must show it. Workers compute when they are on the CPU for ``compute_share`` of their
    time. Where waiting for a core is ``core_share`` of all this waiting, the line is in front of the cores, and
    told as information."""

    step_share: float = 0.1
    tail_share: float = 0.3
    used_share: float = 0.4
    busy_share: float = 0.9
    found_busy: float = 0.7
    correlation: float = 0.25
    requests: int = 20
    compute_share: float = 0.5
    core_share: float = 0.5


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Steps whose requests wait before the service looks at them."""
    digest = scene.digest
    for line in lines(digest):
        waits = line.wait_ns > NO_QUEUE_S * 1e9
        core_ns = _for_core_ns(scene, digest)
        if waits.sum() < limits.requests or waits.mean() < NO_QUEUE_SHARE or not _is_line(digest, line, waits, limits):
            continue
        taken = (digest.requests.done_ns - digest.requests.sent_ns)[line.requests].astype(np.float64)
        taken = np.maximum(taken, line.wait_ns + 1)
        steps = digest.requests.step[line.requests]
        for step in np.unique(steps).tolist():
            mine = steps == step
            if _hurts(line.wait_ns[mine], taken[mine], limits) and (mine & waits).any():
                yield _suspect(digest, line, step, mine, waits, taken, core_ns, limits)


def _is_line(digest: Digest, line: Line, waits: NDArray[np.bool_], limits: Limits) -> bool:
    """Whether those who wait, wait because others are served."""
    used = _used(digest, line)[0]
    busy = line.served >= limits.busy_share * line.workers
    if used >= limits.used_share * line.workers and busy[waits].mean() >= limits.found_busy:
        return bool(busy[~waits].mean() < busy[waits].mean()) if (~waits).any() else True
    if used < limits.used_share * line.processes or (line.served[waits] > 0).mean() < limits.found_busy:
        return False
    return _rank_correlation(line.wait_ns, line.served.astype(np.float64)) >= limits.correlation


def _used(digest: Digest, line: Line) -> tuple[float, NDArray[np.float64]]:
    """Requests being served on average, and how long each was."""
    start, end = digest.requests.start_ns[line.requests], digest.requests.end_ns[line.requests]
    duration = np.maximum(end - start, 0).astype(np.float64)
    return float(duration.sum()) / max(1, int(end.max() - start.min())), duration


def _rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Spearman's, ties by their mean rank."""
    ranks = []
    for values in (one, other):
        _, place, count = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(count) - (count - 1) / 2)[place])
    first, second = (rank - rank.mean() for rank in ranks)
    spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / spread if spread > 0 else 0.0


def _hurts(wait: NDArray[np.float64], taken: NDArray[np.float64], limits: Limits) -> bool:
    if wait.sum() >= limits.step_share * taken.sum():
        return True
    slow = taken >= np.quantile(taken, 0.99)
    return len(taken) >= 300 and bool(wait[slow].sum() >= limits.tail_share * taken[slow].sum())


def _suspect(
    digest: Digest,
    line: Line,
    step: int,
    mine: NDArray[np.bool_],
    waits: NDArray[np.bool_],
    taken: NDArray[np.float64],
    core_ns: float,
    limits: Limits,
) -> Suspect:
    label = digest.steps[step].label
    hit = mine & waits
    requests = np.sort(line.requests[hit])
    cost = np.zeros(len(digest.requests), np.float64)
    cost[line.requests[hit]] = line.wait_ns[hit]
    mean_s = float(line.wait_ns[hit].mean()) / 1e9
    share = float(line.wait_ns[mine].sum() / taken[mine].sum())
    used, keeps, computing = _busy(digest, line)
    fast, slow = _ends(line)
    told = [
        Fact(
            f"{format_share(float(hit.sum() / mine.sum()))} of its requests wait {format_duration(mean_s)} each before "
            f"the service begins, {format_share(share)} of the time that the client sees",
            mean_s,
            "s a request",
            slowest(digest, requests.astype(np.int32)),
        ),
        Fact(
            f"{format_share(float((line.served[waits] >= limits.busy_share * line.workers).mean()))} of those who wait "
            f"find {line.workers:,} requests being served, as many as ever are",
            float(line.workers),
            "requests",
        ),
        Fact(
            f"{used:.3g} of {line.workers:,} workers are busy on average ({line.processes:,} processes)",
            used / line.workers,
            "share",
        ),
        Fact(
            f"the wait is {format_duration(fast)} while few are served and {format_duration(slow)} while many are",
            slow,
            "s",
        ),
    ]
    told += [
        Fact(f"busy with {what}: {format_share(part)} of the workers' time", part, "share") for what, part in keeps
    ]
    cores = core_ns >= limits.core_share * float(line.wait_ns.sum())
    computes = computing is not None and computing >= limits.compute_share
    if computing is not None:
        told.append(Fact(f"workers are on the CPU for {format_share(computing)} of that time", computing, "share"))
    return Suspect(
        fault=CODE,
        title=f"{label} waits {format_duration(mean_s)} for a free worker: {used:.3g} of {line.workers:,} are busy",
        step=step,
        locus=Locus(journey=digest.steps[step].journey, step=digest.steps[step].name, service=line.service or None),
        roles=Roles(
            parent=label,
            cause="; ".join(what for what, _ in keeps[:2]) or None,
            offender=f"the line in front of {line.workers:,} workers",
        ),
        cure=_cure(keeps, computes),
        confidence=0.75,
        key=(CODE, label, line.service),
        requests=requests.astype(np.int32),
        cost_ns=cost[requests],
        unpredictable="the line is what other causes leave behind: their own prediction has a part for waiting",
        evidence_for=tuple(told),
        evidence_against=tuple(_against(line, computing, core_ns)),
        ceiling="info" if cores else "warning" if computes or computing is None else "critical",
    )


def _ends(line: Line) -> tuple[float, float]:
    """Mean waits in seconds of the fifth that met fewest requests being served and of that which met most."""
    low, high = np.quantile(line.served, [0.2, 0.8])
    few, many = line.wait_ns[line.served <= low], line.wait_ns[line.served >= high]
    return float(few.mean()) / 1e9, float(many.mean()) / 1e9


def _busy(digest: Digest, line: Line) -> tuple[float, list[tuple[str, float]], float | None]:
    """Workers busy on average; steps and what they do that keep them so, with shares; the share on the CPU."""
    requests = digest.requests
    used, duration = _used(digest, line)
    whole = max(1.0, float(duration.sum()))
    steps = requests.step[line.requests]
    by_step = np.bincount(steps, duration, len(digest.steps))
    keeps = []
    for step in np.argsort(-by_step)[:3].tolist():
        if by_step[step] >= 0.1 * whole:
            places = digest.visits_of(step)
            by_operation = np.bincount(
                digest.visits.operation[places],
                np.maximum(digest.visits.critical_ns[places], 0),
                len(digest.operations),
            )
            most = digest.operations[int(by_operation.argmax())]
            what = "its own work" if most.family == "server" else named(most, 60)
            keeps.append((f"{digest.steps[step].label}, mostly {what}", float(by_step[step]) / whole))
    cpu = requests.cpu_ns[line.requests]
    known = cpu >= 0
    computing = float(cpu[known].sum() / max(1.0, float(duration[known].sum()))) if known.mean() > 0.5 else None
    return used, keeps, computing


def _cure(keeps: list[tuple[str, float]], computes: bool) -> str:
    first = f"make shorter what keeps the workers busy ({keeps[0][0]})" if keeps else "make requests shorter"
    return f"{first}; " + ("then more cores" if computes else "then more workers or threads, which mostly wait")


def _for_core_ns(scene: Scene, digest: Digest) -> float:
    """How long the service's threads could run and had no core, in all."""
    wait = readings_of(scene, ("run_wait_s_per_s",)).mean("service", "run_wait_s_per_s")
    return (wait or 0.0) * digest.span_s * 1e9


def _against(line: Line, computing: float | None, core_ns: float) -> Iterator[Fact]:
    if core_ns > 0.1 * float(line.wait_ns.sum()):
        yield Fact(
            f"the service's threads waited {format_duration(core_ns / 1e9)} in all for a core", core_ns / 1e9, "s"
        )
    yield Fact(
        f"{format_duration(max(0.0, line.base_ns) / 1e9)} is taken for the way there; a proxy's own line looks alike",
        max(0.0, line.base_ns) / 1e9,
        "s",
    )
    if computing is None:
        yield Fact("threads did not count their CPU time: whether workers compute or wait is not known")
