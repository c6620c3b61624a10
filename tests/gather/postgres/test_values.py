"""Which column a parameter is compared with, out of a plan's conditions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.postgres.values import compared


def scan(condition: str, **more: object) -> dict[str, Any]:
    return {
        "Node Type": "Seq Scan", "Relation Name": "item", "Schema": "public", "Alias": "i", "Filter": condition, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("(i.id = $1)", {1: ("id", "=", False)}),
        ("(id = $1)", {1: ("id", "=", False)}),
        ("((i.name)::text = ($1)::text)", {1: ("name", "=", False)}),
        ("((i.a > $1) AND (i.b <= $2))", {1: ("a", ">", False), 2: ("b", "<=", False)}),
        ("(i.kind = ANY ($3))", {3: ("kind", "=", True)}),
        ("(i.kind = ANY (($3)::text[]))", {3: ("kind", "=", True)}),
        ("((i.name)::text ~~ $1)", {1: ("name", "~~", False)}),
        ("($1 < i.id)", {1: ("id", ">", False)}),
        ('(i."Mixed Case" = $1)', {1: ("Mixed Case", "=", False)}),
        ("((i.price)::numeric(10,2) >= $1)", {1: ("price", ">=", False)}),
        ("(lower(i.name) = $1)", {}),
        ("(lower((i.name)::text) = $1)", {}),
        ("((i.a + i.b) = $1)", {}),
        ("(i.a + i.b > $1)", {}),
        ("($1 = lower(i.name))", {}),
        ("(other.id = $1)", {}),
        ("(i.data @> $1)", {}),
    ],
)
def test_the_column_is_found(condition: str, found: dict[int, tuple[str, str, bool]]) -> None:
    got = {one.number: (one.column, one.sign, one.any) for one in compared(scan(condition))}
    assert got == found


def test_the_relation_is_the_one_behind_the_alias() -> None:
    join = {
        "Node Type": "Hash Join", "Hash Cond": "(i.id = s.item)", "Join Filter": "(s.number > $1)",
        "Plans": [scan("(i.id = $2)"),
                  {"Node Type": "Seq Scan", "Relation Name": "stock", "Schema": "x", "Alias": "s"}],
    }  # fmt: skip
    assert {(one.number, one.schema, one.relation, one.column) for one in compared(join)} == {
        (1, "x", "stock", "number"),
        (2, "public", "item", "id"),
    }


def test_a_sub_querys_result_is_no_parameter() -> None:
    """Before version 17 both are written $1."""
    init = {"Node Type": "Aggregate", "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1 (returns $1)"}
    assert compared(scan("(i.id = $1)", Plans=[init])) == ()


@given(st.text(alphabet="i.nameX()=<>~$19:, \"'+ANY", max_size=60))
def test_any_condition_is_taken(condition: str) -> None:
    for one in compared(scan(condition)):
        assert one.relation == "item"
