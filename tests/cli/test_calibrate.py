"""``loadstone calibrate`` over a scripted engine: it keeps what identical sides say, and prove then heeds it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from loadstone.drive.fake import Script
from loadstone.model.calibration import Calibration
from tests.cli.conftest import Command
from tests.cli.test_prove import SHORT, ports, sides, spec, urls

__all__ = ["ports", "sides", "spec", "urls"]

SHORTER = ("--for", "3s", "--warm-up", "0s", "--pairs", "12", "--seed", "7")


def test_what_identical_sides_say_is_kept_and_heeded(
    loadstone: Command, spec: Path, sides: dict[str, Script], urls: tuple[str, ...]
) -> None:
    sides["A"] = Script(service="lognormal", sigma=1.0)
    told = loadstone("calibrate", "--start", urls[1], *SHORTER)
    assert told.code == 0, told
    assert "of identical sides" in told.out.splitlines()[0]
    assert "p95 response of browse.items" in told.out
    assert "12 pairs, order drawn (seed 7)" in told.err
    kept = msgspec.json.decode(loadstone("calibrate", "--show", "--json").out, type=list[Calibration])
    assert [one.pairs for one in kept] == [12]
    assert loadstone("calibrate", "--show").out == told.out
    (experiment,) = Path(".loadstone/experiments").iterdir()
    assert "calibrate" in loadstone("runs").out
    assert loadstone("show", experiment.name).out.endswith(told.out)

    plan = loadstone("prove", *urls, *SHORT, "--margin", "0.1%", "--plan")
    assert plan.code == 2
    assert "what it will see: " in plan.out
    assert "under the noise floor" in plan.err
    refused = loadstone("prove", *urls, *SHORT, "--margin", "0.1%")
    assert (refused.code, refused.out) == (2, "")
    assert "--pairs" in refused.err or "--for" in refused.err


def test_nothing_kept_says_how_to_begin(loadstone: Command) -> None:
    told = loadstone("calibrate", "--show")
    assert (told.code, told.out) == (0, "")
    assert "make one with: loadstone calibrate" in told.err
    assert loadstone("calibrate", "--show", "--json").out == "[]\n"


def test_what_cannot_be_measured_is_no_calibration(
    loadstone: Command, spec: Path, sides: dict[str, Script], urls: tuple[str, ...]
) -> None:
    sides["A"] = Script(busiest_share=0.99)
    told = loadstone("calibrate", "--start", urls[1], *SHORTER[:-4], "--pairs", "6", "--seed", "7")
    assert told.code == 4
    assert "Invalid" in told.out
    assert loadstone("calibrate", "--show").out == ""
