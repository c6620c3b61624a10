"""Fan-out: many calls side by side, whose slowest makes the answer.

What it sees
    A parent that makes ten calls or more of other services at one time, and an answer that waits for the slowest of
    them: the time from the first start to the last end is well above what one such call takes.

Why it hurts
    What is slow once in a hundred calls is slow in one of ten requests that make ten calls, and in two of three that
    make a hundred. The tail of the called service becomes the median of the caller, and a burst of calls queues at
    whatever is bounded on the way: the caller's connection pool, the called service's workers.

Evidence it needs
    Spans of outgoing calls with their starts and ends. Durations of the single calls show the arithmetic.

Example
    A search that asks 40 shards and waits for all: p50 of a shard 8 ms, p99 of a shard 90 ms, p50 of the search 60 ms.

Cure
    Ask fewer: one call for many items, fewer and larger shards, a cache of what was asked before. Else bound the wait:
    a deadline after which the answer goes out without the stragglers, a second copy of the call once its p95 has
    passed (hedging), a pool that is as wide as the fan.

When it is wrong
    Where all calls are slow at one moment (the called service itself is overloaded), fewer of them help and hedging
    harms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.enough import few, needed
from loadstone.diagnose.calls.outgoing import calls_of, durations_ns, waited_for
from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.diagnose.traces.sampled import sampled
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "http-fan-out"
NEEDS = ("calls",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``calls`` of a request: with ten, what is slow once in a hundred calls is slow in 1 - .99^10 = one of ten
    requests. At one time run ``side_by_side`` of them on average, else they are N+1 calls. Waiting for the slowest
    costs ``cost_share`` of the time of the requests that fan out. ``tail_calls`` single calls are needed to say what
    one in a hundred takes. ``requests`` must show it."""

    calls: int = 10
    side_by_side: float = 1.5
    cost_share: float = 0.1
    tail_calls: int = 300
    requests: int = 3


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class _Fan:
    """All calls below one parent, a row a request."""

    parent: int
    operations: tuple[Operation, ...]
    requests: NDArray[np.int32]
    count: NDArray[np.float64]
    total_ns: NDArray[np.float64]
    wall_ns: NDArray[np.float64]


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Parents that wait for many calls at one time."""
    for step in range(len(scene.digest.steps)):
        for fan in _fans(scene.digest, step, limits, needed(run, scene.digest, step, limits.requests)):
            yield from _suspect(scene, step, fan, limits)


def _fans(digest: Digest, step: int, limits: Limits, least: int) -> Iterator[_Fan]:
    visits = digest.visits
    below: dict[int, list[tuple[Operation, NDArray[np.int32]]]] = {}
    for parent, operation, every in calls_of(digest, step):
        places = every[waited_for(digest, every)]
        below.setdefault(parent, []).append((operation, places))
    for parent, found in below.items():
        places = np.concatenate([each for _, each in found])
        requests, row = np.unique(visits.request[places], return_inverse=True)
        count, total, wall = _extent(digest, places, row, len(requests))
        parents = _parents(digest, step, parent, requests)
        kept = (count >= limits.calls * parents) & (total >= limits.side_by_side * parents * wall)
        rest = _without_longest(visits.busy_ns[places], visits.count[places], row, len(requests))
        _, among, around = _extent(digest, places[rest], row[rest], len(requests))
        kept &= among >= limits.side_by_side * around
        if kept.sum() >= least:
            found.sort(key=lambda pair: -int(visits.total_ns[pair[1]].sum()))
            operations = tuple(operation for operation, _ in found)
            yield _Fan(parent, operations, requests[kept].astype(np.int32), count[kept], total[kept], wall[kept])


def _extent(
    digest: Digest, places: NDArray[np.int32], row: NDArray[np.int64], length: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of each request its calls, their time added up, and the time from the first start to the last end."""
    visits = digest.visits
    first = np.full(length, np.iinfo(np.int64).max)
    last = np.full(length, np.iinfo(np.int64).min)
    np.minimum.at(first, row, visits.first_ns[places])
    np.maximum.at(last, row, visits.end_ns[places])
    wall = np.where(last > first, last.astype(np.float64) - first, 1.0)
    total = np.bincount(row, visits.total_ns[places].astype(np.float64), length)
    count = np.bincount(row, visits.count[places].astype(np.float64), length)
    return count.astype(np.float64), total.astype(np.float64), np.maximum(wall, 1.0)


def _without_longest(
    busy: NDArray[np.int64], count: NDArray[np.int32], row: NDArray[np.int64], length: int
) -> NDArray[np.bool_]:
    """All but each request's longest single call. Where the spans between are missing, it is the call within which
    the others ran, one after another."""
    lasts = np.where(count == 1, busy, -1)
    order = np.lexsort((lasts, row))
    latest = np.full(length, -1)
    latest[row[order]] = order  # of equal rows the last one written, which lasts longest
    rest = np.ones(len(row), np.bool_)
    longest = latest[latest >= 0]
    rest[longest[lasts[longest] >= 0]] = False
    return rest


def _parents(digest: Digest, step: int, parent: int, requests: NDArray[np.int32]) -> NDArray[np.float64]:
    """How often the parent ran in each of these requests, at least once: of several parents each has its own fan."""
    visits, places = digest.visits, digest.visits_of(step)
    mine = places[visits.operation[places] == parent]
    times = np.zeros(len(digest.requests))
    np.add.at(times, visits.request[mine], visits.count[mine])
    return np.maximum(times[requests], 1.0)


def _suspect(scene: Scene, step: int, fan: _Fan, limits: Limits) -> Iterator[Suspect]:
    digest = scene.digest
    one = fan.total_ns / fan.count
    cost = np.maximum(fan.wall_ns - one, 0)
    lasts = durations_ns(digest, fan.requests)
    if cost.sum() < limits.cost_share * lasts.sum():
        return
    first = fan.operations[0]
    mean, wide = float(fan.count.mean()), float((fan.total_ns / fan.wall_ns).mean())
    what = named(first, 60) + (f" and {len(fan.operations) - 1} more" if len(fan.operations) > 1 else "")
    parent = digest.operations[fan.parent] if fan.parent >= 0 else None
    share = float(cost.sum() / fan.wall_ns.sum())
    singles, slowest_of = _singles(scene, fan)
    yield Suspect(
        fault=CODE,
        title=f"{mean:.3g} calls at one time, and the answer waits for the slowest: {what}",
        step=step,
        locus=locus_of(digest, step, first),
        roles=Roles(parent=None if parent is None else parent.label, offender=what),
        cure=_cure(mean, wide),
        confidence=0.85 if len(singles) >= limits.tail_calls else 0.7,
        key=(CODE, digest.steps[step].label, "" if parent is None else parent.label, *stable_key(first)[:1]),
        requests=fan.requests,
        cost_ns=cost,
        cuts=tuple(Cut(each.number, fan.parent if fan.parent >= 0 else None, share=share) for each in fan.operations),
        evidence_for=tuple(_for(digest, fan, one, wide, singles, slowest_of, limits)),
        evidence_against=tuple(_against(digest, fan, singles, limits)),
    )


def _singles(scene: Scene, fan: _Fan) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Durations in seconds of single calls of the costliest operation in a sample, and the longest of each request."""
    spans = sampled(scene, fan.requests, fan.operations[0])
    longest: dict[bytes, float] = {}
    lasts = []
    for row in spans:
        took = max(0, row["end_ns"] - row["start_ns"]) / 1e9
        lasts.append(took)
        longest[row["trace_id"]] = max(took, longest.get(row["trace_id"], 0.0))
    return np.array(lasts), np.array(list(longest.values()))


def _for(
    digest: Digest,
    fan: _Fan,
    one: NDArray[np.float64],
    wide: float,
    singles: NDArray[np.float64],
    longest: NDArray[np.float64],
    limits: Limits,
) -> Iterator[Fact]:
    waited, single = float(fan.wall_ns.mean() / 1e9), float(one.mean() / 1e9)
    yield Fact(
        f"{format_duration(waited)} from the first start to the last end, where one call takes "
        f"{format_duration(single)}",
        waited - single,
        "s",
        slowest(digest, fan.requests),
    )
    if len(singles) >= limits.tail_calls and len(longest):
        limit = float(np.quantile(singles, 0.99))
        each = len(singles) / len(longest)
        met = float((longest > limit).mean())
        yield Fact(
            f"one call in a hundred takes over {format_duration(limit)}; with {each:.3g} of them "
            f"{format_share(1 - 0.99**each)} of requests should meet one, and {format_share(met)} do",
            met,
            "share",
        )
    if wide < 0.7 * fan.count.mean():
        yield Fact(f"{wide:.2g} run at one time on average: the others wait for their turn", wide, "calls")


def _against(digest: Digest, fan: _Fan, singles: NDArray[np.float64], limits: Limits) -> Iterator[Fact]:
    if len(singles) < limits.tail_calls:
        yield Fact(f"{len(singles)} single calls were seen: too few for their tail", float(len(singles)), "calls")
    if len(fan.operations) == 1 and len(singles) and np.quantile(singles, 0.99) < 2 * np.median(singles):
        yield Fact("single calls are even: the wait is for turns, or for the called service as a whole")
    yield from few(len(fan.requests))
    if digest.every > 1:
        yield Fact(f"one trace in {digest.every} was read", float(digest.every))


def _cure(mean: float, wide: float) -> str:
    fewer = "ask for many items in one call, or fewer and larger parts"
    if wide < 0.7 * mean:
        return f"{fewer}; the calls wait for their turn: widen the pool of the caller if the called service can take it"
    return (
        f"{fewer}; else a deadline that leaves the stragglers out, or a second copy of a call once its p95 has passed"
    )
