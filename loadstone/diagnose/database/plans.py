"""Rows that a plan reads in vain, and the index that would find them.

PostgreSQL tells a scan's rows and those that its filter threw away, by loop; SQLite only that it scans. Where a plan
was not run, its cost stands for its rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from loadstone.diagnose.database.statements import Condition, Table, conditions, read
from loadstone.diagnose.suspect import Scene
from loadstone.model.evidence import Plan

__all__ = ["DEEPEST", "Scan", "nodes", "scans", "scans_by_statement"]

DEEPEST = 200
"""Levels of a plan that are read, as many as are drawn."""

_LOOKUPS = ("Seq Scan", "Parallel Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")
_JOINS = ("Hash Join", "Merge Join", "Nested Loop")
_CONDITIONS = ("Index Cond", "Recheck Cond", "Filter")
_ASIDE = ("Hash", "Materialize", "Memoize", "Sort", "Gather", "Gather Merge", "Incremental Sort")
_SQLITE = re.compile(r"^(?P<how>SCAN|SEARCH)(?: TABLE)? (?P<name>[^\s(]+)(?: AS (?P<alias>\S+))?(?P<rest>.*)$")
_AUTOMATIC = re.compile(r"USING AUTOMATIC (?:PARTIAL )?(?:COVERING )?INDEX \((?P<columns>[^)]*)\)")
_COLUMN = re.compile(r"\w+(?==|<|>)")


@dataclass(frozen=True, slots=True)
class Scan:
    """One table that a statement reads through. ``read`` and ``returned`` are rows each time the statement runs, None
    where the plan was not run; ``cost`` is the planner's, for those. ``share`` is of the plan's time or cost.
    ``sorts`` says that the rows were read to be sorted and most of them thrown away by a LIMIT."""

    table: str
    equality: tuple[str, ...]
    ranges: tuple[str, ...]
    patterns: tuple[str, ...]
    order: tuple[str, ...]
    read: float | None
    returned: float | None
    cost: float | None
    share: float | None
    node: str
    sorts: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of an index that would do: those of equality, then of a range, else of the order."""
        last = self.ranges[:1] or (self.order if self.sorts or self.equality else ())
        return tuple(dict.fromkeys((*self.equality, *last)))

    @property
    def index(self) -> str | None:
        """The index to try, as SQL."""
        if not self.columns:
            return None
        return f"CREATE INDEX ON {self.table} ({', '.join(self.columns)})"


def scans_by_statement(scene: Scene) -> dict[str, tuple[Scan, ...]]:
    """Scans of every statement that has a plan, those that were run first. For ``scene.once``."""
    found: dict[str, list[Scan]] = {}
    for plan in scene.plans():
        found.setdefault(plan.statement, []).extend(scans(plan))
    return {
        text: tuple(sorted(many, key=lambda one: (one.read is None, -(one.read or 0.0))))
        for text, many in found.items()
    }


def scans(plan: Plan) -> tuple[Scan, ...]:
    """A plan's tables that are read through, with what is looked for in each. Takes any JSON."""
    if plan.db_system_name == "sqlite":
        return tuple(_sqlite(plan))
    return tuple(_postgresql(plan))


def nodes(root: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], tuple[Mapping[str, Any], ...]]]:
    """(node, those above it from the root on) of PostgreSQL's JSON."""
    waiting: list[tuple[Mapping[str, Any], tuple[Mapping[str, Any], ...]]] = [(root, ())]
    while waiting:
        node, above = waiting.pop()
        yield node, above
        below = node.get("Plans")
        if isinstance(below, list) and len(above) < DEEPEST:
            waiting.extend((child, (*above, node)) for child in below if isinstance(child, Mapping))


def _postgresql(plan: Plan) -> Iterator[Scan]:
    whole = _number(plan.root, "Actual Total Time")
    order = tuple(one.column for one in read(plan.statement).conditions if one.how == "order")
    for node, above in nodes(plan.root):
        if node.get("Node Type") in _LOOKUPS and isinstance(node.get("Relation Name"), str):
            found = _scan(node, above, plan.root, whole, order)
            if found is not None:
                yield found


def _scan(
    node: Mapping[str, Any],
    above: tuple[Mapping[str, Any], ...],
    root: Mapping[str, Any],
    whole: float | None,
    order: tuple[str, ...],
) -> Scan | None:
    alias = str(node.get("Alias") or node["Relation Name"])
    table = str(node["Relation Name"])
    told = [one for name in _CONDITIONS for one in _conditions(node, name)]
    loops = _number(node, "Actual Loops")
    returned = removed = None
    if loops is not None:
        returned = (_number(node, "Actual Rows") or 0.0) * loops
        removed = sum(
            _number(node, name) or 0.0 for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        )
        removed *= loops
    result, sorts = returned, False
    join = _through(above)
    if join is not None:
        kind = join.get("Node Type")
        joined = [*_conditions(join, "Hash Cond"), *_conditions(join, "Join Filter"), *_conditions(join, "Merge Cond")]
        mine = [one for one in joined if one.table in (alias, table)]
        if kind in _JOINS and mine and "Seq Scan" in str(node.get("Node Type")) and "Filter" not in node:
            told += mine
            if returned is not None:
                result = (_number(join, "Actual Rows") or 0.0) * (_number(join, "Actual Loops") or 0.0)
        limit = next((one for one in above if one.get("Node Type") == "Limit"), None)
        sort = next((one for one in above if one.get("Node Type") in ("Sort", "Incremental Sort")), None)
        if (
            limit is not None
            and sort is not None
            and order
            and not any(one.get("Node Type") in _JOINS for one in above)
        ):
            kept = (_number(limit, "Actual Rows") or 0.0) * (_number(limit, "Actual Loops") or 0.0)
            if returned is not None and kept < returned:
                result, sorts = kept, True
    if not told and not sorts:
        return None
    time = _number(node, "Actual Total Time")
    cost = _number(node, "Total Cost")
    share = None
    if time is not None and loops is not None and whole:
        share = min(1.0, time * loops / whole)
    elif cost is not None and (all_of_it := _number(root, "Total Cost")):
        share = min(1.0, cost / all_of_it)
    return Scan(
        table=table,
        **_columns(told),
        order=order,
        read=None if returned is None or removed is None else returned + removed,
        returned=result,
        cost=cost if loops is None else None,
        share=share,
        node=str(node["Node Type"]),
        sorts=sorts,
    )


def _through(above: tuple[Mapping[str, Any], ...]) -> Mapping[str, Any] | None:
    """The first node above that does more than hand rows on."""
    return next((one for one in reversed(above) if one.get("Node Type") not in _ASIDE), None)


def _conditions(node: Mapping[str, Any], name: str) -> tuple[Condition, ...]:
    text = node.get(name)
    return conditions(text) if isinstance(text, str) else ()


def _columns(told: list[Condition]) -> dict[str, Any]:
    def of(how: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.expression or one.column for one in told if one.how == how))

    equality = of("equality")
    return {
        "equality": equality,
        "ranges": tuple(one for one in of("range") if one not in equality),
        "patterns": of("pattern"),
    }


def _number(node: Mapping[str, Any], name: str) -> float | None:
    value = node.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return None
    return max(0.0, float(value))


def _sqlite(plan: Plan) -> Iterator[Scan]:
    lines = plan.root.get("lines")
    details = [
        str(line["detail"])
        for line in (lines if isinstance(lines, list) else [])
        if isinstance(line, Mapping) and "detail" in line
    ]
    told = read(plan.statement)
    sorts = told.limited and any(line.startswith("USE TEMP B-TREE FOR ORDER BY") for line in details)
    before: set[str] = set()
    for detail in details:
        found = _SQLITE.match(detail)
        if found is None or "VIRTUAL TABLE" in found["rest"] or "CONSTANT ROW" in detail:
            continue
        table = _named(told.tables, found["alias"] or found["name"])
        if table is None:
            continue
        automatic = _AUTOMATIC.search(found["rest"])
        # SQLite reads tables in the order of its lines: a join helps the one that comes later.
        mine = [one for one in told.of(table) if one.other is None or one.other.lower() in before]
        before |= {table.alias.lower(), table.name.lower()}
        order = tuple(one.column for one in mine if one.how == "order")
        columns = _columns([one for one in mine if one.how != "order"])
        if automatic is not None:
            columns |= {"equality": tuple(_COLUMN.findall(automatic["columns"]))}
        elif found["how"] == "SEARCH" and not (sorts and order):
            continue
        if any(columns.values()) or (sorts and order):
            yield Scan(
                table=table.name, **columns, order=order, read=None, returned=None, cost=None, share=None,
                node="automatic index" if automatic else found["how"].lower(), sorts=sorts,
            )  # fmt: skip


def _named(tables: tuple[Table, ...], name: str) -> Table | None:
    return next((one for one in tables if name.lower() in (one.alias.lower(), one.name.lower())), None)
