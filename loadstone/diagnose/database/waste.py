"""Which statements read far more rows than they return, for want of an index: judged once, for several faults."""

from __future__ import annotations

from dataclasses import dataclass

from loadstone.diagnose.database.counted import counted
from loadstone.diagnose.database.plans import Scan, scans_by_statement
from loadstone.diagnose.suspect import Scene

__all__ = ["COST", "RATIO", "READ", "Waste", "waste"]

READ = 1_000
"""Rows below which reading all of them is as quick as an index: some ten blocks, well under a millisecond."""

RATIO = 10.0
"""Rows read for each one returned. PostgreSQL's own planner prefers a scan where more than some tenth of a table is
wanted (random_page_cost 4 against seq_page_cost 1, and rows to a block)."""

COST = 100.0
"""The planner's cost of a scan that was not run (dexter's least cost of a statement)."""

BLOCKS = 100.0
"""Blocks that a call touches for each row that it returns, by the database's counters, where a plan tells no rows: a
look-up by index touches three to six."""


@dataclass(frozen=True, slots=True)
class Waste:
    """A scan in vain. ``saved`` is the share of the statement's work that an index saves, None where the plan does not
    tell; ``sure`` that rows were counted."""

    scan: Scan
    saved: float | None
    sure: bool


def waste(scene: Scene) -> dict[str, Waste]:
    """By masked text, the worst scan of each. For ``scene.once``."""
    counts = scene.once(counted)
    found: dict[str, Waste] = {}
    for text, many in scene.once(scans_by_statement).items():
        for one in many:
            judged = _judged(one, counts[text].blocks_each if text in counts else None, counts.get(text))
            if judged is not None and (text not in found or (judged.saved or 0.0) > (found[text].saved or 0.0)):
                found[text] = judged
    return found


def _judged(scan: Scan, blocks: float | None, count: object) -> Waste | None:
    if scan.index is None and not scan.patterns:
        return None
    if scan.read is not None and scan.returned is not None:
        if scan.read < READ or scan.read < RATIO * max(1.0, scan.returned):
            return None
        kept = scan.returned / scan.read
        return Waste(scan, (scan.share if scan.share is not None else 1.0) * (1.0 - kept), True)
    if scan.cost is not None and scan.node.endswith("Seq Scan"):
        if scan.cost < COST:
            return None
        if blocks is not None and blocks < BLOCKS:
            return None
        return Waste(scan, None if scan.share is None else scan.share * 0.9, blocks is not None)
    return Waste(scan, None, False) if scan.node in ("scan", "search", "automatic index") else None
