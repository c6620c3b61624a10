"""The screen of a calibration, whole, and what its words promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from loadstone.model.calibration import Calibration, CalibrationKey, Noise
from loadstone.model.run import Machine
from loadstone.render.calibration_text import alarms, calibration_text, calibrations_text

GOLDEN = Path(__file__).parent / "golden" / "comparisons"

FLOOR = {6: 1.081, 10: 1.049, 20: 1.031}
NEEDED: dict[str, int | None] = {"1.05": 10, "1.10": 6, "1.20": 6}

FOUND = Calibration(
    format=1,
    key=CalibrationKey(Machine("linux-x86_64", 2, 8 << 30, "6.1"), "python -m shop --port {port}", "120/s", 10.0),
    experiments=("20261125T101500-5c1d",),
    noise=(
        Noise("p95 response", "ratio", None, None, 0.031, 0.024, 0.043, 20, FLOOR, NEEDED),
        Noise("p99 response", "ratio", "browse", "detail", 0.09, 0.07, 0.13, 20, {6: 1.25}, {"1.05": None}),
        Noise("errors", "share", None, None, 0.0002, 0.0001, 0.0003, 20, {6: 0.0004, 10: 0.0003, 20: 0.0002}, {}),
    ),
    pairs=20,
    comparisons=130,
    alarms=7,
    rate_low=0.0219,
    rate_high=0.1078,
    level=0.95,
    at_ns=0,
)


@pytest.mark.parametrize("width", [60, 100])
def test_the_whole_screen(width: int) -> None:
    text = calibration_text(FOUND, width=width, next_step="loadstone prove --a-env FIX=0 --b-env FIX=1")
    assert text + "\n" == (GOLDEN / f"calibration-{width}.txt").read_text("utf-8")
    assert max(map(len, text.splitlines())) <= width


def test_the_rate_of_alarms_has_its_interval() -> None:
    assert alarms(FOUND) == (
        "7 of 130 comparisons of identical sides were told to differ: 5.38 % [2.19, 10.8] at a nominal 5 %"
    )
    assert alarms(replace(FOUND, comparisons=0)).startswith("Too few pairs")
    assert alarms(replace(FOUND, level=0.05)) == alarms(FOUND)


def test_too_many_alarms_are_a_doubt() -> None:
    noisy = replace(FOUND, alarms=40, rate_low=0.23, rate_high=0.39)
    assert "doubt      more alarms than there should be" in calibration_text(noisy)
    assert "valid      no more alarms" in calibration_text(FOUND)
    assert "bound the rate loosely" in calibration_text(replace(FOUND, comparisons=12, alarms=0))


def test_colour_adds_nothing_but_colour() -> None:
    coloured = calibration_text(FOUND, color=True)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == calibration_text(FOUND)
    assert coloured != calibration_text(FOUND)


def test_a_service_drives_no_terminal() -> None:
    hostile = replace(FOUND, key=replace(FOUND.key, service="\x1b[2J\n"), noise=())
    assert all(char.isprintable() or char == "\n" for char in calibration_text(hostile))


def test_several_stand_below_each_other() -> None:
    assert calibrations_text([FOUND, FOUND]).count("7 of 130") == 2
