"""Retry amplification: failed calls that are made again, and the load that comes of it.

What it sees
    A call or a statement that fails and is made again within the same request, where requests without a failure make
    it fewer times; what the failed tries and the pauses between them cost, and how many times the load the called
    service gets.

Why it hurts
    A caller that tries three times waits for two timeouts before it has an answer. The called service, slow because
    it is overloaded, gets three times the load; where each layer retries, three layers make it 27 times. A short
    trouble keeps itself alive.

Evidence it needs
    Spans of outgoing calls or statements with their status.

Example
    ``GET /rates`` times out after 1 s, is tried again, and answers: p50 8 ms, p99 1.01 s.

Cure
    Retry at one layer only, what may be repeated safely only, with exponential backoff and jitter, and within a
    budget (such as a tenth of the calls). Set the timeout from the called service's own p99, hand the remaining
    deadline on, stop calling a service that fails (circuit breaker). Then mend what fails.

When it is wrong
    Where failures are a normal answer (404 while a cache is filled, a lock that is tried), or where the calls that
    failed were for other items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.enough import few, needed
from loadstone.diagnose.calls.outgoing import durations_ns, waited_for
from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "retry-amplification"
NEEDS = ("spans",)

_FAMILIES = ("http", "rpc", "database", "key-value", "messaging", "connect")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the tries of a request ``error_share`` at least fail: of two tries one, of three that help in the end two.
    Requests with failures make the call ``more`` times as often as those without. The tries run one after another if
    ``serial_share`` of their time is not shared. They cost ``own_share`` of the time of the requests that have them
    and ``cost_share`` of the step's. ``requests`` must show it."""

    error_share: float = 0.3
    more: float = 1.5
    serial_share: float = 0.8
    own_share: float = 0.2
    cost_share: float = 0.02
    requests: int = 3


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class _Tried:
    """A call made again after failures; ``places`` are the visits that show it."""

    parent: int
    operation: Operation
    places: NDArray[np.int32]
    clean: float | None


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Calls that fail and are made again; of several layers the outermost, which pays for all."""
    digest = scene.digest
    for step in range(len(digest.steps)):
        least = needed(run, digest, step, limits.requests)
        found = [one for one in _tried(digest, step, limits, least) if _dear(digest, step, one, limits)]
        above = _ancestors(digest, step) if len(found) > 1 else {}
        for one in found:
            layers = [other for other in found if other is not one and _below(other, one, above)]
            if not any(other is not one and _below(one, other, above) for other in found):
                yield _suspect(digest, step, one, layers)


def _tried(digest: Digest, step: int, limits: Limits, least: int) -> Iterator[_Tried]:
    visits = digest.visits
    for parent, number, places in digest.groups(step):
        operation = digest.operations[number]
        if operation.family not in _FAMILIES:
            continue
        count, failed = visits.count[places], visits.errors[places]
        again = places[(count >= 2) & (failed >= limits.error_share * count) & (failed >= 1)]
        again = again[waited_for(digest, again)]
        again = again[visits.last_ns[again] > visits.first_ns[again]]
        if len(again) < least:
            continue
        total = visits.total_ns[again].sum()
        if visits.busy_ns[again].sum() < limits.serial_share * total:
            continue
        well = count[failed == 0]
        clean = float(well.mean()) if len(well) else None
        if visits.count[again].mean() < limits.more * (clean or 1.0):
            continue
        if clean is None and (visits.count[again] - visits.errors[again]).mean() > 1.5:
            continue  # many succeed and nothing says how many there are without failures: calls for many items
        yield _Tried(parent, operation, again, clean)


def _cost(digest: Digest, one: _Tried) -> NDArray[np.float64]:
    """From the first try to the last one's start; where several parents tried, less what lies between their tries."""
    visits = digest.visits
    span = (visits.last_ns[one.places] - visits.first_ns[one.places]).astype(np.float64)
    several = visits.most[one.places] < visits.count[one.places]
    tries = visits.busy_ns[one.places] * (visits.count[one.places] - 1) / visits.count[one.places]
    return np.asarray(np.where(several, np.minimum(span, tries), span), np.float64)


def _dear(digest: Digest, step: int, one: _Tried, limits: Limits) -> bool:
    cost = float(_cost(digest, one).sum())
    own = float(durations_ns(digest, digest.visits.request[one.places]).sum())
    step_ns = float(durations_ns(digest, digest.requests_of(step)).sum())
    return cost >= limits.own_share * own and cost >= limits.cost_share * step_ns


def _suspect(digest: Digest, step: int, one: _Tried, layers: list[_Tried]) -> Suspect:
    visits = digest.visits
    requests = visits.request[one.places]
    cost = _cost(digest, one)
    count, failed = visits.count[one.places], visits.errors[one.places]
    mean, total = float(count.mean()), float(visits.total_ns[one.places].sum())
    parent = one.parent if one.parent >= 0 else None
    return Suspect(
        fault="retry-amplification",
        title=f"tried {mean:.3g} times where it fails, {format_duration(cost.mean() / 1e9)} a request: "
        f"{named(one.operation)}",
        step=step,
        locus=locus_of(digest, step, one.operation),
        roles=Roles(
            parent=None if parent is None else digest.operations[parent].label,
            offender=one.operation.label,
            cause=None if not layers else f"failures below, at {named(layers[-1].operation)}",
        ),
        cure="retry at one layer only, with backoff, jitter and a budget; a timeout from the called service's own p99; "
        "then mend what fails",
        confidence=0.85 if one.clean is not None else 0.65,
        key=(CODE, digest.steps[step].label, *stable_key(one.operation)),
        requests=requests,
        cost_ns=cost,
        cuts=(Cut(one.operation.number, parent, share=min(1.0, float(cost.sum()) / max(1.0, total)), between=True),),
        evidence_for=tuple(_for(digest, step, one, requests, count, failed, layers)),
        evidence_against=tuple(_against(digest, one, requests, count, failed)),
    )


def _for(
    digest: Digest,
    step: int,
    one: _Tried,
    requests: NDArray[np.int32],
    count: NDArray[np.int32],
    failed: NDArray[np.int32],
    layers: list[_Tried],
) -> Iterator[Fact]:
    least = "" if one.clean is None else f", against {one.clean:.3g} in requests without a failure"
    yield Fact(
        f"{count.mean():.3g} tries a request, {failed.mean():.3g} of them failed{least}",
        float(count.mean()),
        "calls a request",
        slowest(digest, requests),
    )
    visits = digest.visits
    places = digest.visits_of(step)
    mine = places[(visits.operation[places] == one.operation.number) & (visits.parent[places] == one.parent)]
    load = float(visits.count[mine].sum()) / max(1, len(mine))
    yield Fact(f"the called service gets {load:.3g} calls for each request that needs it", load, "calls a request")
    lasts = durations_ns(digest, requests)
    share = float(_cost(digest, one).sum() / lasts.sum())
    yield Fact(f"failed tries and pauses are {format_share(share)} of these requests' time", share, "share")
    for other in layers:
        times = float(visits.count[other.places].sum()) / max(1, len(np.unique(visits.request[other.places])))
        yield Fact(
            f"a layer below retries too: {times:.3g} calls a request of {named(other.operation)}",
            times,
            "calls a request",
        )


def _against(
    digest: Digest, one: _Tried, requests: NDArray[np.int32], count: NDArray[np.int32], failed: NDArray[np.int32]
) -> Iterator[Fact]:
    if one.clean is None:
        yield Fact("no request without a failure shows how many calls it takes")
    never = float((failed >= count).mean())
    if never > 0.5:
        yield Fact(
            f"in {format_share(never)} of these requests no try succeeds: what fails comes before how it is tried",
            never,
        )
    yield from few(len(requests))
    if digest.every > 1:
        yield Fact(f"one trace in {digest.every} was read", float(digest.every))


def _ancestors(digest: Digest, step: int) -> dict[int, set[int]]:
    """Operations directly above each operation."""
    above: dict[int, set[int]] = {}
    for parent, operation, _ in digest.groups(step):
        if parent >= 0:
            above.setdefault(operation, set()).add(parent)
    return above


def _below(one: _Tried, other: _Tried, above: dict[int, set[int]]) -> bool:
    """Whether ``one`` lies somewhere below ``other``."""
    seen: set[int] = set()
    waiting = [one.parent]
    while waiting:
        at = waiting.pop()
        if at == other.operation.number:
            return True
        if at not in seen:
            seen.add(at)
            waiting.extend(above.get(at, ()))
    return False
