"""Slow statement: a single statement takes a large part of a request, however often it runs.

What it sees
    A statement of 20 milliseconds or more that takes a fifth of the time of the requests that send it, by spans; and
    what the database itself counted of it: time, rows, blocks, temporary files, what its sessions waited for.

Why it hurts
    The request waits for it from end to end, and so does everyone who waits for the connection that it holds.

Evidence it needs
    Spans of statements. The database's own counts (pg_stat_statements) tell whether the time is the server's.

Example
    A report that joins and groups a year of orders on each call::

        SELECT category, sum(total) FROM orders JOIN line … WHERE placed_at > ? GROUP BY category     -- 640 ms

Cure
    Read the plan (it is in the report where it could be had): fewer rows (a narrower condition, a summary table that
    is kept up to date), less sorting and hashing (an index in the order that is asked for, more ``work_mem`` where it
    spills to files), fresh statistics (``ANALYZE``) where estimate and truth are far apart. Or do not wait for it:
    cache the answer, or compute it ahead of time.

When it is wrong
    Where the whole database is busy, every statement is slow and this one only the largest. It is not told where
    another fault explains it: a missing index, pages by OFFSET, a wait for a lock, one statement for each row, a
    result without a bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked, duration_ns
from loadstone.diagnose.database.blocked import blocked
from loadstone.diagnose.database.counted import Counted, counted
from loadstone.diagnose.database.locks import waited
from loadstone.diagnose.database.noise import company
from loadstone.diagnose.database.pages import deep_pages
from loadstone.diagnose.database.repeats import REPEATS
from loadstone.diagnose.database.replies import by_rows
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.database.waste import waste
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_count, format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "slow-statement"
NEEDS = ("database spans",)


@dataclass(frozen=True, slots=True)
class Limits:
    """A call takes ``each_s`` or more (PgHero's slow queries: 20 ms) and ``cost_share`` of the time of the requests in
    which it does; ``requests`` must show it. ``server_share`` of its time at least must be the server's, where that
    counted it: else it is slow on the way, not in the database. Where less than ``often`` of its calls are slow, and in
    ``company`` of them another statement is slow at the same time, it may be the machine: told as information."""

    each_s: float = 0.02
    cost_share: float = 0.2
    requests: int = 3
    server_share: float = 0.3
    often: float = 0.5
    company: float = 0.5


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements of a step that are slow in themselves."""
    elsewhere = scene.once(waste).keys() | scene.once(deep_pages).keys() | scene.once(blocked).keys()
    table, many = scene.once(asked), scene.once(by_rows)
    for step, number, places in table.groups():
        operation = scene.digest.operations[number]
        if operation.statement is not None and (operation.statement in elsewhere or _ping(operation.statement)):
            continue
        each_ns = table.total_ns[places] / table.count[places]
        slow = (each_ns >= 1e9 * limits.each_s) & (table.count[places] < REPEATS) & ~many[places]
        if slow.sum() >= limits.requests:
            found = _suspect(scene, step, operation, places, each_ns, slow, limits)
            if found is not None:
                yield found


def _ping(statement: str) -> bool:
    """Whether it asks nothing of the database: what it takes is the way there."""
    told = read(statement)
    return told.verb == "SELECT" and not told.tables and "(" not in statement


def _suspect(
    scene: Scene,
    step: int,
    operation: Operation,
    places: NDArray[np.int64],
    each_ns: NDArray[np.float64],
    slow: NDArray[np.bool_],
    limits: Limits,
) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    mean_ns = float(each_ns[slow].mean())
    counts = scene.once(counted).get(operation.statement or "")
    if counts is not None and counts.calls and counts.each_ns < limits.server_share * float(each_ns.mean()):
        return None
    quick_ns = float(np.quantile(each_ns, 0.1))
    target_ns = min(quick_ns, 1e9 * limits.each_s, mean_ns / 2)
    share = 1.0 - target_ns / mean_ns
    chosen = places[slow]
    requests = table.request[chosen]
    cost = table.critical_ns[chosen] * share
    if table.critical_ns[chosen].sum() < limits.cost_share * duration_ns(digest, requests).sum():
        return None
    part = float(table.critical_ns[chosen].sum() / max(1.0, duration_ns(digest, requests).sum()))
    p95_ns = float(np.quantile(each_ns[slow], 0.95))
    told = [
        Fact(
            f"{format_duration(mean_ns / 1e9)} a call, p95 {format_duration(p95_ns / 1e9)}, in {len(requests):,} "
            f"requests: {format_share(part)} of their time",
            mean_ns / 1e9,
            "s",
            slowest(digest, requests),
        ),
        *_server(scene, operation, counts),
    ]
    doubts = [Fact(f"what it could come down to is not known; reckoned with {format_duration(target_ns / 1e9)}")]
    if counts is None:
        doubts.append(Fact("the database's own count of it is not there: it may be slow on the way"))
    stalled = company(scene, chosen) if slow.mean() < limits.often else 0.0
    if stalled >= limits.company:
        doubts.append(Fact("most of its calls are quick, and others are slow with it: a stall of the machine", stalled))
    beside = _others(scene, operation, limits)
    if beside is not None:
        doubts.append(beside)
    return Suspect(
        fault=CODE,
        title=f"slow statement: {format_duration(mean_ns / 1e9)} a call, {format_share(part)} of the request: "
        f"{named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(offender=operation.label),
        cure=_cure(operation, counts),
        confidence=max(0.4, 0.85 - 0.1 * (len(doubts) - 1)),
        key=(CODE, digest.steps[step].label, *stable_key(operation)),
        requests=requests,
        cost_ns=cost.astype(np.float64),
        cuts=table.cuts(chosen, share=share),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
        ceiling="info" if stalled >= limits.company else "critical",
    )


def _server(scene: Scene, operation: Operation, counts: Counted | None) -> Iterator[Fact]:
    if counts is not None and counts.calls:
        yield Fact(
            f"the database counted {format_duration(counts.each_ns / 1e9)} a call, {counts.blocks_each:,.0f} blocks "
            f"for {format_count(counts.rows_each)} rows",
            counts.each_ns / 1e9,
            "s",
        )
        if counts.temp_blocks:
            each = counts.temp_blocks / counts.calls
            yield Fact(f"it spills {format_count(each)} blocks a call to temporary files", each, "blocks")
    waits = scene.once(waited).get(operation.statement or "")
    if waits is not None and waits.others:
        name, seen = waits.others.most_common(1)[0]
        yield Fact(f"its sessions were seen waiting for {name} {format_count(seen)} times", float(seen), "looks")


def _others(scene: Scene, operation: Operation, limits: Limits) -> Fact | None:
    """Whether every statement of the system is slow: then the database is busy rather than this one bad."""
    table = scene.once(asked)
    means = []
    for _, number, places in table.groups():
        other = scene.digest.operations[number]
        if other.system == operation.system and other.statement not in (None, operation.statement):
            means.append(float(table.total_ns[places].sum() / table.count[places].sum()))
    slow = sum(mean >= 1e9 * limits.each_s for mean in means)
    if len(means) < 3 or slow * 2 < len(means):
        return None
    return Fact(f"{slow} of {len(means)} other statements are slow too: the database may be busy", slow / len(means))


def _cure(operation: Operation, counts: Counted | None) -> str:
    told = read(operation.statement or "")
    if counts is not None and counts.temp_blocks:
        return "give it work_mem enough to sort and hash in memory, or fewer rows to sort: an index in that order"
    if told.writes:
        return "read its plan: indexes, triggers and foreign keys of the table; change fewer rows at a time"
    if told.one:
        return "read its plan; keep the sum or count up to date in a table of its own, or cache it"
    return "read its plan: fewer rows read, less sorted; or cache the answer"
