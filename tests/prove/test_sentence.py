"""The answer in one sentence or two."""

from __future__ import annotations

import pytest

from loadstone.model.comparison import Comparison
from loadstone.prove.compare import compare
from tests.prove.made import SIDES, Changed, counted, design, diagnosis, finding, operation, pairs, slo


def judged(count: int = 10, *, b: float = 1.0, changed: Changed | None = None, cured: bool | None = None) -> Comparison:
    told = None if cured is None else finding()
    sides = None
    if told is not None:
        often = operation(12.0, 0.011)
        a = counted(operations=[often], diagnosis=diagnosis(told))
        sides = a, counted(operations=[operation(1.0, 0.001) if cured else often], side="B", diagnosis=diagnosis())
    return compare(SIDES, design(count), pairs(count, b=b, changed=changed), counted=sides, finding=told)


def test_each_verdict_has_its_sentence() -> None:
    assert judged(b=0.5).sentence.startswith("Faster: p95 response is 0.50 [0.49, 0.51] B/A.")
    assert judged(b=2.0).sentence.startswith("Slower: p95 response is 2.00 [1.96, 2.04] B/A.")
    assert judged().sentence == "Not worse: p95 response is 1.00 [0.98, 1.02] B/A, within its margin."


def test_the_stated_reason() -> None:
    moved = "the statement on review went from 12 a request to 1"
    assert judged(b=0.5, cured=True).sentence == f"Faster, for the stated reason: {moved}."
    assert judged(b=0.5, cured=False).sentence == (
        "Faster, not for the stated reason: the statement on review stayed at 12 a request."
    )
    nothing = judged(cured=True).sentence
    assert nothing.startswith("No effect: p99 response of browse.detail is 1.00 [0.98, 1.02] B/A, within its margin")
    assert nothing.endswith(f"; {moved}.")


def test_what_became_faster_is_told_beside_what_paid_for_it() -> None:
    cost: Changed = {(at, "B"): {"service_cpu_s": 9.0} for at in range(10)}
    assert judged(b=0.5, changed=cost).sentence.startswith("Slower: CPU a request is ")
    assert judged(b=0.5, changed=cost).sentence.endswith("; yet p95 response is 0.50 [0.49, 0.51] B/A.")
    assert judged(b=0.5, changed=cost, cured=True).sentence.endswith("0.50 [0.49, 0.51] B/A, for the stated reason.")


def test_an_open_answer_says_what_moved_all_the_same() -> None:
    few = judged(4, b=0.5, cured=True).sentence
    assert few == (
        "Undecided: 4 pairs are too few to bound p99 response of browse.detail; 6 are the fewest. "
        "The blamed component did move: the statement on review went from 12 a request to 1."
    )
    assert "did move" not in judged(4, b=0.5, cured=False).sentence
    dead = judged(8, cured=True, changed={(3, "B"): {"ended": "exit status 1"}}).sentence
    assert dead.startswith(
        "Invalid: side B in pair 4: the service ended during the run, with exit status 1. The blamed"
    )


def test_an_objective_of_failures_is_told_by_its_levels() -> None:
    asked = [slo("few fail", None, "errors < 1%")]

    def sentence(a: int, b: int) -> str:
        results = {side: {"200": 1_200 - bad, "503": bad} if bad else None for side, bad in (("A", a), ("B", b))}
        changed: Changed = {(at, side): {"results": results[side]} for at in range(10) for side in "AB"}
        return compare(SIDES, design(), pairs(changed=changed), slos=asked).sentence

    assert sentence(0, 0) == "Not worse: errors stayed at 0 %, within its margin."
    assert sentence(60, 0) == "Faster: errors went from 5 % to 0 %."
    assert sentence(0, 60) == "Slower: errors went from 0 % to 5 %."


def test_the_pairs_that_would_decide() -> None:
    spread = 0.12
    found = compare(SIDES, design(), pairs(10, spread=spread))
    assert found.verdict == "undecided"
    more = next(one for one in found.metrics if one.judged).pairs_to_decide
    assert more is not None
    assert found.sentence.endswith(f"; about {more} pairs would decide.")


def test_no_number_reads_on_the_wrong_side_of_its_verdict() -> None:
    """An end of 0.998 does not read 1.00."""
    for b in (0.95, 0.96, 0.97, 0.975, 0.98):
        found = judged(b=b)
        high = float(found.sentence.partition(", ")[2].partition("]")[0])
        assert (high < 1) == (found.verdict == "faster")


@pytest.mark.parametrize("b", [0.3, 0.97, 1.0, 1.06, 3.0])
def test_it_is_one_sentence_without_loose_ends(b: float) -> None:
    for count in (3, 6, 10):
        text = judged(count, b=b).sentence
        assert text.endswith(".")
        assert not text.endswith("..")
        assert "None" not in text
        assert "nan" not in text
