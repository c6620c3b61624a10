"""Row mapping: the service makes objects out of rows while the database waits.

What it sees
    A profile in which a fifth of the service's CPU or more is in a mapper's or driver's code that turns rows into
    objects, in requests that fetch many rows, while the statements themselves are quick.

Why it hurts
    A mapper needs many times the CPU for an object that the database needed to deliver its row. Under an interpreter
    lock that is time in which nobody else is served, so it becomes everybody's latency.

Evidence it needs
    A profile of the service (stacks), and spans of statements that tell the number of rows.

Example
    A list of 2,000 orders as full models of 40 columns, of which the page shows three.

Cure
    Make fewer or plainer objects: only the rows and columns that are used, as tuples where nothing is changed.
    Django's ``values_list()`` and ``only()``; SQLAlchemy's ``select(Order.id, Order.total)`` in place of
    ``select(Order)``; Hibernate's projections; EF Core's ``AsNoTracking`` with ``Select``.

When it is wrong
    Where the CPU is not what requests wait for. What plainer objects would save is not known from a profile; try it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked, duration_ns
from loadstone.diagnose.database.cures import cure
from loadstone.diagnose.database.mapping import Mapping, mapping
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.locus import locus_of, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles
from loadstone.model.quantity import format_count, format_duration, format_share
from loadstone.stats.slope import slope

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "row-mapping"
NEEDS = ("database spans", "stacks")


@dataclass(frozen=True, slots=True)
class Limits:
    """``cpu_share`` of the service's working CPU at least is in making objects, its sampling error (two standard
    deviations of a share of that many samples) taken off, in ``samples`` or more. ``rows`` of a request make it a
    matter of rows. The step's requests spend ``cost_share`` of their time on it; ``requests`` must show it."""

    cpu_share: float = 0.2
    samples: int = 20
    rows: int = 50
    cost_share: float = 0.1
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Steps whose requests fetch the rows that are made into objects."""
    found = scene.once(mapping)
    if found is None or found.samples < limits.samples:
        return
    share = found.mapping_ns / found.working_ns
    if share - 2.0 * float(np.sqrt(share * (1.0 - share) / found.of)) < limits.cpu_share:
        return
    table = scene.once(asked)
    reads = np.array([read(one.statement or "SELECT").verb == "SELECT" for one in scene.digest.operations], np.bool_)
    known = np.flatnonzero((table.rows > 0) & reads[table.operation]) if len(table) else np.empty(0, np.int64)
    total = float(table.rows[known].sum())
    if total <= 0:
        return
    for step in range(len(scene.digest.steps)):
        places = known[table.step[known] == step]
        if len(places):
            suspect = _suspect(scene, step, places, found, found.mapping_ns / total, limits)
            if suspect is not None:
                yield suspect


def _suspect(
    scene: Scene, step: int, places: NDArray[np.int64], found: Mapping, row_ns: float, limits: Limits
) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    requests, place = np.unique(table.request[places], return_inverse=True)
    rows = np.bincount(place, table.rows[places].astype(np.float64), len(requests))
    statements = np.bincount(place, table.critical_ns[places].astype(np.float64), len(requests))
    many = rows >= limits.rows
    if many.sum() < limits.requests:
        return None
    requests, rows, statements = requests[many].astype(np.int32), rows[many], statements[many]
    lasts = duration_ns(digest, requests)
    cost = np.minimum(rows * row_ns, np.maximum(0.0, lasts - statements))
    if cost.sum() < limits.cost_share * lasts.sum():
        return None
    by_operation = np.bincount(table.operation[places], table.rows[places].astype(np.float64))
    operation = digest.operations[int(by_operation.argmax())]
    share = found.mapping_ns / found.working_ns
    told = [
        Fact(
            f"{format_share(share)} of the service's CPU is in making objects of rows ({found.library})", share, "share"
        ),
        Fact(
            f"{format_count(round(float(rows.mean())))} rows in each of {len(requests):,} requests, "
            f"{format_duration(row_ns / 1e9)} of CPU a row",
            row_ns / 1e9,
            "s",
            slowest(digest, requests),
        ),
        Fact(
            f"the statements take {format_share(statements.sum() / max(1.0, lasts.sum()))} of these requests",
            float(statements.sum() / max(1.0, lasts.sum())),
            "share",
        ),
    ]
    cpu = digest.requests.cpu_ns[requests]
    if (cpu >= 0).all():
        grows = slope(rows.tolist(), cpu.astype(np.float64).tolist())
        if grows is not None and grows.low > 0:
            each = format_duration(grows.value / 1e9)
            told.append(Fact(f"a request's CPU grows by {each} with each row", grows.value / 1e9, "s"))
    doubts = [Fact("the profile is of the whole service: its share of this step is reckoned by rows")]
    locus = locus_of(digest, step, operation)
    if found.lines:
        line = found.lines[0][0]
        locus = Locus(
            journey=locus.journey, step=locus.step, service=locus.service, span=locus.span, statement=locus.statement,
            file=line.file, line=line.line, function=line.function,
        )  # fmt: skip
    return Suspect(
        fault=CODE,
        title=f"row mapping: {format_count(round(float(rows.mean())))} rows a request made into objects by "
        f"{found.library}",
        step=step,
        locus=locus,
        roles=Roles(cause=operation.label, offender=found.library),
        cure=cure("mapping", scene, operation),
        confidence=0.75,
        key=(CODE, digest.steps[step].label, found.library, *stable_key(operation)),
        requests=requests,
        cost_ns=cost,
        unpredictable="what plainer objects would save is not known from a profile",
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )
