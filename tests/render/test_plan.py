"""Plans as trees: real ones of PostgreSQL 15 against golden outlines, any other JSON without harm.

The plans in ``golden/plans`` came from a server (EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON), values masked); the outlines
beside them were read against EXPLAIN's text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.evidence import Plan
from loadstone.render.plan import DEEPEST, plan_view

GOLDEN = Path(__file__).parent / "golden" / "plans"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))

Node = dict[str, Any]


def view(root: Node, system: str = "postgresql", **known: Any) -> Node:  # noqa: ANN401
    found: Node = plan_view(Plan("SELECT ?", system, "explain analyze", "none", root, **known)).root
    return found


def real(name: str) -> Node:
    plan: Node = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))["Plan"]
    return plan


def everyone(node: Node) -> Iterator[Node]:
    yield node
    for child in node["children"]:
        yield from everyone(child)


def outline(node: Node, depth: int = 0) -> str:
    """One line a node, as the golden files have it."""
    parts = [node["label"]]
    if node["relation"]:
        parts.append(f"on {node['relation']}")
    if node["rows"] is not None:
        parts.append(f"rows {node['rows']:g} of {node['estimated_rows']:g} in {node['loops']:g} loops")
    if node["own_s"] is not None:
        parts.append(f"own {1e3 * node['own_s']:.3f} ms")
    parts += [*node["detail"], *([node["buffers"]] if node["buffers"] else [])]
    below = "".join(outline(child, depth + 1) for child in node["children"])
    return "  " * depth + " | ".join(parts) + "\n" + below


def of(name: str, label: str) -> Node:
    (found,) = [node for node in everyone(view(real(name))) if node["label"] == label]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_real_plan_is_told_as_it_is(name: str) -> None:
    assert outline(view(real(name))) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "update"])
def test_own_times_add_up_to_the_plans_time(name: str) -> None:
    """Within what the server's figures allow: it tells a loop's mean time in whole microseconds."""
    plan = real(name)
    nodes = list(everyone(view(plan)))
    loops = sum(node["loops"] for node in nodes)
    assert sum(node["own_s"] for node in nodes) == pytest.approx(plan["Actual Total Time"] / 1e3, abs=1e-6 * loops)


def test_parallel_processes_share_their_wall_time() -> None:
    """Three processes worked for 9.2 ms side by side: that is 9.2 ms of the query, not 27.6."""
    plan = real("parallel")
    sort = plan["Plans"][0]["Plans"][0]
    assert sort["Actual Loops"] == 3
    below = sum(node["own_s"] for node in everyone(of("parallel", "Sort")))
    assert below == pytest.approx(sort["Actual Total Time"] / 1e3, abs=1e-5)


def test_a_sub_query_is_taken_from_the_node_that_asks_for_it() -> None:
    plan = real("init_plan")
    asked = plan["Plans"][0]["Actual Total Time"]
    assert of("init_plan", "Index Scan")["own_s"] == pytest.approx((plan["Actual Total Time"] - asked) / 1e3)


def test_a_later_servers_name_for_a_sub_query_is_known() -> None:
    sub = {
        "Node Type": "Result", "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1", "Actual Loops": 1,
        "Actual Total Time": 3.0,
    }  # fmt: skip
    asking = {
        "Node Type": "Seq Scan", "Filter": "(a = (InitPlan 1).col1)", "Actual Loops": 1, "Actual Total Time": 5.0,
    }  # fmt: skip
    limit = {"Node Type": "Limit", "Actual Loops": 1, "Actual Total Time": 5.5, "Plans": [sub, asking]}
    assert [round(1e3 * node["own_s"], 3) for node in everyone(view(limit))] == [0.5, 3.0, 2.0]


def test_a_node_that_never_ran_took_nothing() -> None:
    (never,) = [node for node in everyone(view(real("never_executed"))) if node["loops"] == 0]
    assert (never["own_s"], never["rows"], never["buffers"]) == (0.0, 0, None)


def test_a_plan_that_was_not_run_has_estimates_alone() -> None:
    for node in everyone(view(real("update"))):
        assert (node["own_s"], node["rows"], node["loops"]) == (None, None, None)
        assert node["cost"] > 0


@pytest.mark.parametrize(
    ("raw", "label", "relation"),
    [
        ({"Node Type": "Aggregate", "Strategy": "Hashed", "Partial Mode": "Partial"}, "Partial HashAggregate", None),
        ({"Node Type": "Merge Join", "Join Type": "Anti"}, "Merge Anti Join", None),
        ({"Node Type": "Nested Loop", "Join Type": "Left"}, "Nested Loop Left Join", None),
        ({"Node Type": "Nested Loop", "Join Type": "Inner"}, "Nested Loop", None),
        ({"Node Type": "ModifyTable", "Operation": "Delete", "Relation Name": "a", "Alias": "a"}, "Delete", "a"),
        ({"Node Type": "Seq Scan", "Parallel Aware": True, "Relation Name": "a"}, "Parallel Seq Scan", "a"),
        ({"Node Type": "Seq Scan", "Relation Name": "a", "Alias": "b"}, "Seq Scan", "a b"),
        ({"Node Type": "Bitmap Index Scan", "Index Name": "i"}, "Bitmap Index Scan", "i"),
        ({"Node Type": "Function Scan", "Function Name": "f", "Alias": "f"}, "Function Scan", "f"),
        ({}, "step", None),
    ],
)  # fmt: skip
def test_nodes_are_called_what_explain_calls_them(raw: Node, label: str, relation: str | None) -> None:
    found = view(raw)
    assert (found["label"], found["relation"]) == (label, relation)


def test_sqlites_lines_become_a_tree() -> None:
    lines = [
        {"id": 3, "parent": 0, "detail": "SCAN a"},
        {"id": 7, "parent": 0, "detail": "LIST SUBQUERY 1"},
        {"id": 9, "parent": 7, "detail": "SEARCH b USING INDEX b_y (y=?)"},
        {"id": 20, "parent": 0, "detail": "USE TEMP B-TREE FOR ORDER BY"},
    ]
    found = view({"lines": lines}, "sqlite")
    assert [(node["label"], node["relation"]) for node in everyone(found)] == [
        ("Query plan", None),
        ("SCAN a", "a"),
        ("LIST SUBQUERY 1", None),
        ("SEARCH b USING INDEX b_y (y=?)", "b"),
        ("USE TEMP B-TREE FOR ORDER BY", None),
    ]
    assert view({"lines": lines[:1]}, "sqlite")["label"] == "SCAN a"


def test_what_goes_with_a_plan_goes_with_its_view() -> None:
    found = plan_view(Plan("SELECT ?", "postgresql", "auto_explain", "sample", {}, "7", 0.5, "Slow.", "ab" * 16))
    assert (found.source, found.parameters, found.execute_s) == ("auto_explain", "sample", 0.5)
    assert found.note == f"Slow. From trace {'ab' * 16}."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["Plans", "Node Type", "Actual Loops", "Actual Total Time", "Actual Rows", "Filter", "Subplan Name",
             "lines", "Parent Relationship", "id", "parent", "detail", "Index Name", "Shared Hit Blocks", "Join Type"]
        ),
        below,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["Plans", "lines", "Node Type", "Filter"]), JSON),
    st.sampled_from(["postgresql", "sqlite"]),
)
def test_any_json_is_drawn(root: Node, system: str) -> None:
    json.dumps(view(root, system))


def test_a_deep_plan_is_cut() -> None:
    root: Node = {"Node Type": "Sort"}
    for _ in range(900):
        root = {"Node Type": "Sort", "Plans": [root]}
    assert len(list(everyone(view(root)))) == DEEPEST + 1


Times = st.floats(0, 1e4).map(lambda value: round(value, 3))


@st.composite
def trees(draw: st.DrawFn, depth: int = 0) -> Node:
    """Plans whose figures agree: a node takes its children's time and some of its own."""
    below = [draw(trees(depth + 1)) for _ in range(draw(st.integers(0, 2 if depth < 3 else 0)))]
    own = draw(Times)
    return {
        "Node Type": "Sort", "Actual Loops": 1, "Plans": below,
        "Actual Total Time": own + sum(child["Actual Total Time"] for child in below), "own": own,
    }  # fmt: skip


@given(trees())
def test_every_node_gets_its_own_time_back(plan: Node) -> None:
    def owns(raw: Node) -> Iterator[float]:
        yield raw["own"]
        for child in raw["Plans"]:
            yield from owns(child)

    assert [1e3 * node["own_s"] for node in everyone(view(plan))] == pytest.approx(list(owns(plan)), abs=1e-5)
