"""Which statements skip rows by OFFSET, and whether the depth of the page is what their time goes by.

The depth itself is masked. What is left to see: the same parameters take the same time while others take many times as
long; a plan that reads a thousand rows to hand on twenty; blocks that the database touched for each row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import Asked, asked
from loadstone.diagnose.database.counted import counted
from loadstone.diagnose.database.plans import nodes
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.suspect import Scene

__all__ = ["EXPLAINED", "SKIPPED", "SPREAD", "Pages", "deep_pages"]

SKIPPED = 1_000
"""Rows that a plan reads and skips before it is worth a word: some ten blocks."""

TIMES = 10.0
"""Rows, or blocks, for each row returned."""

SPREAD = 3.0
"""The slowest calls (p99) take so many times the quick tenth: less is what a shared machine does to any statement."""

EXPLAINED = 0.5
"""Share of the variance of the calls' time (its logarithm) that the parameters explain. Random page numbers against
times that do not depend on them explain nothing (the adjusted share is about 0)."""

GROUPS, CALLS = 2, 20
"""Different parameters, and calls with parameters that came more than once, below which nothing is explained."""

MOST = 200_000
"""Spans of such statements that are read."""

_WHERE = "db_query_text ILIKE '%offset%' OR db_query_text ILIKE '%limit ?, ?%'"
_COLUMNS = ("db_query_text", "db_query_parameters_hash", "start_ns", "end_ns")


@dataclass(frozen=True, slots=True)
class Pages:
    """``spread`` is p99 over p10 of the calls' time, ``explained`` the share of its variance that the parameters
    explain (None: unknown); ``skipped`` and ``kept`` are rows of a plan, ``blocks`` a call for ``rows``, None
    where the database was not asked."""

    spread: float
    quick_ns: float
    explained: float | None = None
    skipped: float | None = None
    kept: float | None = None
    blocks: float | None = None
    rows: float | None = None

    @property
    def sure(self) -> bool:
        """Whether the rows were counted or the parameters explain the time."""
        return self.skipped is not None or self.explained is not None


def deep_pages(scene: Scene) -> dict[str, Pages]:
    """By masked text, for ``scene.once``: statements with OFFSET whose time goes by the page's depth."""
    texts = {
        one.statement
        for one in scene.digest.operations
        if one.family == "database" and one.statement is not None and read(one.statement).offset
    }
    if not texts:
        return {}
    explained = _explained(scene, texts)
    table = scene.once(asked)
    found = {}
    for text in sorted(texts):
        judged = _judged(scene, table, text, explained.get(text))
        if judged is not None:
            found[text] = judged
    return found


def _judged(scene: Scene, table: Asked, text: str, explained: float | None) -> Pages | None:
    numbers = [one.number for one in scene.digest.operations if one.statement == text]
    places = np.flatnonzero(np.isin(table.operation, numbers))
    if not len(places):
        return None
    each_ns = table.total_ns[places] / table.count[places]
    quick_ns, deep_ns = (float(value) for value in np.quantile(each_ns, [0.1, 0.99]))
    spread = deep_ns / max(quick_ns, 1.0)
    skipped, kept = _skipped(scene, text)
    count = scene.once(counted).get(text)
    blocks = None if count is None or not count.calls or not count.blocks else count.blocks_each
    rows = None if count is None else count.rows_each
    many = blocks is not None and rows is not None and blocks >= TIMES * max(1.0, rows)
    told = Pages(spread, quick_ns, None, skipped, kept, blocks if many else None, rows if many else None)
    if skipped is not None:
        return told
    if spread < SPREAD:
        return None
    if explained is not None:
        if explained < EXPLAINED:
            return None
        return Pages(spread, quick_ns, explained, None, None, told.blocks, told.rows)
    return told if many or not _everything_spreads(table, places, spread) else None


def _everything_spreads(table: Asked, places: NDArray[np.int64], spread: float) -> bool:
    """Whether the other statements of the same steps vary as much: then it is the machine."""
    others = np.flatnonzero(np.isin(table.step, table.step[places]))
    others = others[~np.isin(table.operation[others], table.operation[places])]
    if len(others) < len(places):
        return True
    logs = np.log(np.maximum(1.0, table.total_ns[others] / table.count[others]))
    order = np.argsort(table.operation[others], kind="stable")
    operation, logs = table.operation[others][order], logs[order]
    starts = np.flatnonzero(np.r_[True, np.diff(operation) != 0])
    means = np.add.reduceat(logs, starts) / np.diff(np.r_[starts, len(logs)])
    left = logs - np.repeat(means, np.diff(np.r_[starts, len(logs)]))
    low, high = np.quantile(left, [0.1, 0.99])
    return bool(np.exp(high - low) >= spread / 2)


def _skipped(scene: Scene, text: str) -> tuple[float | None, float | None]:
    """Rows that a plan read below its LIMIT, and those that it handed on, where they are far apart."""
    worst: tuple[float | None, float | None] = (None, None)
    for plan in scene.plans():
        if plan.statement != text or plan.db_system_name == "sqlite":
            continue
        for node, above in nodes(plan.root):
            if above and above[-1].get("Node Type") == "Limit":
                rows, kept = node.get("Actual Rows"), above[-1].get("Actual Rows")
                if not isinstance(rows, (int, float)) or not isinstance(kept, (int, float)):
                    continue
                if rows - kept >= SKIPPED and rows >= TIMES * max(1.0, kept) and rows > (worst[0] or 0.0):
                    worst = (float(rows - kept), float(kept))
    return worst


def _explained(scene: Scene, texts: set[str]) -> dict[str, float]:
    """Share of the variance of the time's logarithm that lies between different parameters, adjusted for chance."""
    seen: dict[str, tuple[list[str], list[int]]] = {}
    taken = 0
    for batch in scene.rows("spans", _COLUMNS, where=_WHERE):
        columns = [np.ma.MaskedArray.tolist(np.ma.asarray(batch[name])) for name in _COLUMNS]
        for text, parameters, start, end in zip(*columns, strict=True):
            if text in texts and parameters is not None and start is not None and end is not None and end > start:
                hashes, lengths = seen.setdefault(text, ([], []))
                hashes.append(parameters)
                lengths.append(end - start)
                taken += 1
        if taken >= MOST:
            break
    found = {}
    for text, (hashes, lengths) in seen.items():
        share = _between(np.array(hashes), np.log(np.array(lengths, np.float64)))
        if share is not None:
            found[text] = share
    return found


def _between(groups: NDArray[np.str_], values: NDArray[np.float64]) -> float | None:
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    again = size[group] >= 2
    if (size >= 2).sum() < GROUPS or again.sum() < CALLS:
        return None
    group, values = group[again], values[again]
    count = np.bincount(group)
    means = np.bincount(group, values) / np.maximum(1, count)
    within = float(((values - means[group]) ** 2).sum()) / max(1, len(values) - int((count > 0).sum()))
    whole = float(np.var(values, ddof=1))
    return None if whole <= 0.0 else 1.0 - within / whole
