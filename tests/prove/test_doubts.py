"""Doubts: a leak, a drift, disturbances, failures of a few runs. With each it is undecided, with the reason."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from loadstone.model.comparison import Comparison
from loadstone.model.side_run import SideRun
from loadstone.prove.compare import compare
from loadstone.prove.doubts import drifting
from loadstone.stats.histogram import Histogram, bucket_of, bucket_span
from tests.prove.made import SIDES, Changed, caveat, counted, design, pairs

MIB = 2**20


def judged(runs: list[SideRun], count: int = 10, **more: object) -> Comparison:
    return compare(SIDES, design(count), runs, **more)  # type: ignore[arg-type]


def codes(comparison: Comparison) -> dict[str, str]:
    return {one.code: one.level for one in comparison.caveats}


def growing(side: str, each: int, count: int = 10) -> Changed:
    return {(pair, side): {"service_rss_bytes": (80 + each * pair) * MIB} for pair in range(count)}


def test_a_leak_of_one_side() -> None:
    for side in "AB":
        found = judged(pairs(10, b=0.5, changed=growing(side, 8)))
        assert found.verdict == "undecided"
        assert codes(found)["leaks"] == "doubt"
        assert f"side {side} grew by 48.0 MiB" in found.sentence


def test_both_sides_that_grow_alike_are_told_only() -> None:
    found = judged(pairs(10, changed=growing("A", 8) | growing("B", 9)))
    assert (found.verdict, codes(found)["both-leak"]) == ("not-worse", "note")


def test_memory_that_settles_or_wobbles_is_no_leak() -> None:
    random = np.random.default_rng(2)
    wobble = {(pair, "B"): {"service_rss_bytes": int(random.uniform(80, 130)) * MIB} for pair in range(10)}
    settles = {(pair, "B"): {"service_rss_bytes": (60 if pair == 0 else 100) * MIB} for pair in range(10)}
    for changed in (wobble, settles, growing("B", 1)):
        assert "leaks" not in codes(judged(pairs(10, changed=changed)))


def test_a_ratio_that_moves_is_not_one_number() -> None:
    for step in (-0.03, 0.03):
        found = judged(pairs(10, changed={(at, "B"): {"times": math.exp(step * at)} for at in range(10)}))
        assert found.verdict == "undecided"
        assert codes(found)["drift"] == "doubt"
        assert "moved while it was measured" in found.sentence
        assert next(one for one in found.metrics if one.judged).verdict != "faster"


def test_a_ratio_that_holds_still_is_no_drift() -> None:
    random = np.random.default_rng(3)
    alarms = sum(drifting(random.normal(0.1, 0.05, 10).tolist(), math.log(1.05)) is not None for _ in range(300))
    assert alarms <= 10  # of 3 expected at .01; 11 have a chance of 2e-4
    assert drifting([0.001 * at for at in range(10)], math.log(1.05)) is None  # moves by less than any verdict
    assert drifting([0.3 * at for at in range(5)], math.log(1.05)) is None  # too few to tell


def test_both_sides_drifting_alike_is_no_drift() -> None:
    changed = {(at, side): {"times": 1.05**at} for at in range(10) for side in "AB"}
    assert judged(pairs(10, changed=changed)).verdict == "not-worse"


def test_pressure_midway_leaves_pairs_out() -> None:
    changed: Changed = {(4, "A"): {"caveats": (caveat(),)}, (5, "B"): {"caveats": (caveat(),), "times": 3.0}}
    found = judged(pairs(12, changed=changed), 12)
    assert (found.verdict, found.design.pairs) == ("not-worse", 10)
    assert codes(found)["pairs-left-out"] == "note"
    assert [row.left_out for row in found.pairs if row.left_out] == [
        "A: The host was under pressure.",
        "B: The host was under pressure.",
    ]


def test_too_much_pressure_is_undecided() -> None:
    changed = {(at, "AB"[at % 2]): {"caveats": (caveat(),)} for at in range(6)}
    found = judged(pairs(12, b=0.5, changed=changed), 12)
    assert found.verdict == "undecided"
    assert "6 of 12 pairs were disturbed and left out" in found.sentence


def test_too_few_pairs_left_is_undecided_for_that_reason() -> None:
    changed = {(at, "AB"[at % 2]): {"caveats": (caveat(),)} for at in range(2)}
    found = judged(pairs(7, b=0.5, changed=changed), 7)
    assert found.verdict == "undecided"
    assert "2 of 7 pairs were disturbed and left out (A: The host was under pressure)" in found.sentence


def of_side(side: str, at: tuple[int, ...], code: str = "host-pressure", times: float = 1.0) -> Changed:
    return {(pair, side): {"caveats": (caveat(code=code),), "times": times} for pair in at}


def test_what_disturbs_a_side_alone_is_kept_and_cannot_make_it_faster() -> None:
    for b, verdict in ((0.5, "faster"), (1.0, "not-worse"), (2.0, "undecided")):
        found = judged(pairs(10, b=b, changed=of_side("B", (1, 4, 6), times=b)))
        assert (found.verdict, found.design.pairs) == (verdict, 10)
        assert codes(found)["disturbed-by-a-side"] == ("doubt" if verdict == "undecided" else "note")
    assert "Side B alone was disturbed, again and again" in found.caveats[-2].message


def test_what_disturbs_the_base_alone_cannot_make_it_slower() -> None:
    for b, verdict in ((0.5, "undecided"), (1.0, "undecided"), (2.0, "slower")):
        found = judged(pairs(10, b=b, changed=of_side("A", (1, 4, 6))))
        assert (found.verdict, found.design.pairs) == (verdict, 10)


def test_a_side_slowed_by_its_disturbance_is_not_taken_for_faster() -> None:
    """Every run of A is late by as much as B seems faster."""
    found = judged(pairs(10, changed=of_side("A", (*range(10),), times=2.0)))
    assert found.verdict == "undecided"
    assert "side A alone was disturbed" in found.sentence


def test_disturbances_of_both_sides_are_left_out() -> None:
    found = judged(pairs(14, changed=of_side("B", (1, 4, 6)) | of_side("A", (8,))), 14)
    assert (found.verdict, found.design.pairs) == ("not-worse", 10)
    assert codes(found)["pairs-left-out"] == "note"


def test_other_doubts_of_one_side_alone_are_undecided() -> None:
    for b in (0.5, 1.0, 2.0):
        found = judged(pairs(13, b=b, changed=of_side("B", (1, 4, 6), code="littles-law", times=b)), 13)
        assert found.verdict == "undecided"
        assert "3 runs of side B were disturbed and none of the other" in found.sentence


def test_a_side_whose_runs_are_always_stopped() -> None:
    found = judged(pairs(10, changed={(at, "B"): {"complete": False} for at in range(10)}))
    assert found.verdict == "undecided"
    assert "side B" in found.sentence


def test_failures_of_one_run() -> None:
    found = judged(pairs(10, b=0.5, changed={(3, "B"): {"times": 0.5, "results": {"200": 1_140, "timeout": 60}}}))
    assert found.verdict == "undecided"
    assert "timeout: 0 % of A's answers, 0.500 % of B's" in found.sentence
    assert codes(found)["failures-of-a-side"] == "doubt"


def test_a_doubt_does_not_excuse_a_count() -> None:
    more = (counted(2.0), counted(3.0, side="B"))
    found = judged(pairs(10, changed=growing("B", 8)), counted=more)
    assert (found.verdict, found.sentence) == ("slower", "Slower: statements a request went from 2 to 3.")


@pytest.mark.parametrize("b", [0.5, 1.0, 2.0])
def test_no_doubt_ever_passes(b: float) -> None:
    """Whatever the ratio: each fault in turn is neither faster nor not-worse."""
    faults: list[Changed] = [
        growing("B", 8),
        {(at, "B"): {"caveats": (caveat(code="littles-law"),)} for at in range(4)},
        {(at, "AB"[at % 2]): {"caveats": (caveat(),)} for at in range(6)},
        {(at, "B"): {"results": {"200": 1_100, "reset": 100}} for at in range(10)},
        {(2, "B"): {"results": {"200": 1_100, "timeout": 100}}},
        {(2, "B"): {"ended": "exit status 1"}},
        {(2, "A"): {"caveats": (caveat("void"),)}},
        {(2, "B"): {"offered_per_s": 20.0}},
        {(at, "B"): {"complete": False} for at in range(3, 10)},
    ]
    for fault in faults:
        merged = {key: {"times": b if key[1] == "B" else 1.0} | own for key, own in fault.items()}
        found = judged(pairs(10, b=b, changed=merged))
        assert found.verdict in ("undecided", "invalid"), (found.sentence, fault)
        assert found.sentence.startswith(("Undecided: ", "Invalid: "))


def lagging(run: SideRun, lag_s: float, share: float) -> SideRun:
    """Its generator was late with that share of the requests, those below the median."""
    rows = sorted(run.whole.service.buckets())
    waited = Histogram()
    left = round(share * run.whole.requests)
    for bucket, count in rows:
        late = min(count, left)
        left -= late
        middle = bucket_span(bucket)[0]
        for number, value in ((late, middle + round(lag_s * 1e9)), (count - late, middle)):
            if number:
                waited.add(number, value, value, number * value, [(bucket_of(value), number)])
    whole = replace(run.whole, response=waited)
    return replace(run, whole=whole, caveats=(caveat(code="late-schedule"),))


def test_lateness_that_did_not_move_what_is_judged_is_no_disturbance() -> None:
    def with_lag(lag_s: float) -> Comparison:
        return judged([lagging(run, lag_s, 0.5) if run.pair % 3 == 0 else run for run in pairs(12, b=0.5)], 12)

    small, large = with_lag(0.004), with_lag(0.3)
    assert (small.verdict, small.design.pairs) == ("faster", 12)
    assert large.design.pairs == 8
    assert [row.left_out is None for row in large.pairs] == [bool(at % 3) for at in range(12)]
    median = next(one for one in small.metrics if one.name == "p50 response")
    assert (len(median.values), median.note) == (8, "measured in 8 of 12 pairs")
    assert median.verdict == "undecided"
