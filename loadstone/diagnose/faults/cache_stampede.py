"""A cache stampede: an entry expires, and everybody makes it anew at one time.

What it sees
    Requests that read a key-value store and, where that gave nothing, run the same expensive statement or call: not
    now and then, but in bursts. While the first one makes the entry, nearly all others miss too, and do the same work.

Why it hurts
    At the moment of expiry the database gets the load that the cache keeps from it, in one blow. The more requests,
    the larger the burst; where it slows the database down, the entry takes longer to make, and more come.

Evidence it needs
    Spans of the key-value store and of what is done on a miss.

Example
    ``GET front-page`` is empty once a minute; 40 requests then run the same 300 ms query side by side.

Cure
    Let one make it: a lock or single flight a key, the others wait or take the old entry (stale while revalidate).
    Renew before it expires, at random (probabilistic early expiration, XFetch), and spread expiry times with jitter.

When it is wrong
    A cold cache after a deployment looks the same, once. Where every key is asked for once only, the cache never hits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.bursts import Burst, bursts
from loadstone.diagnose.calls.outgoing import durations_ns, reads
from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import locus_of, named, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.diagnose.traces.sampled import sampled
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "cache-stampede"
NEEDS = ("database spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """A burst is ``burst`` runs that overlap: two may meet by chance. ``bursts`` of them at least, since a cold cache
    makes one. While an entry is made ``miss_share`` of the requests miss, and over the whole run at most
    ``usual_share`` do: a cache that mostly misses is another matter. What is done on a miss takes ``dear`` times the
    look into the cache. The repeated work costs ``cost_share`` of the requests' time that do it."""

    burst: int = 3
    bursts: int = 2
    miss_share: float = 0.7
    usual_share: float = 0.5
    dear: float = 5.0
    cost_share: float = 0.2


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Work that is done on misses, in bursts."""
    digest = scene.digest
    for step in range(len(digest.steps)):
        looks, work = _both(digest, step)
        for look, looked in looks.items():
            for operation, places in work.items():
                yield from _suspect(scene, step, (look, looked), (operation, places), limits)


def _both(digest: Digest, step: int) -> tuple[dict[int, NDArray[np.int32]], dict[int, NDArray[np.int32]]]:
    """Looks into key-value stores, and what may be done on a miss: operation -> visits."""
    looks: dict[int, list[NDArray[np.int32]]] = {}
    work: dict[int, list[NDArray[np.int32]]] = {}
    for _, number, places in digest.groups(step):
        operation = digest.operations[number]
        if operation.family == "key-value" and reads(operation):
            looks.setdefault(number, []).append(places)
        elif operation.family in ("database", "http", "rpc") and reads(operation):
            work.setdefault(number, []).append(places)
    return (
        {number: np.concatenate(found) for number, found in looks.items()},
        {number: np.concatenate(found) for number, found in work.items()} if looks else {},
    )


def _suspect(
    scene: Scene,
    step: int,
    look: tuple[int, NDArray[np.int32]],
    work: tuple[int, NDArray[np.int32]],
    limits: Limits,
) -> Iterator[Suspect]:
    digest, visits = scene.digest, scene.digest.visits
    asking, first_look = np.unique(visits.request[look[1]], return_index=True)
    missed, first_work = np.unique(visits.request[work[1]], return_index=True)
    looked_ns = visits.end_ns[look[1]][first_look]
    both = np.isin(missed, asking)
    missed, places = missed[both], work[1][first_work[both]]
    after = visits.first_ns[places] >= looked_ns[np.searchsorted(asking, missed)]
    missed, places = missed[after].astype(np.int32), places[after]
    if len(missed) < limits.burst * limits.bursts or len(missed) > limits.usual_share * len(asking):
        return
    if visits.busy_ns[places].mean() < limits.dear * visits.busy_ns[look[1]].mean():
        return
    begun, ended = visits.first_ns[places], visits.end_ns[places]
    found = [one for one in bursts(begun, ended) if len(one.members) >= limits.burst]
    if len(found) < limits.bursts:
        return
    share = _missing(looked_ns, np.isin(asking, missed), found)
    if share < limits.miss_share:
        return
    again = np.concatenate([one.members[1:] for one in found])
    requests, cost = missed[again], visits.busy_ns[places[again]].astype(np.float64)
    order = np.argsort(requests, kind="stable")
    requests, cost = requests[order], cost[order]
    if cost.sum() < limits.cost_share * durations_ns(digest, requests).sum():
        return
    operation, cache = digest.operations[work[0]], digest.operations[look[0]]
    widest = max(found, key=lambda one: len(one.members))
    size = float(np.mean([len(one.members) for one in found]))
    yield Suspect(
        fault=CODE,
        title=f"{size:.3g} requests at one time make the same entry anew: {named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(cause=cache.label, offender=operation.label),
        cure="let one make the entry while the others wait or take the old one (single flight, stale while "
        "revalidate); renew before expiry, with jitter",
        confidence=0.85,
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost,
        cuts=(Cut(operation.number),),
        evidence_for=(
            Fact(
                f"{len(found)} bursts, {len(widest.members)} runs at most, each {format_duration(cost.mean() / 1e9)}",
                float(len(found)),
                "bursts",
                digest.requests.hex(missed[widest.members[:5]]),
            ),
            Fact(
                f"while an entry is made {format_share(share)} of requests miss,"
                f" {format_share(len(missed) / len(asking))} in all",
                share,
            ),
            *_when(found, begun),
            *_same(scene, missed, found, operation),
        ),
        evidence_against=tuple(_against(digest, scene, operation)),
    )


def _missing(looked_ns: NDArray[np.int64], missing: NDArray[np.bool_], found: list[Burst]) -> float:
    """Of requests that looked while a burst's first run was on, the share that missed."""
    order = np.argsort(looked_ns, kind="stable")
    looked, missing = looked_ns[order], missing[order]
    inside = np.zeros(len(looked), np.bool_)
    for one in found:
        inside[np.searchsorted(looked, one.start_ns) : np.searchsorted(looked, one.first_end_ns)] = True
    return float(missing[inside].mean()) if inside.any() else 0.0


def _when(found: list[Burst], begun: NDArray[np.int64]) -> Iterator[Fact]:
    gaps = np.diff([one.start_ns for one in found]) / 1e9
    if len(gaps) >= 2 and gaps.std() < 0.3 * gaps.mean():
        yield Fact(
            f"a burst every {format_duration(float(gaps.mean()))}, as an expiry time makes them",
            float(gaps.mean()),
            "s",
        )


def _same(scene: Scene, missed: NDArray[np.int32], found: list[Burst], operation: Operation) -> Iterator[Fact]:
    """Whether the runs of a burst ask with the same parameters."""
    members = np.concatenate([one.members for one in found[:20]])
    rows = sampled(scene, np.sort(missed[members]), operation, ("db_query_parameters_hash",))
    told = {row["trace_id"]: row["db_query_parameters_hash"] for row in rows if row["db_query_parameters_hash"]}
    if len(told) >= 2:
        values = list(told.values())
        most = max(values.count(value) for value in set(values)) / len(values)
        if most > 0.5:
            yield Fact(f"{format_share(most)} of these runs have the same parameters", most, "share")


def _against(digest: Digest, scene: Scene, operation: Operation) -> Iterator[Fact]:
    if operation.statement is None:
        yield Fact("that the call fills the cache is taken from its place after the look")
    if digest.every > 1:
        yield Fact(f"one trace in {digest.every} was read: bursts are larger than they look", float(digest.every))
