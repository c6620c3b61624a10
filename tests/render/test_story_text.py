"""The end of the demo's story, whole, and what it says where the loop does not close."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from loadstone.model.comparison import Comparison
from loadstone.model.finding import Bounded
from loadstone.render.story_text import closing, story_text
from tests.render.comparison_specimens import FOR_THE_REASON, INVALID, NO_EFFECT, NOT_FOR_IT, P99, PREDICTED, SLOWER

GUARDRAIL = '[guardrails]\n"statements of browse.detail" = "+0"\n\n[[slo]]\nname = "detail is fast"\n'

WHOLE = """\
the fix    one statement joins the reviews with their authors
predicted  p99 response 812 ms -> 187 ms [162 ms, 244 ms] as observed, B/A 0.23 [0.20, 0.30]
measured   p99 response 812 ms -> 201 ms [170 ms, 235 ms] bare, B/A 0.25 [0.21, 0.29]; 10 pairs of
           10 s, about 1,200 requests a run

guardrail  lines for loadstone.toml, kept in experiments/5c1d/guardrail.toml
    [guardrails]
    "statements of browse.detail" = "+0"
    [[slo]]
    name = "detail is fast"

The loop is closed: found, predicted, proved, and held by a guardrail.
report  runs/a/report.html
next    loadstone report last --open"""


def story(comparison: Comparison, **changed: object) -> str:
    given: dict[str, object] = {"cure": "one statement joins the reviews with their authors", "width": 100, **changed}
    return story_text(comparison, **given)  # type: ignore[arg-type]


def test_the_whole_end() -> None:
    told = story(
        FOR_THE_REASON,
        guardrail=GUARDRAIL,
        kept="experiments/5c1d/guardrail.toml",
        report="runs/a/report.html",
        next_step="loadstone report last --open",
    )
    assert told.replace("\u00a0", " ") == WHOLE


@pytest.mark.parametrize(
    ("comparison", "says"),
    [
        (FOR_THE_REASON, "The loop is closed: found, predicted, proved, and held by a guardrail."),
        (NOT_FOR_IT, "The loop stays open: the fix makes it faster, but not for the reason that was named."),
        (
            replace(FOR_THE_REASON, reason=None),
            "The loop stays open: the fix makes it faster, it could not be told why.",
        ),
        (NO_EFFECT, "The loop stays open: the fix was measured, and the verdict is not-worse."),
        (SLOWER, "The loop stays open: the fix was measured, and the verdict is slower."),
        (INVALID, "The loop stays open: the fix was measured, and the verdict is invalid."),
        (None, "The loop stays open: nothing was named that could be proved."),
    ],
)
def test_where_the_loop_broke(comparison: Comparison | None, says: str) -> None:
    assert closing(comparison) == says
    if comparison is not None:
        assert says in " ".join(story(comparison).split())


def test_a_refused_prediction_says_what_stands() -> None:
    refused = replace(PREDICTED, p99_s=None, refused="no count of workers explains when")
    told = " ".join(story(replace(FOR_THE_REASON, predicted=refused)).replace("\u00a0", " ").split())
    assert "p99 response: at least 500 ms less; no number, no count of workers explains when" in told
    nothing = replace(refused, service=Bounded(0.0, -0.1, 0.1))
    assert "at least" not in story(replace(FOR_THE_REASON, predicted=nothing))


def test_the_measured_metric_is_the_one_that_was_foretold() -> None:
    blamed = replace(FOR_THE_REASON.blamed, journey="browse", step="detail")  # type: ignore[type-var]
    there = replace(P99, journey="browse", step="detail", judged=False, a=0.9)
    told = story(replace(FOR_THE_REASON, blamed=blamed, metrics=(P99, there)))
    assert "measured   p99 response of browse.detail 900" in told


def test_words_from_outside_are_text() -> None:
    told = story(FOR_THE_REASON, cure="\x1b[31mred", guardrail="a\x07b\n", kept="\x1b]0;x\x07")
    assert not any(letter in told for letter in "\x1b\x07")
