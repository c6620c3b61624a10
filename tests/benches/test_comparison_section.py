"""The page's parts about comparisons: every share stands with its exact interval, from the counts that were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from scipy import stats

from benches.comparison_judged import Tally, compared, tally
from benches.comparison_pairs import orders
from benches.comparison_rows import STEADY, row
from benches.comparison_runs import Scene, batch
from benches.comparison_section import comparisons_section, identical_section, plus_one_section
from benches.comparison_studies import STUDIES
from benches.identical import Compared, IdenticalShops, compared_of
from benches.plus_one import Gated, PlusOne


def here(function: Callable[..., Any], each: Sequence[tuple[Any, ...]]) -> Iterable[Any]:
    return [function(*arguments) for arguments in each]


def exact(count: int, whole: int) -> str:
    low, high = stats.binomtest(count, whole).proportion_ci(method="exact")
    return f"{count / whole:.1%} [{low * 100:.1f}, {high * 100:.1f}]"


def test_false_alarms_are_told_with_their_exact_interval() -> None:
    alarms = Tally(2_000, Counter({"faster": 60, "slower": 3, "undecided": 1_937}))
    alarms.above, alarms.below = Counter({"p95 response": 45}), Counter({"p95 response": 55})
    alarms.doubted = Counter({"drift": 10})
    told = comparisons_section({"identical": [row(STEADY, 10, 2_000, **alarms.told())]})
    line = next(line for line in told.splitlines() if line.startswith("| lognormal"))
    assert line.startswith(
        f"| lognormal, 4 workers, load .7 | 10 | {exact(63, 2_000)} | {exact(100, 2_000)} | 0.0% | 0.0% |"
    )
    assert line.endswith("| 0.0% | 0.5%, 0.0% |")
    assert f"at most 63 of 2,000 ({exact(63, 2_000)})" in told


@pytest.mark.parametrize("name", ["naive", "margins", "sequential"])
def test_what_a_study_found_can_be_written(name: str) -> None:
    study, _ = STUDIES[name]
    rows = list(study(2, here))
    told = comparisons_section({name: rows})
    assert told.count("\n| lognormal") + told.count("\n| exponential") == len(rows)
    assert "nan" not in told


def test_counters_are_told_by_how_often_each_was_seen() -> None:
    rows = list(STUDIES["counters"][0](100, here))
    told = comparisons_section({"counters": rows})
    assert f"300 of 300 ({exact(300, 300)})" in told
    assert f"| each request alike | one more in every request | {exact(100, 100)} | 0.0% | 0.0% |" in told


def test_a_tally_adds_up() -> None:
    scene = replace(STEADY, measured_s=3)
    both = tally(scene, 6, 2, 1)
    both.add(tally(scene, 6, 3, 2))
    assert both.count == 5 == sum(both.verdicts.values())
    assert max(both.above.values()) <= 5


def test_the_shop_against_itself_is_told_from_each_comparison() -> None:
    scene = Scene(measured_s=3)
    made = batch(scene, orders(6, 3, 5), 5)
    found = IdenticalShops(machine="a machine")
    for seed, (runs, order) in enumerate(zip(made.runs(), made.orders, strict=True)):
        found.comparisons.append(compared_of(compared(runs, scene, order, seed), seed, 60.0))
    assert [one.judged for one in found.comparisons] == ["p95 response"] * 3
    told = identical_section(found)
    alarms = sum(one.verdict in ("faster", "slower") for one in found.comparisons)
    assert f"{alarms} of 3 ({exact(alarms, 3)}) comparisons were told faster or slower" in told
    assert "\n| p95 response | 3 | " in told
    assert "0 of 18 pairs were left out" in told


def test_what_is_a_difference_is_none_at_0() -> None:
    same: dict[str, tuple[float | None, float | None, float | None]]
    same = {"bytes a request of browse.list": (0.0, 0.0, 0.0), "p95 response": (1.0, 0.9, 1.1)}
    more: dict[str, tuple[float | None, float | None, float | None]]
    more = {"bytes a request of browse.list": (4.0, 3.0, 5.0), "p95 response": (1.2, 1.1, 1.3)}
    made = [
        Compared(seed, "not-worse", "p95 response", metrics, [], [], 6, 0, 100, 60.0)
        for seed, metrics in enumerate((same, more))
    ]
    told = identical_section(IdenticalShops(comparisons=made))
    assert f"| bytes a request of browse.list | 2 | {exact(1, 2)} | 2 |" in told
    assert f"| p95 response | 2 | {exact(1, 2)} | 22.2% |" in told


def test_gates_of_one_statement_more_are_told_by_place() -> None:
    caught = Gated("buy.checkout", "fail", "Fail: 1.6 -> 1.7.", by_count=True, named=True, spent_s=21.0)
    missed = Gated("buy.checkout", "undecided", "Undecided.", spent_s=23.0)
    quiet = Gated("none", "pass", "Pass.")
    told = plus_one_section([PlusOne(rows=[caught, caught, missed]), PlusOne(none=True, rows=[quiet])])
    assert f"failed by count in 2 of 3 ({exact(2, 3)}), and named the statement as the cause in 2." in told
    assert f"| buy.checkout | 3 | {exact(2, 3)} | 2 | 21 | Fail: 1.6 -> 1.7. |" in told
    assert f"| only a comment | 1 | {exact(0, 1)} | 0 |  | Pass. |" in told
