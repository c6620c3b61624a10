"""GC pause: the garbage collector stops the process, and the requests that it meets are the tail.

What it sees
    The pauses of each process's garbage collector, laid over its requests: how much of each request's time the process
    stood still, whether the request caused the collection or another one did. Judged by the share of a step's time, and
    by the share of what its slowest hundredth takes more than a typical request.

Why it hurts
    While the collector walks the objects, no thread of the process runs. CPython's full collection walks everything
    that may hold a reference: with a few million long-lived objects that is seconds, at any moment, for whoever is
    there. The median never shows it.

Evidence it needs
    Garbage collections with their durations and processes: the recorder's, for CPython. Generations and what was freed
    make the cure surer.

Example
    A catalogue of a million small lists is held in memory. Each collection of generation 2 walks them for 93 ms and
    frees nothing (Python 3.11); after ``gc.freeze()`` it takes 2 us. Every hundredth request met one: it was the p99.

Cure
    Where a collection frees nothing it is the long-lived objects that cost: ``gc.collect()`` and ``gc.freeze()`` once
    they are loaded, fewer objects (arrays, tuples, msgspec structs with ``gc=False``), a higher threshold
    (``gc.set_threshold(50_000, 20, 100)``). Where it frees much, cycles are made in requests: break them, or weakref. A
    web server may also collect between requests instead of within.

When it is wrong
    Long requests meet more pauses than short ones, so a slow step has more of them without being slow for them: only
    the pauses' own time counts. A pause of a service behind is a call's time here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import slowest
from loadstone.diagnose.runtime.pauses import Pauses, during, longer, paused, pauses_of
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "gc-pause"
NEEDS = ("spans", "gc")


@dataclass(frozen=True, slots=True)
class Limits:
    """A step is hurt by pauses from ``step_share`` of its time on (published rules for JVMs alarm at 5 % of the time
    in safepoints; CPython's young collections alone take up to that much of a request that makes many objects), or
    where they are ``tail_share`` of what its slowest hundredth takes more than the median, told from
    ``tail_requests`` on, and that is at least ``slower_share`` of the median: a tail that is hardly slower needs no
    cure. A pause counts from ``pause_s`` on: a young generation's collection takes 0.1 ms. ``requests`` must show
    it."""

    step_share: float = 0.1
    tail_share: float = 0.3
    tail_requests: int = 300
    slower_share: float = 0.5
    pause_s: float = 0.002
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Steps that stand still while garbage is collected."""
    digest = scene.digest
    pauses = during(digest, longer(pauses_of(scene), limits.pause_s))
    if not len(pauses):
        return
    lost = paused(digest, pauses)
    duration = np.maximum(digest.requests.end_ns - digest.requests.start_ns, 1).astype(np.float64)
    lost = np.minimum(lost, duration)
    for step in range(len(digest.steps)):
        places = digest.requests_of(step)
        hit = places[lost[places] > 0]
        if len(hit) < limits.requests:
            continue
        share = float(lost[places].sum() / duration[places].sum())
        tail = _tail_share(duration[places], lost[places], limits) if len(places) >= limits.tail_requests else None
        if share >= limits.step_share or (tail is not None and tail >= limits.tail_share):
            yield _suspect(digest, pauses, step, hit, lost[hit], share, tail)


def _tail_share(duration: NDArray[np.float64], lost: NDArray[np.float64], limits: Limits) -> float | None:
    """Of what requests beyond p99 take more than those around the median, the part that pauses take more."""
    low, middle, high, last = np.quantile(duration, [0.4, 0.5, 0.6, 0.99])
    typical, slow = (duration >= low) & (duration <= high), duration >= last
    excess = float(duration[slow].mean() - duration[typical].mean())
    more = float(lost[slow].mean() - lost[typical].mean())
    return more / excess if excess > 0 and more >= limits.slower_share * middle else None


def _suspect(
    digest: Digest,
    pauses: Pauses,
    step: int,
    hit: NDArray[np.int32],
    cost: NDArray[np.float64],
    share: float,
    tail: float | None,
) -> Suspect:
    label = digest.steps[step].label
    of_step = len(hit) / len(digest.requests_of(step))
    name, count, spent, freed = _worst(pauses)
    longest = float(pauses.duration_ns[pauses.name == name].max()) / 1e9
    mean_s = float(cost.mean()) / 1e9
    told = [
        Fact(
            f"{len(hit):,} requests ({format_share(of_step)}) stood still for {format_duration(mean_s)} each",
            mean_s,
            "s a request",
            slowest(digest, hit),
        ),
        Fact(f"pauses are {format_share(share)} of the step's time", share, "share"),
        Fact(
            f"{count:,} collections of {name or 'unknown kind'}, {format_duration(spent / count)} each, "
            f"{format_duration(longest)} the longest",
            spent / count,
            "s",
        ),
    ]
    if tail is not None and tail > 0:
        told.append(
            Fact(
                f"and {format_share(min(tail, 1.0))} of what its slowest hundredth takes more", min(tail, 1.0), "share"
            )
        )
    if freed is not None:
        told.append(Fact(f"such a collection freed {freed:,.0f} objects on average", freed, "objects"))
    caused = _caused(digest, pauses, name)
    return Suspect(
        fault=CODE,
        title=f"garbage collection stops {label} for {format_duration(mean_s)} in {format_share(of_step)} of its "
        "requests",
        step=step,
        locus=Locus(
            journey=digest.steps[step].journey,
            step=digest.steps[step].name,
            service=digest.operations[int(digest.requests.route[hit[0]])].service or None,
        ),
        roles=Roles(parent=label, cause=caused, offender=f"collections of {name}" if name else "garbage collections"),
        cure=_cure(name, freed),
        confidence=0.9,
        key=(CODE, label, name),
        requests=hit,
        cost_ns=cost,
        unpredictable="a pause stops all requests of its process at once, which no replay of single requests knows",
        evidence_for=tuple(told),
        evidence_against=tuple(_against(count)),
    )


def _worst(pauses: Pauses) -> tuple[str, int, float, float | None]:
    """The kind of collection that took most time: its name, how many, seconds in all, objects freed each."""
    spent: dict[str, float] = defaultdict(float)
    for name, duration in zip(pauses.name.tolist(), pauses.duration_ns.tolist(), strict=True):
        spent[name] += duration / 1e9
    name = max(spent, key=lambda one: (spent[one], one))
    chosen = pauses.name == name
    freed = [count for detail in pauses.detail[chosen].tolist() if (count := _freed(detail)) is not None]
    return name, int(chosen.sum()), spent[name], sum(freed) / len(freed) if freed else None


def _freed(detail: object) -> float | None:
    if not isinstance(detail, str):
        return None
    try:
        told = json.loads(detail)
    except ValueError:
        return None
    count = told.get("collected") if isinstance(told, dict) else None
    return float(count) if isinstance(count, int) and count >= 0 else None


def _caused(digest: Digest, pauses: Pauses, name: str) -> str | None:
    """The step whose requests set off most of them, where traces tell."""
    chosen = (pauses.name == name) & (pauses.request >= 0)
    if not chosen.any():
        return None
    steps = digest.requests.step[pauses.request[chosen]]
    by_step = np.bincount(steps, pauses.duration_ns[chosen], len(digest.steps))
    share = float(by_step.max() / pauses.duration_ns[pauses.name == name].sum())
    return f"{format_share(share)} of it set off within {digest.steps[int(by_step.argmax())].label}"


def _cure(name: str, freed: float | None) -> str:
    if not name.startswith("generation"):
        return "fewer and shorter-lived objects, a larger heap, or a collector that works beside the requests"
    if freed is not None and freed < 1000:
        return "gc.freeze() once long-lived objects are loaded: the collection walks them and frees almost nothing"
    return "break the cycles that requests make (or weakref), and collect between requests; gc.set_threshold upwards"


def _against(count: int) -> Iterator[Fact]:
    yield Fact("long requests meet more pauses than short ones: only the pauses' own time is counted")
    if count < 10:
        yield Fact(f"only {count} such collections in this run", float(count), "collections")
