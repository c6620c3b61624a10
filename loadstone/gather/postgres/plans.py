"""Plans of the statements that matter: those that took the most time and those that were called most."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from loadstone.gather.postgres.comments import trace_of
from loadstone.gather.postgres.explain import Unexplained, explain, ready
from loadstone.gather.postgres.log import Logged
from loadstone.gather.postgres.masking import masked
from loadstone.gather.postgres.statements import SYSTEM, Row
from loadstone.model.evidence import Missing, Plan
from loadstone.model.redaction import Redaction

if TYPE_CHECKING:
    from loadstone.gather.postgres.connection import Connection, Rights

__all__ = ["Budget", "explained", "matter", "observed"]

LOGGED = 50
"""Plans of auto_explain that are kept, the slowest of each statement."""


class Budget(msgspec.Struct, frozen=True):
    """How many statements are explained, for how long all together, and each at most."""

    statements: int = 20
    total_s: float = 10.0
    each_s: float = 2.0


def matter(rows: Iterable[Row], most: int) -> list[Row]:
    """The statements to explain, each once: by time and by calls in turn, at most so many."""
    together: dict[str, Row] = {}
    for row in rows:
        if row.raw is not None and row.text is not None:
            known = together.get(row.text)
            added = row.counted if known is None else known.counted.plus(row.counted)
            together[row.text] = msgspec.structs.replace(row if known is None else known, counted=added)
    slow = sorted(together.values(), key=lambda row: (-row.counted.execute_ms, row.text or ""))
    frequent = sorted(together.values(), key=lambda row: (-row.counted.calls, row.text or ""))
    chosen: dict[str | None, Row] = {}
    for pair in zip(slow, frequent, strict=True):
        for row in pair:
            if len(chosen) < most:
                chosen.setdefault(row.text, row)
    return list(chosen.values())


def explained(
    connection: Connection,
    may: Rights,
    rows: Iterable[Row],
    redaction: Redaction,
    samples: Mapping[str, Sequence[object]],
    budget: Budget,
) -> tuple[list[Plan], list[Missing]]:
    """Plans of the statements that matter, and what has none. ``samples`` are values by masked statement.

    Raises psycopg.OperationalError when the connection is gone.
    """
    ready(connection)
    plans: list[Plan] = []
    why: Counter[str] = Counter()
    end = time.monotonic() + budget.total_s
    for row in matter(rows, budget.statements):
        left = end - time.monotonic()
        if left <= 0:
            why[f"the time for plans, {budget.total_s:g} s, was over"] += 1
            continue
        assert row.raw is not None and row.text is not None
        try:
            plans.append(
                explain(
                    connection,
                    row.raw,
                    row.text,
                    None if row.query_id is None else str(row.query_id),
                    redaction,
                    statement_ms=max(1, round(min(budget.each_s, left) * 1e3)),
                    sample=samples.get(row.text),
                )
            )
        except Unexplained as refused:
            if not str(refused).endswith("has no plan"):  # BEGIN, SET and their like
                why[str(refused)] += 1
    return plans, [_missing(reason, count, may) for reason, count in why.most_common()]


def observed(logs: Iterable[Logged], redaction: Redaction) -> list[Plan]:
    """Plans of auto_explain: of each statement the slowest, and the slowest that names its trace."""
    kept: dict[tuple[str, bool], tuple[float, Plan]] = {}
    for one in logs:
        text = redaction.statement(one.statement, SYSTEM)[0]
        trace = trace_of(one.statement)
        known = kept.get((text, trace is not None))
        if known is None or known[0] < one.seconds:
            identifier = one.told.get("Query Identifier")
            plan = Plan(
                statement=text,
                db_system_name=SYSTEM,
                source="auto_explain",
                parameters="sample",
                root=masked(one.told["Plan"], redaction),
                query_id=None if identifier is None else str(identifier),
                execute_s=one.seconds,
                trace_id=trace[0].hex() if trace else None,
                span_id=trace[1].hex() if trace else None,
            )
            kept[text, trace is not None] = one.seconds, plan
    slowest = sorted(kept.values(), key=lambda pair: -pair[0])
    return [plan for _, plan in slowest[:LOGGED]]


def _missing(reason: str, count: int, may: Rights) -> Missing:
    advice = ""
    if reason.startswith("permission denied"):
        advice = f"GRANT SELECT ON ALL TABLES IN SCHEMA … TO {may.name}, or GRANT pg_read_all_data TO {may.name}"
    return Missing("plans", f"{count} {'statement has' if count == 1 else 'statements have'} no plan: {reason}", advice)
