"""Serial calls: calls that wait for each other without need.

What it sees
    Calls of other services (or long statements) that one parent makes one after another, where the later ones do not
    seem to need what the earlier ones answer. What could be had: the sum of their times less the longest. It is
    counted per step over the load.

Why it hurts
    A request waits for the sum of its dependencies where it could wait for the slowest. Each new feature adds its
    call to the end of the row, so that latency grows with the product, while CPU, memory and network idle.

Evidence it needs
    Spans of outgoing calls with their starts and ends. Addresses make it surer: a call whose ids came with the
    request cannot have waited for an answer to know them.

Example
    ``user = get("/users/7"); stock = get("/stock/7"); offers = get("/offers/7")``: 40 + 55 + 30 ms instead of 55.

Cure
    Start them together and wait for all: ``asyncio.gather``, ``Promise.all``, ``CompletableFuture.allOf``, an
    errgroup, ``Task.WhenAll``, a thread pool. Statements need a connection each for that; first ask whether one
    statement could answer both.

When it is wrong
    Traces do not see data. Where a later call needs an earlier answer (a token, an id, a permission), or must not
    happen if an earlier one fails, the order is right. Calls that write, logins and items below a list are left alone
    unless the traces themselves show another order; where nothing in the traces speaks for independence it is only
    told as information.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.calls.enough import few, needed
from loadstone.diagnose.calls.independence import SHOWN, Pair, groups, hearts, pairs
from loadstone.diagnose.calls.outgoing import durations_ns, side_by_side
from loadstone.diagnose.calls.siblings import Siblings, siblings
from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "serial-calls"
NEEDS = ("spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """A saving of ``saving_share`` of the time of the requests that have them (Sentry's consecutive spans, 10 %), and
    of ``saving_s`` a request, ``statements_saving_s`` where statements alone make it up (Sentry, 100 ms). Calls of
    ``call_s`` at least, which is what starting them side by side may cost many times over (a thread in Python: about
    0.1 ms), and statements of ``statement_s`` (Sentry, 30 ms). Of statements it is never surer
    than ``statements_confidence``: one connection runs one at a time. A call made ``repeats`` times is another fault.
    ``requests`` must show it."""

    saving_share: float = 0.1
    saving_s: float = 0.005
    statements_saving_s: float = 0.1
    call_s: float = 0.003
    statement_s: float = 0.03
    statements_confidence: float = 0.55
    repeats: int = 5
    requests: int = 5


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Siblings that ran one after another and need not."""
    digest = scene.digest
    for step in range(len(digest.steps)):
        inner = hearts(digest, step)
        least = needed(run, digest, step, limits.requests)
        wanted = _long_enough(digest, step, inner, limits)
        for row in siblings(digest, step, wanted) if len(wanted) > 1 else ():
            columns = _columns(row, limits, least)
            found = pairs(scene, step, row, inner, columns, least)
            for members in groups(found, columns):
                yield from _suspect(scene, step, row, members, found, inner, limits, least)


def _long_enough(digest: Digest, step: int, inner: dict[int, tuple[int, int]], limits: Limits) -> frozenset[int]:
    """Of these operations those whose calls take long enough."""
    visits = digest.visits
    busy: dict[int, float] = {}
    count: dict[int, int] = {}
    for _, operation, places in digest.groups(step):
        if operation in inner:
            busy[operation] = busy.get(operation, 0.0) + float(visits.busy_ns[places].sum())
            count[operation] = count.get(operation, 0) + len(places)
    found = set()
    for operation, spent in busy.items():
        family = digest.operations[inner[operation][0]].family
        shortest = limits.call_s if family in ("http", "rpc", "server") else limits.statement_s
        if spent >= shortest * 1e9 * count[operation]:
            found.add(operation)
    return frozenset(found)


def _columns(row: Siblings, limits: Limits, least: int) -> list[int]:
    """Columns that enough requests have, and not as a loop."""
    having = row.count > 0
    times = row.count.sum(axis=0) / np.maximum(1, having.sum(axis=0))
    return np.flatnonzero((having.sum(axis=0) >= least) & (times < limits.repeats)).tolist()


def _suspect(
    scene: Scene,
    step: int,
    row: Siblings,
    members: list[int],
    found: dict[tuple[int, int], Pair],
    inner: dict[int, tuple[int, int]],
    limits: Limits,
    least: int,
) -> Iterator[Suspect]:
    digest = scene.digest
    busy = np.where(row.count[:, members] > 0, row.busy_ns[:, members], 0).astype(np.float64)
    saving = busy.sum(axis=1) - busy.max(axis=1)
    saving[~_serial(row, members)] = 0
    kept = saving > 0.5e9 * limits.saving_s
    if kept.sum() < least:
        return
    requests, saving, busy = row.requests[kept], saving[kept], busy[kept]
    lasts = durations_ns(digest, requests)
    inside = [digest.operations[inner[int(row.operations[column])][0]] for column in members]
    statements = all(one.family in ("database", "key-value") for one in inside)
    enough_s = limits.statements_saving_s if statements else limits.saving_s
    if saving.mean() < enough_s * 1e9 or saving.sum() < limits.saving_share * lasts.sum():
        return
    joined = [found[pair] for pair in found if pair[0] in members and pair[1] in members]
    sure = min(min(pair.confidence for pair in joined), limits.statements_confidence if statements else 1.0)
    order = sorted(range(len(members)), key=lambda place: float(np.mean(row.first_ns[kept][:, members[place]])))
    longest = max(range(len(members)), key=lambda place: float(busy[:, place].sum()))
    parent = digest.operations[row.parent] if row.parent >= 0 else None
    names = [named(inside[place], 40) for place in order]
    told = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    yield Suspect(
        fault=CODE,
        title=f"{len(members)} {'statements' if statements else 'calls'} one after another, "
        f"{format_duration(saving.mean() / 1e9)} a request longer than side by side: {told}",
        step=step,
        locus=locus_of(digest, step, inside[longest]),
        roles=Roles(parent=None if parent is None else parent.label, offender=told),
        cure=f"start them together and wait for all ({side_by_side(inside[longest])})"
        + ("; statements need a connection each for that" if statements else ""),
        confidence=sure,
        key=(CODE, digest.steps[step].label, *sorted("|".join(stable_key(one)) for one in inside)),
        requests=requests,
        cost_ns=saving,
        cuts=tuple(_cuts(row, members, inner, busy)),
        evidence_for=tuple(_for(digest, requests, saving, busy, lasts, joined)),
        evidence_against=(*dict.fromkeys(fact for pair in joined for fact in pair.against), *few(len(requests))),
        ceiling="info" if sure < SHOWN else "warning" if statements else "critical",
    )


def _serial(row: Siblings, members: list[int]) -> NDArray[np.bool_]:
    """Requests in which no two of the members ran at one time."""
    fine = np.ones(len(row.requests), np.bool_)
    for place, one in enumerate(members):
        for other in members[place + 1 :]:
            fine &= ~row.both(one, other) | row.before(one, other) | row.before(other, one)
    return fine


def _cuts(
    row: Siblings, members: list[int], inner: dict[int, tuple[int, int]], busy: NDArray[np.float64]
) -> Iterator[Cut]:
    """Of each member what it takes in requests where another is the longest."""
    longest = busy.argmax(axis=1)
    for place, column in enumerate(members):
        gone = float(busy[longest != place, place].sum())
        total = float(busy[:, place].sum())
        if gone > 0:
            operation, parent = inner[int(row.operations[column])]
            above = row.parent if parent < 0 else parent
            yield Cut(operation, above if above >= 0 else None, share=gone / total)


def _for(
    digest: Digest,
    requests: NDArray[np.int32],
    saving: NDArray[np.float64],
    busy: NDArray[np.float64],
    lasts: NDArray[np.float64],
    joined: list[Pair],
) -> Iterator[Fact]:
    total, most = busy.sum(axis=1).mean() / 1e9, busy.max(axis=1).mean() / 1e9
    yield Fact(
        f"{format_duration(total)} a request in turn, the longest {format_duration(most)}: "
        f"{format_share(saving.sum() / lasts.sum())} of the requests' time",
        float(saving.mean() / 1e9),
        "s",
        slowest(digest, requests),
    )
    yield from dict.fromkeys(fact for pair in joined for fact in pair.for_)
