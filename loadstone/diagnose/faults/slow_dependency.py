"""A slow dependency: one other service takes most of the time, or makes the tail.

What it sees
    Of the critical path the part of another service: its own time where it is traced too, else the time of the calls
    that go there. It is a fault where it takes most of a slow step's time, or where the slowest requests are slow
    because this service was.

Why it hurts
    A request is never faster than what it waits for. Its callers' workers and connections are held meanwhile, so a
    slow dependency fills pools and queues far away from itself.

Evidence it needs
    Spans of outgoing calls; the called service's own spans tell its work from the way there.

Example
    ``POST payments/charge`` takes 20 ms in 98 of 100 requests and 900 ms in the others.

Cure
    If the service is yours, run the same diagnosis on it: its own spans or profile say why. Else make less depend on
    it: keep what it answered, ask ahead, take it out of the request (a queue), bound it by a timeout with a fallback.

When it is wrong
    Behind a gateway everything is the dependency's time. What a client's span covers beyond the server's may be the
    caller's own wait for a connection or a thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.dependencies import Dependency, dependencies
from loadstone.diagnose.calls.enough import few, needed
from loadstone.diagnose.calls.outgoing import durations_ns
from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import locus_of, slowest
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.model.finding import Fact, Roles, Severity
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "slow-dependency"
NEEDS = ("calls",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``share`` of the time around the median, or of what requests beyond p99 take more. At the median it is slow from
    ``slow_s`` on (others warn from 500 ms to 1 s), or where the step misses its objective. A tail is one where p99 is
    ``tail`` times the median and ``tail_s`` above it; it needs ``tail_requests``. A call made ``repeats`` times, or
    ``more`` times as often in the slow requests, is another fault. ``requests`` must show it."""

    share: float = 0.5
    slow_s: float = 0.5
    tail: float = 2.0
    tail_s: float = 0.01
    tail_requests: int = 100
    repeats: int = 5
    more: float = 1.5
    requests: int = 5


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Other services that take a step's time or make its tail."""
    digest = scene.digest
    for step in range(len(digest.steps)):
        requests = digest.requests_of(step)
        if len(requests) < needed(run, digest, step, limits.requests):
            continue
        missed = _missed(run, digest, step)
        lasts = durations_ns(digest, requests)
        for one in dependencies(digest, step):
            if one.calls >= limits.repeats:
                continue
            tail = _tail(digest, step, one, requests, lasts, limits)
            if tail is not None:
                yield tail
                continue
            middle = _band(lasts, 0.4, 0.6)
            share = float(one.critical_ns[middle].sum() / lasts[middle].sum())
            slow = float(one.critical_ns[middle].mean()) >= limits.slow_s * 1e9
            if share >= limits.share and (slow or (missed and not one.through)):
                yield _always(digest, step, one, requests, share)


def _missed(run: Subject, digest: Digest, step: int) -> bool:
    told = digest.steps[step]
    return any(
        one.outcome == "fail" and one.journey in (None, told.journey) and one.step in (None, told.name)
        for one in run.objectives
    )


def _band(lasts: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    first, last = np.quantile(lasts, low, method="lower"), np.quantile(lasts, high, method="higher")
    return np.asarray((lasts >= first) & (lasts <= last))


def _always(digest: Digest, step: int, one: Dependency, requests: NDArray[np.int32], share: float) -> Suspect:
    having = one.critical_ns > 0
    affected, cost = requests[having], one.critical_ns[having]
    told = Fact(
        f"{format_share(share)} of the time of requests around the median lies in {one.name}",
        share,
        "share",
        slowest(digest, affected),
    )
    title = f"{one.name} takes {format_duration(cost.mean() / 1e9)} of a request, {format_share(share)} of the time"
    return _made(digest, step, one, title, told, affected, cost, 1.0, 0.6 if one.through else 0.75, "warning")


def _tail(
    digest: Digest,
    step: int,
    one: Dependency,
    requests: NDArray[np.int32],
    lasts: NDArray[np.float64],
    limits: Limits,
) -> Suspect | None:
    if len(requests) < limits.tail_requests:
        return None
    middle, slow = _band(lasts, 0.4, 0.6), lasts >= np.quantile(lasts, 0.99)
    excess = float(lasts[slow].mean() - lasts[middle].mean())
    if lasts[slow].mean() < limits.tail * lasts[middle].mean() or excess < limits.tail_s * 1e9:
        return None
    usual = float(np.median(one.critical_ns[one.critical_ns > 0]))
    share = float(one.critical_ns[slow].mean() - one.critical_ns[middle].mean()) / excess
    having = one.critical_ns > max(limits.tail * usual, usual + 0.1 * excess)
    if share < limits.share or having.sum() < limits.requests:
        return None
    if one.count[having].mean() > limits.more * np.median(one.count[one.count > 0]):
        return None  # not slower, but asked more often: another fault
    affected, cost = requests[having], one.critical_ns[having] - usual
    took = float(one.critical_ns[having].mean())
    told = Fact(
        f"{format_share(min(share, 1.0))} of what requests beyond p99 take more lies in {one.name}",
        min(share, 1.0),
        "share",
        slowest(digest, affected),
    )
    title = (
        f"{one.name} is slow in {format_share(len(affected) / len(requests))} of requests:"
        f" {format_duration(took / 1e9)} against "
        f"{format_duration(usual / 1e9)}"
    )
    return _made(digest, step, one, title, told, affected, cost, float(cost.mean()) / took, 0.8, "critical")


def _made(
    digest: Digest,
    step: int,
    one: Dependency,
    title: str,
    told: Fact,
    affected: NDArray[np.int32],
    cost: NDArray[np.float64],
    share: float,
    confidence: float,
    ceiling: Severity,
) -> Suspect:
    cure = (
        "diagnose that service by its own spans or profile"
        if one.traced
        else "keep what it answered, take it out of the request, or bound it by a timeout with a fallback"
    )
    return Suspect(
        fault=CODE,
        title=title,
        step=step,
        locus=locus_of(digest, step, digest.operations[one.costliest]),
        roles=Roles(parent=digest.steps[step].label, offender=one.name),
        cure=cure,
        confidence=confidence,
        key=(CODE, digest.steps[step].label, one.name),
        requests=affected,
        cost_ns=cost,
        cuts=tuple(Cut(operation, share=share) for operation in one.calls_there),
        evidence_for=(told, *_split(one)),
        evidence_against=(*_against(digest, one), *few(len(affected))),
        ceiling=ceiling,
    )


def _split(one: Dependency) -> Iterator[Fact]:
    if one.traced:
        own = 1 - one.way_share
        yield Fact(f"{format_share(own)} of it is the service's own work, as its spans tell", own, "share")


def _against(digest: Digest, one: Dependency) -> Iterator[Fact]:
    if not one.traced:
        yield Fact(f"{one.name} sent no spans: its work is not told from the way there")
    elif one.way_share > 0.5:
        outside = format_share(one.way_share)
        told = f"{outside} of it is not in the service's own spans: the way there, or a wait for a connection"
        yield Fact(told, one.way_share, "share")
    if one.through:
        yield Fact("nearly all of every request is in there, as it is behind a gateway")
    if digest.every > 1:
        yield Fact(f"one trace in {digest.every} was read", float(digest.every))
