"""Missing index: a statement reads a whole table, or much of it, to find a few rows.

What it sees
    The plan of a statement that costs time scans a table and throws nearly all of its rows away: PostgreSQL's "Rows
    Removed by Filter", a join that reads a whole table for a few matches, a sort of many rows of which a LIMIT keeps a
    page; SQLite's ``SCAN``, its automatic index (which it builds anew for every statement) or its temporary B-tree. It
    names the index that it would try.

Why it hurts
    The work grows with the table, not with the answer. It is quick in the first month and takes the CPU and the cache
    of the whole database in the second year, so that other statements become slow too.

Evidence it needs
    Plans of statements (a DSN of PostgreSQL, or SQLite's file) and spans of the same statements. Plans that were run
    tell rows; of others only the planner's cost is known.

Example
    Orders of a customer, from a table of a million::

        SELECT id, total FROM orders WHERE customer_id = ?
        Seq Scan on orders  (actual rows=12)   Filter: (customer_id = ?)   Rows Removed by Filter: 999988

Cure
    ``CREATE INDEX CONCURRENTLY ON orders (customer_id)``: first the columns that are compared by equality, then one of
    a range or the order. Django: ``db_index=True`` or ``Meta.indexes``; SQLAlchemy: ``index=True`` or ``Index(…)``.
    Look at what is there first: an index whose first column is another one does not help.

When it is wrong
    Where the table is small, where most of its rows are wanted, or where the plan was made with values that are not
    the usual ones. An index makes each change of the table dearer and takes room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loadstone.diagnose.database.asked import asked, duration_ns, quickest_ns
from loadstone.diagnose.database.counted import counted
from loadstone.diagnose.database.waste import Waste, waste
from loadstone.diagnose.digest import Operation
from loadstone.diagnose.locus import locus_of, named, slowest, stable_key
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Roles
from loadstone.model.quantity import format_count, format_duration

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "missing-index"
NEEDS = ("plans", "database spans")


@dataclass(frozen=True, slots=True)
class Limits:
    """A scan reads ``READ`` rows or more and ten for each that it returns (``diagnose/database/waste.py``). A call
    takes ``each_s`` where the plan counted rows; ``unsure_s`` where only the planner's word is known, so that a
    small table's scan stays quiet: SQLite reads some 4,000 rows a millisecond from memory (measured with rows
    of 130 bytes). ``cost_share`` of the time of the requests that have it is the statement's; ``requests`` must
    show it."""

    each_s: float = 0.001
    unsure_s: float = 0.003
    cost_share: float = 0.1
    requests: int = 3


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Statements of a step whose plan reads in vain."""
    wasted = scene.once(waste)
    for step, number, places in scene.once(asked).groups():
        operation = scene.digest.operations[number]
        found = wasted.get(operation.statement or "")
        if found is not None:
            suspect = _suspect(scene, step, operation, places, found, limits)
            if suspect is not None:
                yield suspect


def _suspect(
    scene: Scene, step: int, operation: Operation, places: np.ndarray, found: Waste, limits: Limits
) -> Suspect | None:
    digest, table = scene.digest, scene.once(asked)
    requests, count = table.request[places], table.count[places]
    each_ns = float(table.total_ns[places].sum() / max(1, count.sum()))
    if len(requests) < limits.requests or each_ns < 1e9 * (limits.each_s if found.sure else limits.unsure_s):
        return None
    least = quickest_ns(scene, operation)
    possible = max(0.0, 1.0 - least / each_ns)
    saved = possible if found.saved is None else min(found.saved, possible)
    cost = table.critical_ns[places] * saved
    if cost.sum() < limits.cost_share * duration_ns(digest, requests).sum():
        return None
    scan = found.scan
    told = [*_rows(scene, operation, found)]
    told.append(
        Fact(
            f"the statement takes {format_duration(each_ns / 1e9)} a call, in {len(requests):,} requests",
            each_ns / 1e9,
            "s",
            slowest(digest, requests),
        )
    )
    doubts = [*_doubts(found, least)]
    columns = ", ".join(scan.columns or scan.patterns)
    return Suspect(
        fault=CODE,
        title=f"missing index on {scan.table} ({columns}): {_read(found)}: {named(operation)}",
        step=step,
        locus=locus_of(digest, step, operation),
        roles=Roles(cause=f"{scan.node} on {scan.table}", offender=operation.label),
        cure=_cure(found, operation),
        confidence=max(0.4, (0.95 if found.sure else 0.7) - 0.1 * len(doubts)),
        key=(CODE, digest.steps[step].label, scan.table, columns, *stable_key(operation)),
        requests=requests,
        cost_ns=cost.astype(np.float64),
        cuts=table.cuts(places, share=saved),
        evidence_for=tuple(told),
        evidence_against=tuple(doubts),
    )


def _read(found: Waste) -> str:
    scan = found.scan
    if scan.read is not None and scan.returned is not None:
        return f"{format_count(round(scan.read))} rows read for {format_count(round(scan.returned))}"
    return "the whole table is read" if scan.node != "search" else "all its rows are sorted for one page"


def _rows(scene: Scene, operation: Operation, found: Waste) -> Iterator[Fact]:
    scan = found.scan
    what = ", ".join((*scan.equality, *scan.ranges, *scan.patterns)) or ", ".join(scan.order)
    if scan.read is not None and scan.returned is not None:
        kept = "keeps for its page" if scan.sorts else "finds"
        yield Fact(
            f"its plan reads {format_count(round(scan.read))} rows of {scan.table} and {kept} "
            f"{format_count(round(scan.returned))} by {what}",
            scan.read,
            "rows",
        )
    elif scan.cost is not None:
        yield Fact(f"its plan scans {scan.table} for {what}, at a cost of {scan.cost:,.0f}", scan.cost, "cost")
    elif scan.node == "automatic index":
        yield Fact(f"SQLite builds an index on {scan.table} ({what}) anew each time it runs")
    elif scan.node == "search":
        yield Fact(f"SQLite sorts what it finds in {scan.table} by {', '.join(scan.order)} for each page")
    else:
        yield Fact(f"SQLite scans {scan.table} for {what}")
    counts = scene.once(counted).get(operation.statement or "")
    if counts is not None and counts.calls and counts.blocks:
        yield Fact(
            f"the database counted {counts.blocks_each:,.0f} blocks and {counts.rows_each:.3g} rows a call",
            counts.blocks_each,
            "blocks",
        )


def _doubts(found: Waste, least: float) -> Iterator[Fact]:
    scan = found.scan
    if scan.read is None:
        yield Fact("the plan was not run: how many rows it reads is not known")
    if scan.patterns and not scan.columns:
        yield Fact("it looks for a pattern, which a usual index does not find")
    if least == 0.0:
        yield Fact("what a quick statement takes in this database is not known")


def _cure(found: Waste, operation: Operation) -> str:
    scan = found.scan
    if scan.index is None:
        names = ", ".join(scan.patterns)
        if operation.system == "postgresql":
            return f"an index for patterns: CREATE INDEX ON {scan.table} USING gin ({names} gin_trgm_ops) (pg_trgm)"
        return f"a full-text index on {scan.table} ({names}), or a pattern that begins with a letter"
    words = scan.index
    if operation.system == "postgresql":
        words = words.replace("INDEX ON", "INDEX CONCURRENTLY ON")
    elif operation.system in ("sqlite", "mysql", "mariadb"):
        name = "_".join([scan.table.split(".")[-1], *(column.strip("()") for column in scan.columns)])
        words = words.replace("INDEX ON", f"INDEX {name.replace('(', '_')} ON")
    return f"try {words}"
