"""Repeated statement: the same question with the same parameters, asked again in the same request.

What it sees
    A statement that reads, sent three times or more in one request with the same parameters (by their hash, or because
    its text has none), or a key asked for again and again.

Why it hurts
    All calls but the first are for nothing: the answer is known. It comes from helpers that each look up the current
    user, the settings or the price list for themselves, so it grows with the number of helpers that a page uses.

Evidence it needs
    Spans of statements with hashes of their parameters.

Example
    Each line of a bill asks for the tax rate of the same country::

        SELECT rate FROM tax WHERE country = ?     -- 12 times with one value

Cure
    Ask once and hand the answer on; keep it for the request (``functools.cached_property``, a context variable), or
    with a time to live for longer (``cachetools.TTLCache``, Django's cache). A mapper's session helps only for look-ups
    by primary key: SQLAlchemy's ``Session.get``, Hibernate's ``find``.

When it is wrong
    Where the answer may change in between and must be seen fresh: polling for a job's end, reading after a change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked, duration_ns
from loadstone.diagnose.database.cures import cure
from loadstone.diagnose.database.repeats import Repeat, repeats
from loadstone.diagnose.database.repetition import against
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "repeated-statement"
NEEDS = ("database spans",)

_KEYS = frozenset("GET MGET HGET HMGET HGETALL EXISTS SMEMBERS LRANGE ZRANGE TTL TYPE GETS GETITEM QUERY".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Limits:
    """``repeats`` calls of which all but one are for nothing: two may be chance, and save half at most. They cost
    ``cost_share`` of the time of the requests that have them (as N+1 does); ``requests`` must show it. In more than
    ``changed`` of these requests something changes the same table in between: then it is told as information."""

    repeats: int = 3
    cost_share: float = 0.05
    requests: int = 3
    changed: float = 0.5


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements that a request of a step asks again with the same parameters."""
    for repeat in scene.once(repeats):
        if repeat.kind == "same":
            operation = scene.digest.operations[repeat.operations[0]]
            found = _suspect(scene, repeat, operation, limits) if _reads(operation) else None
            if found is not None:
                yield found


def _reads(operation: Operation) -> bool:
    """Whether it asks for something that could be kept."""
    told = read(operation.statement or operation.name)
    if operation.family == "key-value":
        return told.verb in _KEYS
    return told.verb == "SELECT" and not told.locks and (bool(told.tables) or operation.statement is None)


def _suspect(scene: Scene, repeat: Repeat, operation: Operation, limits: Limits) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    often = repeat.count >= limits.repeats
    places, requests, count = repeat.places[0][often], repeat.requests[often], repeat.count[often]
    if len(requests) < limits.requests:
        return None
    distinct = np.maximum(1, table.parameters[places])
    cost = table.critical_ns[places] * ((count - distinct) / count)
    if cost.sum() < limits.cost_share * duration_ns(digest, requests).sum():
        return None
    mean, kinds = float(count.mean()), float(distinct.mean())
    asks = "the same parameters" if kinds < 1.5 else f"{kinds:.3g} different parameters"
    told = [
        Fact(f"{mean:.3g} times in each of {len(requests):,} requests with {asks}", mean, "statements a request",
             slowest(digest, requests)),
        Fact(f"all but the first take {format_duration(cost.mean() / 1e9)}", float(cost.mean()) / 1e9, "s"),
    ]  # fmt: skip
    doubts = [one for one in against(scene, places, requests, count) if "fixed list" not in one.what]
    doubts = [one for one in doubts if "parameters are not known" not in one.what]
    changed = _changed(scene, repeat.step, operation, places)
    if changed > 0.0:
        doubts.append(Fact("its table is changed in between", changed, "share of requests"))
    window = table.last_ns[places] - table.first_ns[places]
    if window.sum() > 0 and float(table.busy_ns[places].sum()) < 0.02 * float(window.sum()):
        doubts.append(Fact("it is asked with long breaks: it may wait for the answer to change"))
    return Suspect(
        fault=CODE,
        title=f"repeated statement: {mean:.3g} times a request with {asks}: {named(operation)}",
        step=repeat.step,
        locus=locus_of(digest, repeat.step, operation),
        roles=Roles(offender=operation.label),
        cure=cure("same", scene, operation),
        confidence=max(0.3, 0.9 - 0.15 * len(doubts)),
        key=(CODE, digest.steps[repeat.step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost.astype(np.float64),
        cuts=table.cuts(places, keep=max(1, round(kinds))),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
        ceiling="info" if changed > limits.changed else "critical",
    )


def _changed(scene: Scene, step: int, operation: Operation, places: NDArray[np.int64]) -> float:
    """Share of the requests in which a statement between the first and the last call changes one of its tables."""
    mine = {one.name for one in read(operation.statement or "").tables}
    if not mine:
        return 0.0
    table = scene.once(asked)
    hit = np.zeros(len(places), np.bool_)
    for other in scene.digest.operations:
        told = read(other.statement) if other.family == "database" and other.statement else None
        if told is None or not told.writes or not mine & {one.name for one in told.tables}:
            continue
        theirs = table.places(step, other.number)
        place = np.minimum(np.searchsorted(table.request[theirs], table.request[places]), max(0, len(theirs) - 1))
        if not len(theirs):
            continue
        there = table.request[theirs[place]] == table.request[places]
        between = (table.first_ns[theirs[place]] < table.last_ns[places]) & (
            table.last_ns[theirs[place]] > table.first_ns[places]
        )
        hit |= there & between
    return float(hit.mean())
