"""The screen and the Markdown of a diagnosis, whole, against golden files; and what no text may do to either."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loadstone.model.finding import Bounded, Diagnosis, Fact, FindingEvidence, Predicted
from loadstone.render.diagnosis_markdown import BEFORE_FOLD, code, diagnosis_markdown, prose
from loadstone.render.diagnosis_text import change, diagnosis_text, few, gain, looked, tied
from tests.render.causes_specimens import DIAGNOSES, N_PLUS_1, POOL, blind, founding, hostile, nothing

GOLDEN = Path(__file__).parent / "golden" / "causes"


@pytest.mark.parametrize("name", DIAGNOSES)
def test_the_whole_screen(name: str) -> None:
    assert diagnosis_text(DIAGNOSES[name]()) + "\n" == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", DIAGNOSES)
def test_the_whole_markdown(name: str) -> None:
    assert diagnosis_markdown(DIAGNOSES[name]()) + "\n" == (GOLDEN / f"{name}.md").read_text("utf-8")


def test_the_example_fits_a_narrow_terminal() -> None:
    assert max(len(line) for line in diagnosis_text(founding(), width=60).splitlines()) <= 60


def test_colour_adds_nothing_but_colour() -> None:
    for make in DIAGNOSES.values():
        coloured = diagnosis_text(make(), color=True)
        assert re.sub(r"\x1b\[\d+m", "", coloured) == diagnosis_text(make())
    assert "\x1b[31m1\x1b[0m  N+1 statements" in diagnosis_text(founding(), color=True)


def test_the_next_step_stands_last() -> None:
    assert diagnosis_text(founding(), next_step="loadstone serve").splitlines()[-1] == "next    loadstone serve"


def many(count: int) -> Diagnosis:
    return replace(founding(), findings=tuple(replace(N_PLUS_1, rank=at + 1) for at in range(count)))


@pytest.mark.parametrize("diagnosis", [*(make() for make in DIAGNOSES.values()), many(9)])
def test_ten_lines_stand_before_the_fold(diagnosis: Diagnosis) -> None:
    before = diagnosis_markdown(diagnosis).partition("<details>")[0].rstrip()
    assert len(before.splitlines()) <= BEFORE_FOLD


def test_causes_beyond_the_third_are_counted() -> None:
    assert "And 6 more, see below." in diagnosis_markdown(many(9))


def test_units_are_said_once_where_they_are_one() -> None:
    assert change(0.812, Bounded(0.19, 0.16, 0.24)) == "812 -> 190 ms [160, 240]"
    assert change(1.2, Bounded(0.19, 0.16, 0.24)) == "1.20 s -> 190 ms [160 ms, 240 ms]"
    assert change(0.002, Bounded(0.0, 0.0, 0.001)) == "2.00 -> 0 ms [0, 1.00]"


def test_a_refused_number_leaves_the_least_and_the_reason() -> None:
    assert gain(POOL).startswith("p99 at least 4.00 ms less; not predicted: the service was busier")
    assert gain(replace(POOL, predicted=Predicted(refused="no clock"))) == "no number; not predicted: no clock"
    assert gain(replace(POOL, predicted=None)) == "not predicted"
    assert gain(replace(POOL, predicted=Predicted())) == "no number; not predicted: too few requests to tell"


def test_facts_beyond_the_sixth_are_counted() -> None:
    assert few(["a", "b", "c"], 2) == ["a", "b", "c"]
    assert few(["a", "b", "c", "d"], 2) == ["a", "b", "and 2 more"]
    facts = tuple(Fact(f"fact {at}") for at in range(20))
    many_facts = replace(founding(), findings=(replace(N_PLUS_1, evidence=FindingEvidence(facts)),))
    assert "and 15 more" in diagnosis_text(many_facts)
    assert "- for: and 9 more" in diagnosis_markdown(many_facts)


def test_ties_name_the_others() -> None:
    three = [replace(N_PLUS_1, rank=rank, tie=7) for rank in (1, 2, 3)]
    assert tied(three[0], three) == "2 and 3"
    assert tied(three[0], three[:2]) == "2"
    assert tied(N_PLUS_1, three) == ""


def test_nobody_who_could_not_look_says_clean() -> None:
    assert looked(nothing()) == "looked for 20 faults, found nothing"
    assert looked(blind()).startswith("looked for nothing; could not look for 20: ")
    assert "found nothing" not in looked(blind())


def test_a_terminal_is_told_nothing_that_it_obeys() -> None:
    text = diagnosis_text(hostile("\x1b]0;owned\x07\r\x9b2J\u202e\n"))
    assert all(char.isprintable() or char == "\n" for char in text)


def unescaped(text: str, marks: str) -> list[str]:
    return re.findall(rf"(?<!\\)(?:\\\\)*[{re.escape(marks)}]", text)


@given(st.text(max_size=60))
def test_prose_is_one_line_of_text(text: str) -> None:
    told = prose(text)
    assert "\n" not in told
    assert "<" not in told
    assert not unescaped(told, "`*|~$")
    assert "](" not in told
    assert not re.match(r"[#+>=\[-]|\d\d?[.)](\s|$)", told)
    assert not re.search(r"@\w|://|#\d(?!\d*;)", told)


@given(st.text(alphabet="a`| \n", max_size=30))
def test_a_code_span_ends_where_it_should(text: str) -> None:
    span = code(text, table=True)
    if not text.split():
        assert span == ""
        return
    fence = re.match("`+", span)
    assert fence is not None
    assert span.endswith(fence[0])
    inside = span[len(fence[0]) : -len(fence[0])]
    assert not re.search(rf"(?<!`)`{{{len(fence[0])}}}(?!`)", inside)
    assert not unescaped(inside, "|")


def test_names_stay_readable() -> None:
    assert (
        prose("No index on review (product_id): 1.5 -> 2 [1, 3]") == "No index on review (product_id): 1.5 -> 2 [1, 3]"
    )
    assert prose("@team https://a.b #12 [x](y) _z_") == ("@\u200bteam https&#58;//a.b #\u200b12 [x]\\(y) \\_z\\_")
