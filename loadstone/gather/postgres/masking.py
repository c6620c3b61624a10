"""A plan without values: what stands in its conditions is masked, what names things is kept."""

from __future__ import annotations

import re
from typing import Any

from loadstone.model.redaction import Redaction

__all__ = ["masked"]

_NAMES = frozenset(
    {
        "Alias",
        "Async Capable",
        "CTE Name",
        "Cache Mode",
        "Command",
        "Conflict Arbiter Indexes",
        "Conflict Resolution",
        "Constraint Name",
        "Custom Plan Provider",
        "Function Name",
        "Index Name",
        "Join Type",
        "Node Type",
        "Operation",
        "Parent Relationship",
        "Partial Mode",
        "Relation",
        "Relation Name",
        "Sampling Method",
        "Scan Direction",
        "Schema",
        "Sort Method",
        "Sort Methods Used",
        "Sort Space Type",
        "Storage",
        "Strategy",
        "Subplan Name",
        "Subplans Removed",
        "Table Function Name",
        "Transition Table Name",
        "Trigger Name",
        "Tuplestore Name",
    }
)
"""Texts of EXPLAIN's JSON that name things or are one of few words (src/backend/commands/explain.c)."""

_EXPRESSIONS = frozenset(
    {
        "Cache Key",
        "Conflict Filter",
        "Filter",
        "Function Call",
        "Group Key",
        "Group Keys",
        "Hash Cond",
        "Hash Key",
        "Hash Keys",
        "Index Cond",
        "Join Filter",
        "Merge Cond",
        "One-Time Filter",
        "Order By",
        "Output",
        "Presorted Key",
        "Recheck Cond",
        "Remote SQL",
        "Repeatable Seed",
        "Run Condition",
        "Sampling Parameters",
        "Sort Key",
        "TID Cond",
        "Table Function Call",
    }
)
"""Texts of it that are SQL. Any other text may be anything and is left out."""

# References of a plan to its own parts and parameters look like literals: $1, (InitPlan 2).col1, (hashed SubPlan 3).
_REFERENCES = re.compile(r"\$(\d{1,5})\b|\b(InitPlan|SubPlan) (\d{1,5})\b")
_REFERENCE = re.compile(r"\bloadstone_(parameter|InitPlan|SubPlan)_(\d{1,5})\b")


def masked(plan: dict[str, Any], redaction: Redaction) -> dict[str, Any]:
    """EXPLAIN's JSON with every literal of its expressions replaced."""
    return {str(name): _masked(str(name), value, redaction) for name, value in plan.items()}


def _masked(name: str, value: object, redaction: Redaction) -> object:
    if isinstance(value, dict):
        return masked(value, redaction)
    if isinstance(value, list):
        return [_masked(name, one, redaction) for one in value]
    if not isinstance(value, str) or name in _NAMES:
        return value
    if name not in _EXPRESSIONS:
        return "?"
    return _REFERENCE.sub(_restored, redaction.statement(_REFERENCES.sub(_protected, value), "postgresql")[0])


def _protected(found: re.Match[str]) -> str:
    kind, number = ("parameter", found[1]) if found[1] else (found[2], found[3])
    return f"loadstone_{kind}_{number}"


def _restored(found: re.Match[str]) -> str:
    return f"${found[2]}" if found[1] == "parameter" else f"{found[1]} {found[2]}"
