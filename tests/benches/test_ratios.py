"""The benchmark's arithmetic: ratios are taken within a repetition, and costs are the child's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benches.child import Cost, Failed, run
from benches.contest import Round, Turn, cpu_per_request_s, ratio, throughput_per_s
from benches.page import ratios, table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmark needs Linux")


def turn(requests: int, cpu_s: float) -> Turn:
    return Turn(requests, 10.0, Cost(wall_s=10.5, user_s=cpu_s / 4, system_s=3 * cpu_s / 4))


ROUNDS: list[Round] = [
    {"wrk": turn(1000, 8.0), "loadstone run": turn(1000, 6.0)},  # 0.75
    {"wrk": turn(500, 8.0), "loadstone run": turn(1000, 8.0)},  # 0.5: a slow moment slows both, the ratio stays
    {"wrk": turn(1000, 8.0), "loadstone run": turn(1000, 10.0)},  # 1.25
]


def test_cpu_is_user_and_system_over_the_servers_count() -> None:
    assert cpu_per_request_s(turn(1000, 8.0)) == pytest.approx(0.008)
    assert throughput_per_s(turn(1000, 8.0)) == 100


def test_ratios_are_taken_within_a_repetition() -> None:
    cpu = ratios(ROUNDS, "loadstone run", cpu_per_request_s)
    assert (cpu.low, cpu.median, cpu.high) == pytest.approx((0.5, 0.75, 1.25))
    rate = ratios(ROUNDS, "loadstone run", throughput_per_s)
    assert (rate.low, rate.median, rate.high) == pytest.approx((1, 1, 2))


def test_a_ratio_is_least_median_greatest() -> None:
    found = ratio([3.0, 1.0, 2.0, 9.0])
    assert (found.low, found.median, found.high) == (1.0, 2.5, 9.0)


def test_the_table_shows_medians_and_spreads() -> None:
    lines = list(table(ROUNDS))
    assert lines[2].startswith("| wrk | 8000.00 | 1 |")
    assert lines[3] == "| loadstone run | 8000.00 | **0.75** [0.50, 1.25] | 100 | **1.00** [1.00, 2.00] |"


def test_a_child_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"(?s)ended with 3.*last words"):
        run([sys.executable, "-c", "print('last words'); raise SystemExit(3)"], 0, tmp_path / "log")


def test_the_cost_is_the_childs_own(tmp_path: Path) -> None:
    cost = run([sys.executable, "-c", "sum(range(3_000_000))"], 0, tmp_path / "log")
    assert 0 < cost.user_s <= cost.cpu_s
