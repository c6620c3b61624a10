"""M-N+1 patterns: several statements that take turns, once for each row of another.

What it sees
    A pattern of two to eight statements under one parent that comes three times or more in turn: they begin together,
    end together and come equally often. It is one loop, so it is one finding, told by its costliest statement; N+1
    stays silent on its parts.

Why it hurts
    It is N+1 times the number of relations that a row touches: 30 rows with four statements each are 120 ways to the
    database and back. Curing one of the statements leaves the others, so each alone looks hardly worth it.

Evidence it needs
    Spans of statements. Lines of code tell where each comes from.

Example
    A cart of 30 lines asks for each line its product, the product's stock and its price::

        SELECT name, image FROM product WHERE id = ?             -- 30 times
        SELECT count FROM stock WHERE product_id = ?             -- 30 times
        SELECT cents FROM price WHERE product_id = ? AND …       -- 30 times

Cure
    Load everything that the loop reads before it begins, one statement for each table: ``WHERE product_id IN (…)``,
    or one join. With a mapper one eager load for each relation: Django's ``prefetch_related("product__stock",
    "product__prices")``, SQLAlchemy's ``selectinload(Line.product).selectinload(Product.stock)``.

When it is wrong
    Where a turn is a unit of work that must stand alone: a queue's worker that takes, does and settles one job after
    another in a single trace. Where a later statement of the turn depends on what an earlier one wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loadstone.diagnose.database.asked import asked, duration_ns
from loadstone.diagnose.database.cures import cure
from loadstone.diagnose.database.repeats import TURNS, Repeat, repeats
from loadstone.diagnose.database.repetition import against
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "m-n-plus-one"
NEEDS = ("database spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``turns`` of the pattern in a request, and ``cost_share`` of the time of the requests that have it (Sentry's
    M-N+1 detector: 3 repeats, 5 %). ``requests`` must show it. ``dear`` names statements of the pattern that cost so
    much of it by line, the others only by number."""

    turns: int = TURNS
    cost_share: float = 0.05
    requests: int = 3
    dear: float = 0.1


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Patterns that repeat within requests of a step."""
    for repeat in scene.once(repeats):
        if repeat.kind == "pattern":
            found = _suspect(scene, repeat, limits)
            if found is not None:
                yield found


def _suspect(scene: Scene, repeat: Repeat, limits: Limits) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    often = repeat.count >= limits.turns
    requests, turns = repeat.requests[often], repeat.count[often]
    places = [one[often] for one in repeat.places]
    if len(requests) < limits.requests:
        return None
    each = [table.critical_ns[one] * ((table.count[one] - 1) / table.count[one]) for one in places]
    cost = np.sum(each, axis=0)
    if cost.sum() < limits.cost_share * duration_ns(digest, requests).sum():
        return None
    operations = [digest.operations[one] for one in repeat.operations]
    offender = operations[0]
    mean = float(turns.mean())
    total = float(np.sum([table.count[one].sum() for one in places])) / len(requests)
    told = [
        Fact(
            f"{len(operations)} statements take turns, {mean:.3g} times in each of {len(requests):,} requests: "
            f"{total:.3g} statements",
            total,
            "statements a request",
            slowest(digest, requests),
        ),
        Fact(f"they take {format_duration(cost.mean() / 1e9)} of each of these requests", cost.mean() / 1e9, "s"),
    ]
    for operation, part in zip(operations, each, strict=True):
        if part.sum() >= limits.dear * cost.sum():
            where = f" from {operation.where}" if operation.where else ""
            share = float(part.sum() / max(1.0, cost.sum()))
            told.append(Fact(f"{format_share(share)} of that is {named(operation)}{where}", share, "share"))
    doubts = against(scene, places[0], requests, turns)
    if any(read(one.statement or "").writes for one in operations):
        doubts.append(Fact("some of them change rows: what one writes a later one may read"))
    above = int(table.parent[places[0][0]])
    return Suspect(
        fault=CODE,
        title=f"M-N+1: {len(operations)} statements in turn, {mean:.3g} times a request: {named(offender)}",
        step=repeat.step,
        locus=locus_of(digest, repeat.step, offender),
        roles=Roles(parent=digest.operations[above].label if above >= 0 else None, offender=offender.label),
        cure=cure("pattern", scene, offender),
        confidence=min(0.95, max(0.3, 0.9 - 0.1 * len(doubts))),
        key=(CODE, digest.steps[repeat.step].label, *stable_key(offender)),
        requests=requests,
        cost_ns=cost.astype(np.float64),
        cuts=tuple(cut for one in places for cut in table.cuts(one, keep=1)),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )
