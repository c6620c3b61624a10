"""A plan without values: what stands in its conditions is masked, what names things is kept."""

from __future__ import annotations

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
"""Texts of EXPLAIN's JSON that name things or are one of few words (src/backend/commands/explain.c). Every other text
is an expression, and expressions hold values."""


def masked(plan: dict[str, Any], redaction: Redaction) -> dict[str, Any]:
    """EXPLAIN's JSON with every literal of its expressions replaced."""
    return {
        str(name): value if name in _NAMES and not isinstance(value, dict) else _masked(value, redaction)
        for name, value in plan.items()
    }


def _masked(value: object, redaction: Redaction) -> object:
    if isinstance(value, dict):
        return masked(value, redaction)
    if isinstance(value, list):
        return [_masked(one, redaction) for one in value]
    if isinstance(value, str):
        return redaction.statement(value, "postgresql")[0]
    return value
