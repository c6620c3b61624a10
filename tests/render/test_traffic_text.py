"""The screens of a log's traffic, whole; and what their words promise."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from loadstone.model.estimate import Estimate
from loadstone.model.log_reading import Malformed
from loadstone.render.traffic_text import bracketed, traffic_answer, traffic_text
from tests.render.traffic_specimens import ASSUMED, SHOP, WORSE

GOLDEN = Path(__file__).parent / "golden" / "traffic"
STEP = "loadstone init URL --log access.log"


@pytest.mark.parametrize("width", [60, 100])
def test_the_whole_screen(width: int) -> None:
    text = traffic_text(
        SHOP, ASSUMED, width=width, kept=".loadstone/traffic/20231114T221320-t7f3a/traffic.json", next_step=STEP
    )
    path = GOLDEN / f"shop-{width}.txt"
    assert text + "\n" == path.read_text("utf-8")
    assert max(map(len, text.splitlines()[:-2])) <= width


def test_a_workload_worse_than_the_naive_reference_is_called_so() -> None:
    text = traffic_text(WORSE)
    assert "doubt      The workload is worse than the naive reference" in text
    assert "valid      The workload is closer" in traffic_text(SHOP)


def test_what_was_not_measured_is_said() -> None:
    assert "how alike a workload of it is was not measured" in traffic_text(replace(SHOP, fidelity=None))


def test_no_rate_is_no_rate() -> None:
    arrivals = replace(SHOP.arrivals, visits_per_s=Estimate(0.0, unit="per_s"), peak_s=0.0)
    assert traffic_answer(replace(SHOP, arrivals=arrivals)).endswith("how many in a second the log does not tell.")


def test_an_interval_says_its_unit_once() -> None:
    assert bracketed(Estimate(2.16, 2.02, 2.3, "per_s")) == "2.16/s [2.02, 2.30]"
    assert bracketed(Estimate(0.5, 0.45, 0.55, "share")) == "50.0 % [45.0, 55.0]"
    assert bracketed(Estimate(1800.0, unit="s")) == "30 min"
    assert bracketed(Estimate(0.9, 0.5, 61, "s")) == "900 ms [500 ms, 1 min 1 s]"
    assert bracketed(Estimate(1.5, 1.0, None)) == "1.50 [1.00, -]"


def test_hostile_text_does_not_reach_the_terminal() -> None:
    bad = "\x1b[31mred\x07\n"
    reading = replace(SHOP.reading, samples=(Malformed(bad, 1, bad, bad),), notes=(bad,))
    mix = (replace(SHOP.mix[0], route=bad), *SHOP.mix[1:])
    visits = (replace(SHOP.visits[0], name=bad), *SHOP.visits[1:])
    text = traffic_text(replace(SHOP, reading=reading, mix=mix, visits=visits, notes=(bad,)), kept=bad)
    assert "\x1b" not in text
    assert "\x07" not in text
