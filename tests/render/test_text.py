"""The last screen of a run, whole, against golden files; the small parts by what they promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.run import Summary
from loadstone.render.text import plain, runs_text, sparkline, summary_text
from tests.render.runs import DOUBT, FAILS, HOLDS, NOTE, NOTHING, OPEN, VOID, manifest, step, summary

GOLDEN = Path(__file__).parent / "golden"

SCREENS = {
    "quick": summary(),
    "fails": summary(
        outcome="fail",
        slos=(FAILS, HOLDS, OPEN),
        caveats=(NOTE,),
        steps=(step("list"), step("detail", 60, errors=20), step(None, 61, errors=20)),
        errors=20,
        achieved_per_s=488.0,
    ),
    "invalid": summary(outcome="undecided", validity="invalid", caveats=(VOID, NOTE)),
    "doubtful": summary(validity="doubtful", caveats=(DOUBT,)),
    "nothing": summary(requests=0, validity="invalid", caveats=(NOTHING,), steps=(step("get"),)),
}


def screen(found: Summary, *, color: bool = False, width: int = 100) -> str:
    return summary_text(found, color=color, width=width, next_step="loadstone show last")


@pytest.mark.parametrize("name", SCREENS)
def test_the_whole_screen(name: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    assert screen(SCREENS[name]) + "\n" == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCREENS)
def test_colour_adds_nothing_but_colour(name: str) -> None:
    coloured = screen(SCREENS[name], color=True)
    assert re.sub(r"\x1b\[[0-9]+m", "", coloured) == screen(SCREENS[name])
    assert "\x1b[" in coloured
    assert "\x1b" not in screen(SCREENS[name])


@pytest.mark.parametrize("width", [72, 80, 120])
def test_sentences_keep_to_the_width(width: int) -> None:
    for line in screen(SCREENS["fails"], width=width).splitlines():
        assert len(line) <= max(width, 88), line


def test_hostile_names_cannot_drive_the_terminal() -> None:
    hostile = summary(steps=(step("\x1b[2Jgone\n", errors=1), step("b", journey="\x07")), errors=1)
    text = screen(hostile)
    assert "\x1b" not in text
    assert "\\x1b[2Jgone\\n" in text
    assert plain("häßlich 日本") == "häßlich 日本"


def test_runs_are_a_line_each() -> None:
    text = runs_text([manifest(summary()), manifest()])
    assert len(text.splitlines()) == 3
    assert "12.4 ms" in text
    assert "running" in text
    assert runs_text([]) == "no runs"
    assert max(map(len, runs_text([manifest(summary(), command=("x" * 300,))], width=90).splitlines())) == 90


def test_runs_in_colour_read_the_same() -> None:
    runs = [manifest(summary()), manifest(summary(outcome="fail", slos=(FAILS,)))]
    assert re.sub(r"\x1b\[[0-9]+m", "", runs_text(runs, color=True)) == runs_text(runs)


def test_a_sparkline_goes_from_nothing_to_its_maximum() -> None:
    assert sparkline([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([1.0, None, 1.0], 3) == "█ █"
    assert sparkline([0.0, 0.0], 5) == "▁▁"
    assert sparkline([], 5) == sparkline([1.0], 0) == ""


@given(
    st.lists(st.one_of(st.none(), st.floats(min_value=0, max_value=1e9)), min_size=1, max_size=300), st.integers(1, 80)
)
def test_a_sparkline_never_loses_a_spike(values: list[float | None], width: int) -> None:
    line = sparkline(values, width)
    assert len(line) == min(width, len(values))
    measured = [value for value in values if value is not None]
    assert ("█" in line) == (max(measured, default=0.0) > 0)
