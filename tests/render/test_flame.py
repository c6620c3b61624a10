"""Stacks folded into trees: nothing is lost, the same rows give the same tree, and the tree stays small."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.profile.rows import Row, batches
from loadstone.model.evidence_view import FlameView
from loadstone.render import flame
from loadstone.render.flame import SMALL, difference, fold


def row(frames: str, weight: int, state: str = "gil", source: str = "py-spy", unit: str = "ns") -> Row:
    return Row(1, source, 1, 1, None, state, weight, unit, frames)


def stacks_of(view: FlameView) -> dict[str, float]:
    """Own weight by stack, of the nodes that have one."""
    paths: list[str] = []
    for place, parent in enumerate(view.parent):
        assert parent < place, "parents come before children"
        name = view.frames[view.frame[place]]
        paths.append(name if parent < 0 else f"{paths[parent]};{name}")
    return {path: own for path, own in zip(paths, view.own, strict=True) if own}


def test_trees_by_state_and_source_in_seconds() -> None:
    views = fold(
        batches(
            [
                row("main;wait", 3_000_000_000, "idle"),
                row("main;load", 1_500_000_000),
                row("main", 500_000_000),
                row("main;load", 250_000_000),
                row("start", 64, "alloc", "memray", "bytes"),
                row("start", 2, "cpu", "collapsed", "samples"),
            ]
        )
    )
    assert [(view.source, view.state, view.unit, view.samples) for view in views] == [
        ("py-spy", "gil", "s", 3),
        ("collapsed", "cpu", "samples", 1),
        ("py-spy", "idle", "s", 1),
        ("memray", "alloc", "bytes", 1),
    ]
    assert stacks_of(views[0]) == {"main": 0.5, "main;load": 1.75}
    assert views[0].title == "Holding the interpreter's lock"
    assert stacks_of(views[3]) == {"start": 64.0}


def test_nothing_to_fold() -> None:
    assert fold([]) == ()


small_stacks = st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(";".join)


@given(st.lists(st.tuples(small_stacks, st.integers(1, 10**6)), min_size=1, max_size=60), st.randoms())
def test_no_weight_is_lost_and_order_does_not_matter(samples: list[tuple[str, int]], chance: Any) -> None:  # noqa: ANN401
    rows = [row(stack, weight, unit="bytes") for stack, weight in samples]
    (whole,) = fold(batches(rows), 0.0)
    expected = Counter[str]()
    for stack, weight in samples:
        expected[stack] += weight
    assert stacks_of(whole) == dict(expected)
    (pruned,) = fold(batches(rows), 0.05)
    assert sum(pruned.own) == expected.total()
    assert len(pruned.own) <= len(whole.own) + sum(SMALL in path for path in stacks_of(pruned))
    chance.shuffle(rows)
    assert fold(batches(rows), 0.05) == (pruned,)


def test_small_siblings_become_one() -> None:
    rows = [row("main;big", 10_000, unit="bytes"), *(row(f"main;tiny{n};deep", 1, unit="bytes") for n in range(40))]
    (view,) = fold(batches(rows), 0.001)
    assert stacks_of(view) == {"main;(small)": 40.0, "main;big": 10_000.0}


def test_a_tree_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flame, "MOST_NODES", 50)
    rows = [row(f"main;f{number}", 1, unit="bytes") for number in range(1000)]
    (view,) = fold(batches(rows))
    assert len(view.own) <= 50
    assert sum(view.own) == 1000


def test_a_runaway_recursion_is_cut() -> None:
    (view,) = fold(batches([row(";".join(["f"] * 5000), 7, unit="bytes")]))
    assert len(view.own) == flame.DEEPEST + 1
    assert sum(view.own) == 7


def test_difference_in_ms_a_request() -> None:
    (before,) = fold(batches([row("main;load", 2 * 10**9), row("main;send", 10**9)]))
    (after,) = fold(batches([row("main;load", 10**9), row("main;send", 2 * 10**9), row("main;log", 10**9)]))
    steps = {step.frames: step for step in difference(before, after, (1000, 2000))}
    assert steps["main", "load"].before == pytest.approx(2.0)
    assert steps["main", "load"].change == pytest.approx(-1.5)
    assert steps["main", "log"].change == pytest.approx(0.5)
    assert steps["main",].change == pytest.approx(-1.0)
    assert ("main", "send") not in steps  # the same a request
    assert next(iter(difference(before, after, (1000, 2000)))).frames == ("main", "load")


def test_difference_refused() -> None:
    (time,) = fold(batches([row("main", 1)]))
    (memory,) = fold(batches([row("main", 1, unit="bytes")]))
    with pytest.raises(ValueError, match="one unit"):
        difference(time, memory, (1, 1))
    with pytest.raises(ValueError, match="without requests"):
        difference(time, time, (0, 1))
