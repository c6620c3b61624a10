"""Faults as the engine tells them, end to end from its intervals to the verdict."""

from __future__ import annotations

import pytest

from loadstone.drive.fake import Script, Stall
from loadstone.model.comparison import Comparison
from loadstone.prove.compare import compare
from tests.prove.driven import driven
from tests.prove.made import SIDES, design

STEADY = Script(service="lognormal", mean_s=0.02, sigma=0.4)
SLOWER = Script(service="lognormal", mean_s=0.03, sigma=0.4)


def judged(count: int = 6, **asked: object) -> Comparison:
    return compare(SIDES, design(count, requests=900), driven(count, **({"a": STEADY, "b": STEADY} | asked)))  # type: ignore[arg-type]


def test_identical_sides_are_not_told_apart() -> None:
    found = judged(8)
    assert found.verdict in ("not-worse", "undecided")
    assert found.vetoed == ()


def test_half_as_much_work_again_is_slower_and_back_is_faster() -> None:
    slower, faster = judged(b=SLOWER), judged(a=SLOWER)
    assert (slower.verdict, faster.verdict) == ("slower", "faster")
    ratio = next(one for one in slower.metrics if one.name == "p50 response").ratio
    assert ratio == pytest.approx(1.5, rel=0.05)


def test_a_side_that_fails() -> None:
    found = judged(b=Script(service="lognormal", mean_s=0.001, error_share=0.1))
    assert found.verdict == "invalid"
    assert "do not answer alike" in found.sentence


def test_a_side_that_hangs() -> None:
    hung = Script(service="lognormal", mean_s=0.02, sigma=0.4, timeout_s=1.0, stalls=(Stall(4.0, 6.0),))
    always = judged(b=hung)
    assert always.verdict == "invalid"
    once = judged(scripts={(3, "B"): hung})
    assert once.verdict == "undecided"
    assert "timeout" in once.sentence


def test_a_saturated_generator() -> None:
    found = judged(scripts={(2, "A"): Script(mean_s=0.02, busiest_share=0.999, late_share=0.5)})
    assert found.verdict == "invalid"
    assert found.sentence.startswith("Invalid: side A in pair 3: ")


@pytest.mark.parametrize("host", [{"steal_share": 0.3}, {"pressure_share": 0.8, "lag_s": 0.03, "late_share": 0.05}])
def test_a_host_under_pressure_midway(host: dict[str, float]) -> None:
    pressed = Script(service="lognormal", mean_s=0.06, sigma=0.4, **host)  # type: ignore[arg-type]
    found = judged(7, scripts={(4, "B"): pressed})
    assert found.design.pairs == 6
    assert found.pairs[4].left_out is not None
    from_there = {(pair, side): pressed for pair in (3, 4, 5, 6) for side in "AB"}
    none_left = judged(7, scripts=from_there)
    assert none_left.verdict == "undecided"
    assert "4 of 7 pairs were disturbed" in none_left.sentence


def test_pressure_that_the_generator_bears_widens_the_interval() -> None:
    pressed = Script(service="lognormal", mean_s=0.06, sigma=0.4, pressure_share=0.8)
    assert judged(7, a=SLOWER, scripts={(4, "B"): pressed}).verdict == "undecided"


def test_ctrl_c_midway_is_undecided_and_no_crash() -> None:
    stopped = driven(6, STEADY, SLOWER, stopped={(3, "A"): 5.0})
    first = next(at for at, run in enumerate(stopped) if not run.complete)
    for end in range(first + 2):
        found = compare(SIDES, design(6), stopped[:end])
        assert found.verdict == "undecided"
        assert found.sentence.startswith("Undecided: ")
