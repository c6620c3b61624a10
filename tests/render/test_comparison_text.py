"""The screen and the Markdown of a comparison, whole, against golden files; and what no text may do to either."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loadstone.model.comparison import Comparison
from loadstone.model.run import Caveat
from loadstone.render.comparison_markdown import comparison_markdown, deciding
from loadstone.render.comparison_text import (
    comparison_text,
    design_line,
    least,
    moved_line,
    shown_metrics,
    told_verdict,
)
from loadstone.render.diagnosis_markdown import BEFORE_FOLD
from tests.render.comparison_specimens import (
    COMPARISONS,
    COUNTED_ONLY,
    DESIGN,
    FOR_THE_REASON,
    INVALID,
    MOVED,
    P50,
    P99,
    PREDICTED,
    SLOWER,
    STATEMENTS,
    THROUGHPUT,
    UNDECIDED,
    hostile,
)

GOLDEN = Path(__file__).parent / "golden" / "comparisons"
WIDTHS = (60, 100)

DRAWN = """\
10 interleaved pairs, 4 min 12 s                     A        B     B/A                 predicted
p99 response                                    812 ms   201 ms     0.25 [0.21, 0.29]   0.23 [0.20, 0.30]
p50 response                                   3.10 ms  3.08 ms     0.99 [0.98, 1.01]
statements a request                              3.17     2.00     by count
Faster, for the stated reason: the reviews statement went from 1.17 a request to 0.
"""


def screen(comparison: Comparison, width: int = 100, *, color: bool = False) -> str:
    return comparison_text(comparison, width=width, color=color, report="experiments/5c1d/report.html")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", COMPARISONS)
def test_the_whole_screen(name: str, width: int) -> None:
    assert screen(COMPARISONS[name], width) + "\n" == (GOLDEN / f"{name}-{width}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_whole_markdown(name: str) -> None:
    assert comparison_markdown(COMPARISONS[name]) + "\n" == (GOLDEN / f"{name}.md").read_text("utf-8")


def test_the_table_stands_as_it_was_drawn() -> None:
    assert DRAWN in screen(FOR_THE_REASON, 110)


@pytest.mark.parametrize("width", [60, 72, 100, 110])
@pytest.mark.parametrize("name", COMPARISONS)
def test_lines_keep_to_the_width(name: str, width: int) -> None:
    assert max(len(line) for line in screen(COMPARISONS[name], width).splitlines()) <= width


@pytest.mark.parametrize("name", COMPARISONS)
def test_colour_adds_nothing_but_colour(name: str) -> None:
    coloured = screen(COMPARISONS[name], color=True)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == screen(COMPARISONS[name])
    assert "\x1b[" in coloured


def test_what_is_not_valid_says_so_before_any_number() -> None:
    for one in (INVALID, UNDECIDED):
        text = screen(one)
        assert text.index(one.sentence[:20]) < text.index("p95 response  ")
    assert screen(INVALID).index("Killed") < screen(INVALID).index("20.5 ms")
    valid = screen(FOR_THE_REASON)
    assert valid.index("812 ms") < valid.index("Faster, for")


def test_an_invalid_measurement_gives_no_metric_a_verdict() -> None:
    assert not re.search(r"^(faster|slower|not-worse|better|worse) ", screen(INVALID), re.MULTILINE)


def test_pairs_left_out_are_counted_and_told() -> None:
    assert design_line(UNDECIDED) == "8 interleaved pairs and 2 left out, 3 min 51 s"
    assert "pair 3: the host was short of CPU" in screen(UNDECIDED)
    assert design_line(COUNTED_ONLY) == "no pairs, counted in one run a side, 41.0 s"
    once = replace(FOR_THE_REASON, design=replace(DESIGN, pairs=1, order=("AB",)))
    assert design_line(once).startswith("1 interleaved pair,")


def test_what_matters_is_shown_where_there_is_much() -> None:
    filler = [replace(P50, journey="browse", step=f"step{at}") for at in range(30)]
    late = replace(P50, journey="browse", step="late", verdict="slower")
    told = replace(SLOWER, metrics=(*filler, P99, STATEMENTS, late))
    shown = shown_metrics(told)
    assert len(shown) == 12
    assert {P99, STATEMENTS, late} <= set(shown)
    assert "and 21 metrics more, with --json or in the report" in screen(told)
    assert "And " not in comparison_markdown(told)


def test_more_and_less_are_better_and_worse_where_no_time_is_meant() -> None:
    assert told_verdict(P99) == "faster"
    assert told_verdict(replace(THROUGHPUT, verdict="slower")) == "worse"
    assert told_verdict(replace(P50, name="CPU a request", verdict="faster")) == "better"
    assert told_verdict(P50) == "not-worse"


def test_the_number_that_decided_it_is_the_one_with_the_verdict() -> None:
    assert deciding(FOR_THE_REASON) == P99
    assert deciding(COUNTED_ONLY) == COUNTED_ONLY.metrics[0]
    judged_held = replace(SLOWER, metrics=(replace(P99, verdict="not-worse"), *SLOWER.metrics[1:]))
    found = deciding(judged_held)
    assert found is not None
    assert found.name == "statements a request"
    assert deciding(replace(SLOWER, metrics=())) is None


def test_a_refused_prediction_says_why_and_what_stands() -> None:
    refused = replace(PREDICTED, refused="the service was saturated", p99_s=None)
    text = screen(replace(FOR_THE_REASON, predicted=refused))
    assert "0.25 [0.21, 0.29]   not predicted" in text
    assert "predicted  at least 500 ms less; no number was predicted: the service was saturated" in text
    assert least(PREDICTED) is None
    assert least(replace(refused, service=None)) == "no number was predicted: the service was saturated"


@pytest.mark.parametrize("comparison", [*COMPARISONS.values(), hostile("x" * 900)])
def test_ten_lines_stand_before_the_fold(comparison: Comparison) -> None:
    before = comparison_markdown(comparison).partition("<details>")[0].rstrip()
    assert len(before.splitlines()) <= BEFORE_FOLD


def test_a_terminal_is_told_nothing_that_it_obeys() -> None:
    text = screen(hostile("\x1b]0;owned\x07\r\x9b2J\u202e\n"))
    assert all(char.isprintable() or char == "\n" for char in text)


@given(st.text(max_size=40))
def test_no_label_becomes_markup(text: str) -> None:
    marked = comparison_markdown(hostile(text))
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", marked)
    assert re.sub(r"</?details>|</?summary>", "", outside).count("<") == 0
    assert not re.search(r"(?<!\\)\]\(", outside)
    assert not re.search(r"@\w|://", outside)


@given(st.text(max_size=40))
def test_a_table_keeps_its_columns(text: str) -> None:
    lines = comparison_markdown(hostile(text)).splitlines()
    for at, line in enumerate(lines):
        if re.fullmatch(r"(\|-+:?)+\|", line.replace("--:", "--")):
            columns = line.count("|")
            rows = [lines[at - 1], *(each for each in lines[at + 1 :] if each.startswith("|"))][:2]
            assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {columns}


def test_labels_are_told_with_their_commit() -> None:
    head = screen(SLOWER).splitlines()[0]
    assert head == "A  main (4f2a9c01d7)   B  fix/reviews (b71c33e08a), changed since"
    assert "with changes" in comparison_markdown(SLOWER)


def test_a_long_label_keeps_to_its_line() -> None:
    sides = tuple(replace(side, label="python -m service --flag " * 9) for side in FOR_THE_REASON.sides)
    lines = screen(replace(FOR_THE_REASON, sides=sides), 60).splitlines()
    assert [len(line) <= 60 for line in lines[:2]] == [True, True]
    assert [line[0] for line in lines[:2]] == ["A", "B"]


def test_a_doubt_that_the_answer_tells_is_not_told_twice() -> None:
    doubt = UNDECIDED.caveats[0]
    told = replace(UNDECIDED, sentence=f"Undecided: {doubt.message[0].lower()}{doubt.message[1:]}")
    assert screen(told).count("was short of CPU in 2 of 20 runs") == 1
    assert "doubt      Repeat it while nothing else runs." in screen(told)


def test_a_long_statement_is_cut_and_its_place_told() -> None:
    statement = f"SELECT {', '.join(f'column_{at}' for at in range(40))} FROM review"
    moved = replace(MOVED, label=statement, sentence=f"{statement} went from 1 to 0 a request")
    line = moved_line(moved)
    assert line.startswith("SELECT column_0, column_1")
    assert line.endswith("… went from 1 to 0 a request (shop/views.py:88)")
    assert len(line) < 130
    assert moved_line(replace(moved, sentence="", label="")) == " (shop/views.py:88)"


def test_many_pairs_left_out_are_counted() -> None:
    pairs = tuple(replace(one, left_out="late") for one in FOR_THE_REASON.pairs)
    text = screen(replace(FOR_THE_REASON, pairs=pairs))
    assert (
        "left out   pair 1: late\n           pair 2: late\n           pair 3: late\n           and 7 more pairs" in text
    )
    assert "pair 4: late" in screen(replace(FOR_THE_REASON, pairs=pairs[:4]))


def test_a_veto_is_told_once_with_what_to_do() -> None:
    void = Caveat("dead", "void", (), "Side B ended during pair 3, with status 137: Killed.", "Look at its log.")
    text = screen(replace(INVALID, caveats=(void,)))
    assert text.count("Killed") == 1
    assert "invalid    Side B ended during pair 3, with status 137: Killed.\n           Look at its log." in text
    many = screen(replace(INVALID, vetoed=tuple(f"reason {at}" for at in range(9))))
    assert "reason 3\n           and 5 more reasons" in many
