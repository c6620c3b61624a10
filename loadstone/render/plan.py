"""A database's plan as a tree of plain nodes, each with the time that it took itself.

PostgreSQL tells a node's time with that of the nodes below it, a loop on average, each parallel process on its own.
A node's own time here is wall time: its total over all loops, divided by the processes that shared them, without its
children's. A sub-query that stands at the top of a plan (InitPlan, CTE) runs inside of the node that asks for it, so it
is taken from that one. Own times add up to the plan's total wherever the server's figures allow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from loadstone.model.evidence import Plan
from loadstone.model.evidence_view import PlanView

__all__ = ["DEEPEST", "plan_view"]

DEEPEST = 200
"""Levels that are drawn. PostgreSQL's own plans stay far below; a log may hold anything."""

_DETAILS = (
    "Index Cond",
    "Recheck Cond",
    "TID Cond",
    "Filter",
    "Join Filter",
    "Hash Cond",
    "Merge Cond",
    "One-Time Filter",
    "Order By",
    "Sort Key",
    "Presorted Key",
    "Group Key",
    "Grouping Sets",
    "Cache Key",
    "Function Call",
    "Conflict Resolution",
    "Conflict Arbiter Indexes",
    "Conflict Filter",
    "Sort Method",
    "Sort Space Used",
    "Peak Memory Usage",
    "Hash Buckets",
    "Hash Batches",
    "HashAgg Batches",
    "Disk Usage",
    "Cache Hits",
    "Cache Misses",
    "Cache Evictions",
    "Exact Heap Blocks",
    "Lossy Heap Blocks",
    "Heap Fetches",
    "Rows Removed by Filter",
    "Rows Removed by Join Filter",
    "Rows Removed by Index Recheck",
    "Workers Planned",
    "Workers Launched",
    "Subplans Removed",
)
"""What is told of a node beside its figures, in this order; a zero says nothing and is left out."""

_KILOBYTES = ("Sort Space Used", "Peak Memory Usage", "Disk Usage")
_BUFFERS = (("Shared", "shared"), ("Local", "local"), ("Temp", "temp"))
_DID = ("Hit", "Read", "Dirtied", "Written")
_INITIAL = ("InitPlan",)
_GATHERS = ("Gather", "Gather Merge")
_JOINS = ("Hash Join", "Merge Join", "Nested Loop")
_RETURNS = re.compile(r"\(returns ([^)]*)\)")
_CTE = re.compile(r"CTE (.+)", re.DOTALL)
_RELATION = re.compile(r"(?:SCAN|SEARCH)(?: TABLE)? (?P<name>\S+)")


class _Node(msgspec.Struct):
    """A node of PostgreSQL's plan on its way to the page. Times are seconds, None where the plan was not run."""

    raw: Mapping[str, Any]
    total_s: float | None
    own_s: float | None = None
    children: list[_Node] = []


def plan_view(plan: Plan) -> PlanView:
    """A plan as a page draws it. Takes any JSON: what is not as expected is left out."""
    root = _sqlite(plan.root) if plan.db_system_name == "sqlite" else _postgresql(plan.root)
    notes = [plan.note] if plan.note else []
    if plan.trace_id:
        notes.append(f"From trace {plan.trace_id}.")
    return PlanView(plan.statement, plan.source, plan.parameters, plan.execute_s, " ".join(notes), root)


def _postgresql(raw: Mapping[str, Any]) -> dict[str, Any]:
    root = _timed(raw, 1.0, 0)
    _own(root)
    return _shown(root)


def _timed(raw: Mapping[str, Any], processes: float, depth: int) -> _Node:
    """A node and those below it with their wall time; ``processes`` share its loops."""
    loops, milliseconds = _number(raw, "Actual Loops"), _number(raw, "Actual Total Time")
    total_s = None
    if loops is not None:
        total_s = (milliseconds or 0.0) * loops / processes / 1e3
    node = _Node(raw, total_s)
    if depth < DEEPEST:
        shared = processes
        children = _plans(raw)
        if raw.get("Node Type") in _GATHERS and children and loops:
            workers = _number(children[0], "Actual Loops") or 0.0
            shared = processes * max(1.0, workers / loops)
        node.children = [
            _timed(child, processes if child.get("Parent Relationship") in _INITIAL else shared, depth + 1)
            for child in children
        ]
    return node


def _own(root: _Node) -> None:
    """Each node's own time: what its children do not take, and what no sub-query takes that it asked for."""
    everyone = list(_all(root))
    for node in everyone:
        if node.total_s is not None:
            below = sum(child.total_s or 0.0 for child in node.children if not _initial(child))
            node.own_s = max(0.0, node.total_s - below)
    subs = [(node, child) for node in everyone for child in node.children if _initial(child) and child.total_s]
    # A table of a WITH is read by sub-queries too: first each sub-query is taken from who asks, then the tables.
    for node, child in sorted(subs, key=lambda pair: _table(pair[1]) is not None):
        _charge(node, child)
    for node in everyone:
        if node.own_s is not None:
            node.own_s = round(node.own_s, 9)


def _charge(parent: _Node, sub: _Node) -> None:
    """Take a sub-query's time from the nodes that ask for it, as far as they have it; else from its parent."""
    left = sub.total_s or 0.0
    for node in [node for node in _all(parent) if node is not sub and _asks(node, sub)] or [parent]:
        taken = min(left, node.own_s or 0.0)
        if node.own_s is not None:
            node.own_s -= taken
        left -= taken


def _asks(node: _Node, sub: _Node) -> bool:
    """Whether a node reads the CTE, or names a result of the sub-query in an expression."""
    name, table = _text(sub.raw, "Subplan Name") or "", _table(sub)
    if table is not None:
        return node.raw.get("Node Type") == "CTE Scan" and node.raw.get("CTE Name") == table
    returned = _RETURNS.search(name)
    wanted = [part.strip() for part in returned[1].split(",")] if returned else [f"({name})"]
    expressions = [
        text for key, value in node.raw.items() if key in _DETAILS or key == "Output" for text in _texts(value)
    ]
    return any(_names(text, one) for text in expressions for one in wanted)


def _table(sub: _Node) -> str | None:
    """The name of the WITH that a sub-query fills."""
    found = _CTE.fullmatch(_text(sub.raw, "Subplan Name") or "")
    return found[1] if found else None


def _names(text: str, wanted: str) -> bool:
    if wanted.startswith("$"):
        return re.search(rf"{re.escape(wanted)}(?!\d)", text) is not None
    return wanted in text


def _shown(node: _Node) -> dict[str, Any]:
    raw = node.raw
    rows, loops = _number(raw, "Actual Rows"), _number(raw, "Actual Loops")
    return {
        "label": _label(raw),
        "relation": _relation(raw),
        "detail": _detail(raw),
        "rows": rows,
        "estimated_rows": _number(raw, "Plan Rows"),
        "loops": loops,
        "own_s": node.own_s,
        "cost": _number(raw, "Total Cost"),
        "buffers": _buffers(raw),
        "children": [_shown(child) for child in node.children],
    }


def _label(raw: Mapping[str, Any]) -> str:
    """The node's name as EXPLAIN's text has it: ``Parallel Seq Scan``, ``Hash Left Join``."""
    kind = _text(raw, "Node Type") or "step"
    strategy, join = _text(raw, "Strategy"), _text(raw, "Join Type")
    if kind == "Aggregate":
        named = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate", "Mixed": "MixedAggregate"}
        kind = named.get(strategy or "", "Aggregate")
    elif kind == "SetOp" and strategy == "Hashed":
        kind = "HashSetOp"
    elif kind == "ModifyTable":
        kind = _text(raw, "Operation") or kind
    elif kind in _JOINS and join is not None and join != "Inner":
        kind = f"{kind.removesuffix(' Join')} {join} Join"
    partial = _text(raw, "Partial Mode")
    if partial in ("Partial", "Finalize"):
        kind = f"{partial} {kind}"
    if raw.get("Scan Direction") == "Backward":
        kind += " Backward"
    if raw.get("Parallel Aware") is True:
        kind = f"Parallel {kind}"
    subplan = _text(raw, "Subplan Name")
    return f"{subplan}: {kind}" if subplan else kind


def _relation(raw: Mapping[str, Any]) -> str | None:
    """``index on table alias``, as much of it as there is."""
    name = next((found for key in _CALLED if (found := _text(raw, key))), None)
    alias, index = _text(raw, "Alias"), _text(raw, "Index Name")
    if name is not None and alias is not None and alias != name:
        name = f"{name} {alias}"
    if index is not None:
        return f"{index} on {name}" if name else index
    return name or alias


_CALLED = ("Relation Name", "CTE Name", "Function Name", "Table Function Name", "Tuplestore Name")


def _detail(raw: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for key in _DETAILS:
        value = raw.get(key)
        if isinstance(value, bool) or value in (None, 0, "", []):
            continue
        if isinstance(value, (int, float)):
            lines.append(f"{key}: {value:,}{' kB' if key in _KILOBYTES else ''}")
        elif texts := list(_texts(value)):
            lines.append(f"{key}: {', '.join(texts)}")
    return lines


def _buffers(raw: Mapping[str, Any]) -> str | None:
    """Blocks of this node and those below it, as EXPLAIN counts them: ``shared hit 1,204 read 277``."""
    parts: list[str] = []
    for kind, word in _BUFFERS:
        counted = ((did.lower(), _number(raw, f"{kind} {did} Blocks")) for did in _DID)
        told = " ".join(f"{did} {int(count):,}" for did, count in counted if count)
        if told:
            parts.append(f"{word} {told}")
    return ", ".join(parts) or None


def _sqlite(raw: Mapping[str, Any]) -> dict[str, Any]:
    """SQLite's lines, each under the one that it names as its parent. SQLite tells no figures."""
    root = _line("Query plan", None)
    known: dict[int, dict[str, Any]] = {0: root}
    lines = raw.get("lines")
    for line in lines if isinstance(lines, list) else []:
        if not isinstance(line, Mapping):
            continue
        text = str(line.get("detail", ""))
        found = _RELATION.match(text)
        node = _line(text, found["name"] if found else None)
        number, parent = line.get("id"), line.get("parent")
        # A line's parent stands before it, so that no cycle can arise.
        known.get(parent if isinstance(parent, int) else 0, root)["children"].append(node)
        if isinstance(number, int) and number > 0:
            known[number] = node
    only: list[dict[str, Any]] = root["children"]
    return only[0] if len(only) == 1 else root


def _line(label: str, relation: str | None) -> dict[str, Any]:
    empty = dict.fromkeys(("rows", "estimated_rows", "loops", "own_s", "cost", "buffers"))
    return {"label": label, "relation": relation, "detail": [], **empty, "children": []}


def _all(root: _Node) -> Iterator[_Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


def _initial(node: _Node) -> bool:
    return node.raw.get("Parent Relationship") in _INITIAL


def _plans(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    plans = raw.get("Plans")
    return [plan for plan in plans if isinstance(plan, Mapping)] if isinstance(plans, list) else []


def _number(raw: Mapping[str, Any], key: str) -> float | None:
    value = raw.get(key)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
