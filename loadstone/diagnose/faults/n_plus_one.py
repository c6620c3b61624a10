"""N+1 statements: one statement for each row of another, where one would do.

What it sees
    A statement that one request sends five times or more, one after another, each time with other parameters: SQL or
    commands to a key-value store, from a loop in one's own code, a lazy relation of an object mapper, or a template.
    It is counted per step over the load, not judged by a single trace. Where an earlier statement returned as many rows
    as the repeated one has calls, that is named as the cause.

Why it hurts
    Each statement pays the way to the database and back, the driver, the parser and often an object mapper: half a
    millisecond apiece is quick, and a hundred of them are not. The number grows with the data, so it comes with a
    customer's success, and it hides from tests with three rows.

Evidence it needs
    Spans of statements. Hashes of their parameters, numbers of rows and lines of code make it surer; without hashes
    it cannot be told from the same statement asked again and again.

Example
    A page loads 40 reviews, then for each of them its author::

        SELECT id, author_id, body FROM review WHERE product_id = ?      -- 1 time, 40 rows
        SELECT name FROM author WHERE id = ?                             -- 40 times

    from the line ``review.author.name`` in the loop.

Cure
    Ask once for all rows. In SQL a join, or ``SELECT id, name FROM author WHERE id IN (…)`` and a dictionary. With a
    mapper its eager loading: Django's ``select_related("author")`` and ``prefetch_related``, SQLAlchemy's
    ``selectinload(Review.author)``, Hibernate's ``JOIN FETCH``, ActiveRecord's ``includes``. Rows that are written:
    one ``INSERT`` with many rows, ``executemany``, ``bulk_create``. Keys of Redis: ``MGET`` or a pipeline.

When it is wrong
    Where each statement needs the answer of the one before (walking up a tree: then a recursive query helps), or where
    the service takes rows in portions on purpose. A number of calls that never changes may be a fixed list of
    statements rather than rows: it is still one statement's work, but it will not grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loadstone.diagnose.database.asked import asked, duration_ns
from loadstone.diagnose.database.cures import Kind, cure
from loadstone.diagnose.database.repeats import REPEATS, Repeat, repeats
from loadstone.diagnose.database.repetition import against, gap, source
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "n-plus-one"
NEEDS = ("database spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``repeats`` like statements in a request make a suspect (Sentry's N+1 detector, count 5). They cost at least
    ``cost_share`` of the time of the requests that have them (the same detector's share of the M-N+1): below that the
    cure is not worth its change. ``requests`` must show it: one is an accident, two a coincidence."""

    repeats: int = REPEATS
    cost_share: float = 0.05
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements that repeat within requests of a step, each with other parameters."""
    for repeat in scene.once(repeats):
        if repeat.kind == "row":
            found = _suspect(run, scene, repeat, limits)
            if found is not None:
                yield found


def _suspect(run: Subject, scene: Scene, repeat: Repeat, limits: Limits) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    operation = digest.operations[repeat.operations[0]]
    often = repeat.count >= limits.repeats
    places, requests, count = repeat.places[0][often], repeat.requests[often], repeat.count[often]
    if len(requests) < limits.requests or read(operation.statement or "").verb == "FETCH":
        return None
    loop = gap(scene, places)
    cost = table.critical_ns[places] * ((count - 1) / count) + loop.own_ns
    share = float(cost.sum() / max(1.0, duration_ns(digest, requests).sum()))
    if share < limits.cost_share:
        return None
    every = digest.requests_of(repeat.step)
    others = len(every) - len(requests)
    rest = (table.count[table.places(repeat.step, operation.number)].sum() - count.sum()) / others if others else 0.0
    mean = float(count.mean())
    beside = f", against {rest:.3g} in each of the {others:,} others" if others else ""
    told = [
        Fact(f"{mean:.3g} times in each of {len(requests):,} requests{beside}", mean, "statements a request",
             slowest(digest, requests)),
        Fact(f"they take {format_duration(cost.mean() / 1e9)} of each of these requests", cost.mean() / 1e9, "s"),
    ]  # fmt: skip
    varied = bool((table.parameters[places] > 1).all())
    if varied:
        distinct = float(table.parameters[places].mean())
        told.append(Fact(f"{distinct:.3g} different parameters in a request", distinct, "parameters"))
    cause = source(scene, places, count)
    if cause is not None:
        told.append(cause.fact)
    doubts = against(scene, places, requests, count)
    if loop.told is not None:
        (told if loop.between else doubts).append(loop.told)
    return Suspect(
        fault=CODE,
        title=f"N+1 {_what(operation)}: {mean:.3g} a request: {named(operation)}",
        step=repeat.step,
        locus=locus_of(digest, repeat.step, operation),
        roles=Roles(
            parent=_parent(scene, int(np.bincount(table.parent[places] + 1).argmax()) - 1),
            cause=None if cause is None else cause.label,
            offender=operation.label,
        ),
        cure=cure(_kind(operation), scene, operation),
        confidence=min(0.97, max(0.3, 0.8 + 0.1 * varied + 0.1 * (cause is not None) - 0.1 * len(doubts))),
        key=(CODE, digest.steps[repeat.step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost.astype(np.float64),
        cuts=loop.cuts(table.cuts(places, keep=1)),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )


def _what(operation: Operation) -> str:
    if operation.family == "key-value":
        return "commands"
    return "changes" if read(operation.statement or operation.name).writes else "statements"


def _kind(operation: Operation) -> Kind:
    if operation.family == "key-value":
        return "keys"
    return "bulk" if read(operation.statement or operation.name).writes else "rows"


def _parent(scene: Scene, number: int) -> str | None:
    return scene.digest.operations[number].label if number >= 0 else None
