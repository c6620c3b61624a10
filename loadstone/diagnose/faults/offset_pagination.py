"""OFFSET pagination: page 500 reads and throws away 499 pages first.

What it sees
    A statement with OFFSET (or ``LIMIT x, y``) whose time goes by the page that is asked for: calls with the same
    parameters take the same time, others many times as long; or a plan that reads thousands of rows below its LIMIT to
    hand on a page.

Why it hurts
    OFFSET n reads n rows and drops them. First pages are quick, so nobody notices; crawlers, exports and deep links ask
    for the others, and each page costs more than the one before. Rows that come and go in between shift the pages, so
    that readers miss some and see others twice.

Evidence it needs
    Spans of statements with hashes of their parameters. A plan (auto_explain) or the database's counts of blocks make
    it surer.

Example
    ::

        SELECT id, title FROM article ORDER BY published_at DESC LIMIT 20 OFFSET 9980

    reads 20 rows for the first page and 10,000 for page 500.

Cure
    Page by key: remember the last row's sort columns and ask for what comes after them, with an index on these::

        SELECT … FROM article WHERE (published_at, id) < (?, ?) ORDER BY published_at DESC, id DESC LIMIT 20

    Where page numbers must stay: bound them, or store each row's position.

When it is wrong
    Where the parameters change more than the page (a category with many rows against one with few). Where only the
    first pages are ever asked for, there is nothing to gain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked, duration_ns
from loadstone.diagnose.database.cures import cure
from loadstone.diagnose.database.pages import Pages, deep_pages
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_count, format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "offset-pagination"
NEEDS = ("database spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """A page is deep where it takes ``times`` what the quick tenth takes and ``each_s`` more. ``cost_share`` of the
    time of the requests with deep pages is lost; ``requests`` must show it. What makes a statement suspect at all is in
    ``loadstone.diagnose.database.pages``."""

    times: float = 2.0
    each_s: float = 0.002
    cost_share: float = 0.1
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements of a step that skip rows by number."""
    deep = scene.once(deep_pages)
    if not deep:
        return
    for step, number, places in scene.once(asked).groups():
        operation = scene.digest.operations[number]
        found = deep.get(operation.statement or "")
        if found is not None:
            suspect = _suspect(scene, step, operation, places, found, limits)
            if suspect is not None:
                yield suspect


def _suspect(
    scene: Scene, step: int, operation: Operation, places: NDArray[np.int64], found: Pages, limits: Limits
) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    each_ns = table.total_ns[places] / table.count[places]
    more_ns = each_ns - found.quick_ns
    deep = (each_ns >= limits.times * found.quick_ns) & (more_ns >= 1e9 * limits.each_s)
    if deep.sum() < limits.requests:
        return None
    chosen = places[deep]
    requests = table.request[chosen]
    cost = np.minimum(table.critical_ns[chosen], more_ns[deep] * table.count[chosen])
    if cost.sum() < limits.cost_share * duration_ns(digest, requests).sum():
        return None
    share = min(1.0, float(cost.sum() / max(1.0, table.total_ns[chosen].sum())))
    mean_s, quick_s = float(each_ns[deep].mean()) / 1e9, found.quick_ns / 1e9
    part = len(requests) / max(1, len(digest.requests_of(step)))
    told = [
        Fact(
            f"{format_duration(mean_s)} a call in {len(requests):,} requests ({format_share(part)}), against "
            f"{format_duration(quick_s)} in the quick tenth",
            mean_s,
            "s",
            slowest(digest, requests),
        ),
        *_why(found),
    ]
    doubts = [*_doubts(found)]
    return Suspect(
        fault=CODE,
        title=f"OFFSET pagination: deep pages take {format_duration(mean_s)}, first ones {format_duration(quick_s)}"
        f": {named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(cause="the depth of the page", offender=operation.label),
        cure=cure("keyset", scene, operation),
        confidence=max(0.4, (0.9 if found.sure else 0.65) - 0.1 * len(doubts)),
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost.astype(np.float64),
        cuts=table.cuts(chosen, share=share),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )


def _why(found: Pages) -> Iterator[Fact]:
    if found.explained is not None:
        share = format_share(found.explained)
        told = f"the parameters explain {share} of how its time varies (of its logarithm's variance)"
        yield Fact(told, found.explained, "share")
    if found.skipped is not None and found.kept is not None:
        told = f"a plan reads {format_count(round(found.skipped))} rows and drops them to hand on {found.kept:.3g}"
        yield Fact(told, found.skipped, "rows")
    if found.blocks is not None and found.rows is not None:
        yield Fact(f"the database touches {found.blocks:,.0f} blocks for {found.rows:.3g} rows", found.blocks, "blocks")


def _doubts(found: Pages) -> Iterator[Fact]:
    if found.explained is not None and found.skipped is None:
        yield Fact("the parameters are masked: it may be another one of them than the page")
    if not found.sure:
        yield Fact("neither its parameters nor the rows that it skips are known", found.spread, "p99 over p10")
