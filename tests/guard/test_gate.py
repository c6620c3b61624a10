from __future__ import annotations

from itertools import product

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from loadstone.guard.cause import cause_of, new_finding
from loadstone.guard.gate import EXITS, gate, settled, verdict_of
from loadstone.guard.judge import judge
from loadstone.model.comparison import Metric, PairRow
from loadstone.model.finding import Diagnosis, Finding, FindingEvidence, Locus, Roles, Share
from loadstone.model.guard_metric import parse_guard
from loadstone.model.guardrail import GateReport, GateVerdict, Guard, guard_of
from loadstone.model.slo import Slo, parse_objective
from tests.guard.made import comparison, counted, moved, relative, run

P95 = parse_guard("p95 response", "5%", 1)
STATEMENTS = parse_guard("statements", "+0", 2)
DETAIL = parse_guard("statements of browse.detail", "+0", 3)
SLO = Slo("detail is fast", parse_objective("p99 < 300ms"), "browse", "detail")

SAME = relative(1.0, 0.98, 1.02, judged=True)
WORSE = relative(1.2, 1.1, 1.3, judged=True)
OPEN = relative(1.02, 0.9, 1.1, judged=True, pairs_to_decide=30)
ERRORS_OPEN = relative(0.0, -0.01, 0.01, name="errors", margin=0.001, verdict="undecided")
VOID = relative(1.0, 0.9, 1.02, verdict="invalid", note="Side B died in pair 3.")


@pytest.mark.parametrize("verdicts", list(product(["pass", "fail", "undecided", "invalid"], repeat=3)))
def test_a_valid_fail_beats_invalid_beats_undecided_beats_pass(verdicts: tuple[GateVerdict, ...]) -> None:
    result = judge(P95, SAME, comparison())
    found = verdict_of([replace(result, verdict=verdict) for verdict in verdicts])
    expected = next(one for one in ("fail", "invalid", "undecided", "pass") if one in verdicts)
    assert found == expected
    assert EXITS[found] == {"pass": 0, "fail": 1, "undecided": 3, "invalid": 4}[expected]


def test_nothing_held_is_undecided() -> None:
    assert verdict_of([]) == "undecided"
    report = gate(comparison(), [])
    assert report.sentence == "Undecided: there was nothing to hold; write [guardrails] or [[slo]] in the spec."


def test_a_pass_tells_the_judged_number() -> None:
    report = gate(comparison(SAME, counted(2, 2)), [P95, STATEMENTS])
    assert report.verdict == "pass"
    assert report.decided_by == "p95 response"
    assert report.sentence == (
        "Pass: all 2 guardrails hold; p95 response 100 ms -> 100 ms, B/A 1.00 [0.98, 1.02]; 5 % worse is allowed."
    )
    assert report.cause is None


def test_counters_are_told_before_what_pairs_measured() -> None:
    report = gate(comparison(WORSE, counted(2, 3), moves=[moved()]), [P95, STATEMENTS])
    assert report.verdict == "fail"
    assert report.decided_by == "statements a request"
    assert report.sentence == (
        "Fail: statements a request 2.00 -> 3.00, +1.00 by count; +0 is allowed. 2 of 2 guardrails fail."
    )
    assert report.cause == moved()


def test_a_valid_fail_stands_where_the_rest_is_invalid() -> None:
    report = gate(comparison(VOID, counted(2, 3), vetoed=("Side B died in pair 3.",)), [P95, STATEMENTS])
    assert report.verdict == "fail"
    report = gate(comparison(VOID, counted(2, 2), vetoed=("Side B died in pair 3.",)), [P95, STATEMENTS])
    assert (report.verdict, report.decided_by) == ("invalid", "p95 response")
    assert "side B died in pair 3" in report.sentence


def test_a_gate_that_ended_at_its_counters_tells_these_alone() -> None:
    made = comparison(counted(2, 3))
    assert settled(made, [P95, STATEMENTS]) == "statements a request 2.00 -> 3.00, +1.00 by count; +0 is allowed."
    assert settled(made, [P95, STATEMENTS], every=True) is None
    report = gate(made, [P95, STATEMENTS], ended=True)
    assert [one.guard for one in report.results] == [STATEMENTS]
    assert [caveat.code for caveat in report.caveats] == ["ended-at-counters"]


@pytest.mark.parametrize("metrics", [[counted(2, 2)], [], [counted(3, 2)], [counted(2, 2.1, low=-0.1, high=0.3)]])
def test_counters_that_hold_do_not_end_it(metrics: list[Metric]) -> None:
    assert settled(comparison(*metrics), [P95, STATEMENTS]) is None


PAIR = PairRow(0, "AB", 1, None, None)


@pytest.mark.parametrize(
    ("metrics", "every", "ends"),
    [
        ([SAME, counted(2, 2)], False, True),
        ([OPEN, counted(2, 2)], False, False),
        ([WORSE], False, True),
        ([WORSE, ERRORS_OPEN], False, True),
        ([WORSE, ERRORS_OPEN], True, False),
        ([WORSE], True, True),
        ([OPEN, counted(2, 3)], True, False),
        ([SAME, counted(2, 2.1, low=-0.1, high=0.3)], False, True),  # no pair can settle a counter
        ([], False, False),
    ],
)
def test_a_look_ends_it_when_nothing_is_left_to_measure(metrics: list[Metric], every: bool, ends: bool) -> None:
    made = replace(comparison(*metrics), pairs=(PAIR,) * 6)
    guards = [P95, STATEMENTS, parse_guard("errors", "+0.1%", 4)]
    assert (settled(made, guards, every=every) is not None) == ends


def test_objectives_are_judged_once_at_the_end() -> None:
    made = replace(comparison(OPEN), pairs=(PAIR,) * 6)
    assert settled(made, [guard_of(SLO)]) is None


def test_a_default_counter_that_cannot_be_had_is_left_out_and_told() -> None:
    default = parse_guard("statements", "+0")
    report = gate(comparison(SAME), [P95, default], missing="side A is a URL, whose inside is not observed")
    assert report.verdict == "pass"
    assert [one.guard for one in report.results] == [P95]
    assert report.caveats[0].code == "guardrail-left-out"
    assert "side A is a URL" in report.caveats[0].message


def test_a_counter_that_the_spec_asks_for_is_never_clean_unseen() -> None:
    report = gate(comparison(SAME), [P95, STATEMENTS], missing="side A is a URL, whose inside is not observed")
    assert report.verdict == "undecided"
    assert report.decided_by == "statements a request"
    assert "could not be looked at: side A is a URL" in report.sentence


def test_undecided_keeps_what_would_settle_it() -> None:
    report = gate(comparison(OPEN), [P95])
    assert report.verdict == "undecided"
    assert report.results[0].settle is not None


def test_an_objective_is_held_by_the_candidates_runs() -> None:
    rng = np.random.default_rng(1)
    slow = [run(list(rng.exponential(0.3, 1000)), SLO, pair=pair) for pair in range(6)]
    report = gate(comparison(SAME), [guard_of(SLO), P95], slos=(SLO,), candidate_runs=slow)
    assert (report.verdict, report.decided_by) == ("fail", "detail is fast")


def test_a_report_survives_json() -> None:
    report = gate(comparison(WORSE, counted(2, 3), moves=[moved()]), [P95, STATEMENTS], base="main", candidate="HEAD")
    assert msgspec.json.decode(msgspec.json.encode(report), type=GateReport) == report


def test_the_cause_of_a_counter_is_what_is_done_more_often() -> None:
    often = moved("SELECT a", b=3.0, b_s=0.001)
    long = moved("SELECT b", a=1.0, b=1.0, b_s=0.9)
    call = moved("GET /rates", b=9.0, family="http")
    less = moved("SELECT c", a=5.0, b=0.0)
    moves = [long, less, call, often]
    assert cause_of(STATEMENTS, moves) == often
    assert cause_of(parse_guard("calls", "+0"), moves) == call
    assert cause_of(P95, moves) == long
    assert cause_of(STATEMENTS, [less, call]) is None


def test_the_cause_is_looked_for_in_the_step_of_the_guard() -> None:
    here, there = moved("SELECT a", b=2.0), moved("SELECT b", b=9.0, step="list")
    assert cause_of(DETAIL, [there, here]) == here
    assert cause_of(DETAIL, [there]) is None
    assert cause_of(STATEMENTS, [here, there]) == there


def finding(fingerprint: str, step: str = "detail", severity: str = "warning", span: str | None = None) -> Finding:
    return Finding(
        fault="n-plus-one",
        severity=severity,  # type: ignore[arg-type]
        title=f"title {fingerprint}",
        locus=Locus("browse", step, span=span),
        roles=Roles(),
        evidence=FindingEvidence(),
        cost_s_per_request=0.1,
        lost_s_per_s=0.1,
        requests_share=1.0,
        share=Share(),
        predicted=None,
        cure="",
        confidence=0.9,
        fingerprint=fingerprint,
    )


def diagnosis(*findings: Finding) -> Diagnosis:
    return Diagnosis(1, "r", "", (), (), findings)


def test_a_fault_is_new_when_the_base_has_it_not() -> None:
    old, new, small = finding("aa"), finding("bb", span="GET"), finding("cc", severity="info", span="PUT")
    assert new_finding(P95, diagnosis(old), diagnosis(old, small, new)) == new
    assert new_finding(P95, diagnosis(old), diagnosis(old)) is None
    assert new_finding(DETAIL, diagnosis(old), diagnosis(old, finding("dd", "list"))) is None
    assert new_finding(P95, None, diagnosis(new)) is None


def test_the_same_fault_in_the_same_place_is_not_new_whatever_the_folder_is_called() -> None:
    assert new_finding(P95, diagnosis(finding("aa")), diagnosis(finding("bb"))) is None


def test_a_guard_of_a_step_takes_no_metric_of_all_requests() -> None:
    report = gate(comparison(SAME), [parse_guard("p95 response of browse.detail", "5%", 4)])
    assert report.verdict == "undecided"
    assert isinstance(report.results[0].guard, Guard)
