"""The answer in one sentence."""

from __future__ import annotations

import msgspec
import pytest

from loadstone.model.run import Caveat, Summary
from loadstone.render.headline import headline, measured_against
from tests.render.runs import DOUBT, FAILS, HOLDS, NOTE, OPEN, VOID, summary

BEHIND = Caveat("falling-behind", "note", ("latency",), "It.", "Do.")


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (summary(), "p99 is 12.4 ms at 500 requests a second, without errors."),
        (summary(caveats=(NOTE,)), "p99 is 12.4 ms at 500 requests a second, without errors."),
        (summary(errors=15), "p99 is 12.4 ms at 500 requests a second, with 0.100 % errors."),
        (summary(requests=300), "p90 is 5.01 ms at 10.0 requests a second, without errors."),
        (summary(requests=30), "The median is 3.10 ms at 1.00 requests a second, without errors."),
        (summary(requests=0), "Nothing was measured."),
        (summary(errors=14_994), "Every one of 14,994 requests failed."),
        (
            summary(caveats=(BEHIND,)),
            "p99 is 12.4 ms at 500 requests a second, without errors; it falls behind what is offered.",
        ),
        (summary(outcome="fail", slos=(HOLDS, FAILS)), "detail is fast fails: p99 812 ms, should be under 300 ms."),
        (summary(outcome="pass", slos=(HOLDS,)), "few errors holds: errors 0 %, should be under 0.1 %."),
        (
            summary(outcome="pass", slos=(HOLDS, HOLDS)),
            "All 2 objectives hold; few errors: errors 0 %, should be under 0.1 %.",
        ),
        (
            summary(outcome="fail", slos=(FAILS, FAILS, HOLDS)),
            "2 of 3 objectives fail; detail is fast: p99 812 ms, should be under 300 ms.",
        ),
        (
            summary(validity="invalid", caveats=(VOID,)),
            "Invalid: the generator's busiest thread took over 90 % of a core in 40.0 % of the measured time: "
            "latency holds the generator's own queue.",
        ),
        (
            summary(validity="doubtful", caveats=(DOUBT,)),
            "Doubtful: p99 is 12.4 ms at 500 requests a second, without errors.",
        ),
    ],
)
def test_the_sentence(found: Summary, sentence: str) -> None:
    assert headline(found) == sentence


def test_undecided_says_why() -> None:
    assert headline(summary(outcome="undecided", slos=(OPEN, HOLDS))).startswith(
        "list is fast is undecided: 10 of 1,500 requests were bad"
    )


def test_an_objective_that_cannot_be_read_is_shown_as_it_is() -> None:
    assert measured_against(msgspec.structs.replace(FAILS, objective="soon")) == "soon"
    assert measured_against(msgspec.structs.replace(FAILS, value=None)) == "p99 not measured, should be under 300 ms"
    assert measured_against(OPEN) == "99.3 % of requests under 50 ms, should be 99 %"
