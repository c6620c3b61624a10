"""N+1 statements: one statement for each row of another, where one would do.

What it sees
    A statement that one request sends five times or more, one after another, each time with other parameters. It is
    counted per step over the load, not judged by a single trace.

Why it hurts
    Each statement pays the way to the database and back, the driver, the parser and often an object mapper. The
    number grows with the data, so it comes with a customer's success, and it hides from tests with three rows.

Evidence it needs
    Spans of statements. Their parameters' hashes, rows and lines of code make it surer.

Example
    ``SELECT … FROM author WHERE id = ?`` forty times in a request, from the line that loops over the reviews.

Cure
    Ask once: a join, ``WHERE id IN (…)`` or the mapper's eager loading (Django's ``select_related`` and
    ``prefetch_related``, SQLAlchemy's ``selectinload``).

When it is wrong
    Where the service pages through a cursor on purpose, or where each statement needs the answer of the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Cut, Scene, Suspect
from loadstone.model.finding import Fact, Roles

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "n-plus-one"
NEEDS = ("database spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``repeats`` like statements in a request make a suspect (Sentry's N+1 detector, count 5). They run one after
    another if at least ``serial_share`` of their time is not shared. They cost at least ``cost_share`` of the time of
    the requests that have them: below that the cure is not worth its change. ``requests`` must show it."""

    repeats: int = 5
    serial_share: float = 0.8
    cost_share: float = 0.05
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements that repeat within requests of a step."""
    digest = scene.digest
    for step in range(len(digest.steps)):
        for _, operation, places in digest.groups(step):
            found = digest.operations[operation]
            if found.family in ("database", "key-value"):
                yield from _suspect(digest, step, found, places, limits)


def _suspect(
    digest: Digest, step: int, operation: Operation, places: NDArray[np.int32], limits: Limits
) -> Iterator[Suspect]:
    visits = digest.visits
    count = visits.count[places]
    affected = places[(count >= limits.repeats) & (visits.parameters[places] != 1)]
    if len(affected) < limits.requests:
        return
    total = visits.total_ns[affected].astype(np.float64)
    if visits.busy_ns[affected].sum() < limits.serial_share * total.sum():
        return
    requests = visits.request[affected]
    repeats = visits.count[affected]
    cost = total * (repeats - 1) / repeats
    duration = digest.requests.end_ns[requests] - digest.requests.start_ns[requests]
    if cost.sum() < limits.cost_share * duration.sum():
        return
    others = len(digest.requests_of(step)) - len(requests)
    rest = (count.sum() - repeats.sum()) / others if others else 0.0
    mean = float(repeats.mean())
    told = [
        Fact(
            f"{mean:.3g} times in a request, one after another"
            + (f", against {rest:.3g} in the others" if others else ""),
            mean,
            "statements a request",
            slowest(digest, requests),
        )
    ]
    if (visits.parameters[affected] > 1).all():
        told.append(Fact("each time with other parameters", float(visits.parameters[affected].mean()), "parameters"))
    yield Suspect(
        fault=CODE,
        title=f"{mean:.3g} like statements a request: {named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(offender=operation.label),
        cure="ask once for all rows: a join, or WHERE … IN (…)",
        confidence=0.9,
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost,
        cuts=(Cut(operation.number, keep=1),),
        evidence_for=tuple(told),
    )
