"""Unbounded result: a statement without a LIMIT returns a thousand rows or more.

What it sees
    A SELECT without LIMIT that returns a thousand rows a call and takes a tenth of the request, for a reply that may
    well hold them all.

Why it hurts
    The database reads them, the network carries them, the driver and the mapper make objects of them, the reply is
    written from them, and all of it stands in memory at once. It grows with the table: what lists a hundred products
    today lists fifty thousand after the import.

Evidence it needs
    Spans of statements that tell the number of rows.

Example
    ``SELECT id, name, price FROM product ORDER BY name`` for a page that shows the first 20.

Cure
    Bound it: ``LIMIT`` with a page by key. Where every row is wanted (an export), stream it: a server-side cursor,
    Django's ``iterator()``, SQLAlchemy's ``yield_per``, in portions that are written as they come.

When it is wrong
    An export or a report that needs all of it, runs rarely and streams already. A table that cannot grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked, duration_ns
from loadstone.diagnose.database.cures import cure
from loadstone.diagnose.database.repeats import REPEATS
from loadstone.diagnose.database.replies import UNBOUNDED, fetched
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_count, format_duration
from loadstone.stats.slope import slope

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "unbounded-result"
NEEDS = ("database spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``rows`` of a call (``loadstone.diagnose.database.replies``). ``cost_share`` of the time of these requests is the
    statement's; ``requests`` must show it. ``page`` is what a bounded one is reckoned with: the largest page that
    public interfaces commonly give (GitHub's and Stripe's per_page of at most 100)."""

    rows: int = UNBOUNDED
    cost_share: float = 0.1
    requests: int = 3
    page: int = 100


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements of a step that return all there is."""
    table = scene.once(asked)
    for (step, number), found in scene.once(fetched).items():
        operation = scene.digest.operations[number]
        told = read(operation.statement or "")
        if told.limited or told.one or told.cut or found.unused.mean() > 0.5:
            continue
        each = table.rows[found.places] / table.count[found.places]
        many = found.places[(each >= limits.rows) & (table.count[found.places] < REPEATS)]
        if len(many) >= limits.requests:
            suspect = _suspect(scene, step, operation, many, limits)
            if suspect is not None:
                yield suspect


def _suspect(
    scene: Scene, step: int, operation: Operation, places: NDArray[np.int64], limits: Limits
) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    requests = table.request[places]
    rows = table.rows[places] / table.count[places]
    share = 1.0 - limits.page / float(rows.mean())
    cost = table.critical_ns[places] * share
    if cost.sum() < limits.cost_share * duration_ns(digest, requests).sum():
        return None
    mean = float(rows.mean())
    told = [
        Fact(f"{format_count(round(mean))} rows a call without a LIMIT, in {len(requests):,} requests", mean, "rows",
             slowest(digest, requests)),
        Fact(f"it takes {format_duration(table.critical_ns[places].mean() / 1e9)} of each of these requests",
             float(table.critical_ns[places].mean()) / 1e9, "s"),
    ]  # fmt: skip
    grown = slope(((table.first_ns[places] - table.first_ns[places].min()) / 1e9).tolist(), rows.tolist())
    if grown is not None and grown.low > 0:
        told.append(Fact(f"it grows by {grown.value:.3g} rows a second in this run", grown.value, "rows/s"))
    doubts = [Fact(f"whether every row is needed is not known; reckoned with a page of {limits.page}")]
    if (digest.requests.bytes_out[requests] < 0).all():
        doubts.append(Fact("the size of the replies is not known: it may be used in full"))
    return Suspect(
        fault=CODE,
        title=f"unbounded result: {format_count(round(mean))} rows a call: {named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(offender=operation.label),
        cure=cure("unbounded", scene, operation),
        confidence=max(0.3, 0.8 - 0.1 * len(doubts)),
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost.astype(np.float64),
        cuts=table.cuts(places, share=share),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )
