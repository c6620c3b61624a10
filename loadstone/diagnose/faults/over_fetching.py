"""Over-fetching: a request fetches rows that its reply cannot hold, and filters or adds them up itself.

What it sees
    A statement that returns hundreds of rows or more in requests whose replies have less than a byte for each of them:
    most rows are read to be counted, added up or thrown away by the service.

Why it hurts
    The database could have counted them without sending them. Instead every row is read, sent, parsed and turned into
    an object, on the CPU of the service, for one number.

Evidence it needs
    Spans of statements that tell the number of rows, and the sizes of the replies.

Example
    ::

        rows = session.execute("SELECT * FROM review WHERE product_id = ?")     # 4,000 rows
        return {"rating": sum(row.rating for row in rows) / len(rows)}          # 14 bytes

Cure
    Let the database do it: ``SELECT avg(rating), count(*) …``, ``WHERE``, ``EXISTS``, and only the columns that are
    used. Django's ``aggregate()``, ``count()``, ``exists()``, ``only()``; SQLAlchemy's ``func.avg``, ``load_only``.

When it is wrong
    Where the service needs the rows for something other than the reply: to fill a cache, to write them elsewhere, to
    compute what SQL cannot. Where the reply is compressed very well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked, duration_ns, quickest_ns
from loadstone.diagnose.database.cures import cure
from loadstone.diagnose.database.replies import MANY, fetched
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_count, format_duration

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "over-fetching"
NEEDS = ("database spans", "sizes")


@dataclass(frozen=True, slots=True)
class Limits:
    """``rows`` of a request, and less than a byte of the reply for each (``loadstone.diagnose.database.replies``).
    ``cost_share`` of the time of these requests is the statement's; ``requests`` must show it."""

    rows: int = MANY
    cost_share: float = 0.1
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements of a step whose rows do not reach the client."""
    table = scene.once(asked)
    for (step, number), found in scene.once(fetched).items():
        places = found.places[found.unused]
        places = places[table.rows[places] >= limits.rows]
        if len(places) >= limits.requests:
            suspect = _suspect(scene, step, scene.digest.operations[number], places, limits)
            if suspect is not None:
                yield suspect


def _suspect(
    scene: Scene, step: int, operation: Operation, places: NDArray[np.int64], limits: Limits
) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    requests = table.request[places]
    each_ns = float(table.total_ns[places].sum() / table.count[places].sum())
    share = max(0.0, 1.0 - quickest_ns(scene, operation) / each_ns) if each_ns else 0.0
    cost = table.critical_ns[places] * share
    if cost.sum() <= 0.0 or cost.sum() < limits.cost_share * duration_ns(digest, requests).sum():
        return None
    rows, size = float(table.rows[places].mean()), float(digest.requests.bytes_out[requests].mean())
    told = [
        Fact(
            f"{format_count(round(rows))} rows for a reply of {format_count(round(size))} bytes, in "
            f"{len(requests):,} requests",
            rows,
            "rows",
            slowest(digest, requests),
        ),
        Fact(f"fetching takes {format_duration(cost.mean() / 1e9)} of each", float(cost.mean()) / 1e9, "s"),
    ]
    doubts = []
    if read(operation.statement or "").star:
        told.append(Fact("it asks for every column (*)"))
    writers = [one.number for one in digest.operations if one.statement and read(one.statement).writes]
    writes = np.isin(table.operation, writers) & np.isin(table.request, requests)
    if writes.any():
        doubts.append(Fact("these requests write as well: the rows may be for that", float(writes.sum()), "statements"))
    return Suspect(
        fault=CODE,
        title=f"over-fetching: {format_count(round(rows))} rows for a reply of {format_count(round(size))} bytes: "
        f"{named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(offender=operation.label),
        cure=cure("columns", scene, operation),
        confidence=max(0.3, 0.8 - 0.2 * len(doubts)),
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost.astype(np.float64),
        cuts=table.cuts(places, share=share),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )
