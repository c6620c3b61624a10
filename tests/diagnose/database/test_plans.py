"""Plans: the scans in them, the rows they read, the index that is proposed; and that any JSON is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.diagnose.database.plans import Scan, scans
from loadstone.model.evidence import Plan


def of(root: dict[str, Any], statement: str = "SELECT 1", system: str = "postgresql") -> tuple[Scan, ...]:
    return scans(Plan(statement, system, "explain analyze", "none", root))


def node(kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"Node Type": kind, "Actual Rows": 1, "Actual Loops": 1} | {
        name.replace("_", " "): value for name, value in more.items()
    }


def test_rows_are_those_of_all_loops() -> None:
    below = node("Seq Scan", Relation_Name="t", Filter="(a = ?)", Rows_Removed_by_Filter=99)
    below |= {"Actual Loops": 4, "Actual Rows": 1}
    (found,) = of(node("Nested Loop", Plans=[below]))
    assert (found.read, found.returned) == (400, 4)


def test_the_index_has_equality_before_range() -> None:
    (found,) = of(node("Seq Scan", Relation_Name="t", Filter="((at > ?) AND (a = ?) AND ((b)::text = ?::text))"))
    assert found.index == "CREATE INDEX ON t (a, b, at)"


def test_columns_of_an_index_that_is_used_come_too() -> None:
    told = {"Index Cond": "(a = ?)", "Filter": "(b = ?)", "Rows Removed by Filter": 5_000}
    (found,) = of(node("Index Scan", Relation_Name="t") | told)
    assert found.columns == ("a", "b")
    assert found.read == 5_001


def test_a_join_asks_for_its_own_table_only() -> None:
    line = node("Seq Scan", Relation_Name="line", Alias="l") | {"Actual Rows": 5_000}
    one = node("Index Scan", Relation_Name="orders", Alias="o") | {"Index Cond": "(id = ?)"}
    join = node("Hash Join", Hash_Cond="(l.order_id = o.id)", Plans=[line, node("Hash", Plans=[one])])
    found = {scan.table: scan for scan in of(join)}
    assert found["line"].columns == ("order_id",)
    assert (found["line"].read, found["line"].returned) == (5_000, 1)


def test_a_plan_that_was_not_run_tells_its_cost() -> None:
    told = {"Node Type": "Seq Scan", "Relation Name": "t", "Filter": "(a = $1)", "Total Cost": 900.0}
    (found,) = of(told)
    assert (found.read, found.cost, found.share) == (None, 900.0, 1.0)


@pytest.mark.parametrize(
    ("statement", "lines", "expected"),
    [
        ("SELECT a FROM t WHERE b = ?", ["SCAN t"], [("t", ("b",))]),
        ("SELECT a FROM t AS x WHERE x.b = ?", ["SCAN x"], [("t", ("b",))]),
        ("SELECT a FROM t WHERE b = ?", ["SCAN TABLE t"], [("t", ("b",))]),
        ("SELECT a FROM t WHERE b = ?", ["SEARCH t USING INDEX t_b (b=?)"], []),
        ("SELECT a FROM t ORDER BY b LIMIT ?", ["SCAN t", "USE TEMP B-TREE FOR ORDER BY"], [("t", ("b",))]),
        ("SELECT a FROM t", ["SCAN t"], []),
        ("SELECT a FROM t WHERE t MATCH ?", ["SCAN t VIRTUAL TABLE INDEX 0:M1"], []),
        ("SELECT ?", ["SCAN CONSTANT ROW"], []),
        (
            "SELECT r.a FROM r JOIN c ON c.id = r.c_id WHERE r.p = ?",
            ["SCAN r", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"],
            [("r", ("p",))],
        ),
        ("SELECT r.a FROM r JOIN c ON c.id = r.c_id", ["SCAN r", "SCAN c"], [("c", ("id",))]),
    ],
)
def test_sqlites_lines(statement: str, lines: list[str], expected: list[tuple[str, tuple[str, ...]]]) -> None:
    root = {"lines": [{"id": at, "parent": 0, "detail": line} for at, line in enumerate(lines)]}
    assert [(one.table, one.columns) for one in of(root, statement, "sqlite")] == expected


def test_a_plan_without_end_is_read_to_a_depth() -> None:
    root = node("Seq Scan", Relation_Name="t", Filter="(a = ?)")
    for _ in range(5_000):
        root = node("Append", Plans=[root])
    assert of(root) == ()


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20) | st.sampled_from(["Seq Scan", "t"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Node Type", "Plans", "Relation Name", "Filter", "Actual Rows", "Actual Loops", "Hash Cond", "lines"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["Node Type", "Plans", "Relation Name", "Filter", "lines"]), values, max_size=5))
def test_any_json_is_read(root: dict[str, Any]) -> None:
    for system in ("postgresql", "sqlite"):
        for found in of(root, "SELECT a FROM t WHERE a = ?", system):
            assert found.table
