"""For the stated reason: the blamed component on both sides, by number, by time, or by its finding found again."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from loadstone.model.comparison import Blamed
from loadstone.model.counted import Counted
from loadstone.model.finding import Bounded, CouldNotLook, Finding, Locus, Predicted
from loadstone.prove.reason import MOVED_SHARE, blamed, foretold, reason_of
from tests.prove.made import STATEMENT, counted, diagnosis, finding, operation

SLOW = {"fault": "missing-index", "cost_s_per_request": 0.02}


def sides(a: list[Any], b: list[Any]) -> tuple[Counted, Counted]:
    return counted(operations=a), counted(operations=b, side="B")


def test_too_often_is_known_by_its_number() -> None:
    found = blamed(finding(), *sides([operation(12.0, 0.011)], [operation(1.0, 0.001)]))
    assert found.moved is True
    assert (found.a, found.b, found.a_s, found.b_s) == (12.0, 1.0, 0.011, 0.001)
    assert found.sentence == "the statement on review went from 12 a request to 1"
    assert found.drop_s is not None
    assert found.drop_s.value == pytest.approx(0.01)
    assert found.drop_s.low < 0.01 < found.drop_s.high
    assert found.predicted_s is not None
    assert found.predicted_s.value == 0.01


def test_gone_altogether() -> None:
    found = blamed(finding(), *sides([operation(1.17, 0.011)], []))
    assert (found.moved, found.b) == (True, 0.0)
    assert found.sentence == "the statement on review went from 1.17 a request to 0"


def test_less_time_for_the_same_number_is_another_cure() -> None:
    found = blamed(finding(), *sides([operation(12.0, 0.011)], [operation(12.0, 0.001)]))
    assert found.moved is False
    assert found.sentence == "the statement on review stayed at 12 a request"


def test_one_statement_for_all_is_another_statement() -> None:
    at_once = operation(1.0, 0.002, label="SELECT id, text FROM review WHERE product_id IN (?)", key="in")
    found = blamed(finding(), *sides([operation(12.0, 0.011)], [at_once]))
    assert (found.moved, found.b) == (True, 0.0)


def test_a_fault_moved_to_another_line_is_not_cured() -> None:
    elsewhere = operation(12.0, 0.011, where="shop/lists.py:12")
    assert blamed(finding(), *sides([operation(12.0, 0.011)], [elsewhere])).moved is False


def test_what_another_place_does_with_the_same_statement_need_not_fall() -> None:
    other = operation(40.0, 0.04, where="shop/lists.py:12")
    found = blamed(finding(), *sides([operation(3.0, 0.003), other], [other]))
    assert found.moved is True
    assert found.sentence == "the statement on review went from 43 a request to 40"


def test_another_step_is_another_component() -> None:
    there = operation(12.0, 0.011, step="list")
    found = blamed(finding(), *sides([there], []))
    assert found.moved is None


def test_slow_is_known_by_its_time() -> None:
    told = finding(**SLOW)
    for b_s, has_moved in ((0.001, True), (0.0099, True), (0.012, False), (0.02, False), (0.03, False)):
        found = blamed(told, *sides([operation(1.0, 0.02)], [operation(1.0, b_s)]))
        assert found.moved is has_moved, b_s
    assert "took 20.0 ms a request on A and 30.0 ms on B" in found.sentence


def test_a_fall_within_its_own_interval_is_none() -> None:
    wide = {"low_s": 0.0, "high_s": 0.06}
    found = blamed(finding(**SLOW), *sides([operation(1.0, 0.02, **wide)], [operation(1.0, 0.005, **wide)]))
    assert found.moved is False


def test_half_of_what_was_predicted_is_enough() -> None:
    told = finding(**SLOW | {"cost_s_per_request": 0.01})  # of the 20 ms that it takes, a cure promises 10
    enough = blamed(told, *sides([operation(1.0, 0.02)], [operation(1.0, 0.02 - 0.01 * MOVED_SHARE - 0.001)]))
    assert enough.moved is True


def test_a_function_is_its_files() -> None:
    told = finding(fault="hot-function", locus=Locus("browse", "detail", file="shop/render.py", function="render"))
    here = {"family": "function", "label": "render", "key": "", "where": "shop/render.py:10"}
    other = here | {"where": "shop/other.py:3"}
    assert blamed(told, *sides([operation(None, 0.02, **here)], [operation(None, 0.001, **here)])).moved is True
    found = blamed(told, *sides([operation(None, 0.02, **here), operation(None, 0.1, **other)], []))
    assert (found.a_s, found.moved) == (0.02, True)
    assert found.sentence == "render went from 20.0 ms a request to 0"


def test_what_side_a_does_not_do_cannot_be_refuted() -> None:
    found = blamed(finding(), *sides([], [operation(1.0, 0.001)]))
    assert found.moved is None
    assert "was not seen on side A" in found.sentence


def test_without_observed_runs_nothing_is_known() -> None:
    for a, b in ((None, None), (counted(), None), (None, counted())):
        found = blamed(finding(), a, b)
        assert (found.moved, found.fingerprint) == (None, "3b9e0c1d2e3f")
        assert "no observed runs" in found.sentence


def by_finding(a: Finding | None, b: Finding | None, **looked: object) -> Blamed:
    told = finding(fault="lock-wait", locus=Locus("browse", "detail"), title="Requests wait for a lock")
    left = diagnosis(*([] if a is None else [a]), looked_for=("lock-wait",))
    asked = {"looked_for": ("lock-wait",)} | looked
    right = diagnosis(*([] if b is None else [b]), **asked)  # type: ignore[arg-type]
    return blamed(told, counted(diagnosis=left), counted(diagnosis=right, side="B"))


def lock(cost: float, **changed: object) -> Finding:
    place = {"locus": Locus("browse", "detail"), "title": "Requests wait for a lock"}
    return finding(**{"fault": "lock-wait", "cost_s_per_request": cost} | place | changed)


def test_a_finding_without_an_operation_is_looked_for_again() -> None:
    gone, half, still = (
        by_finding(lock(0.02), None),
        by_finding(lock(0.02), lock(0.01)),
        by_finding(lock(0.02), lock(0.02)),
    )
    assert (gone.moved, half.moved, still.moved) == (True, True, False)
    assert gone.sentence == "Requests wait for a lock went from 20.0 ms a request to 0"


def test_a_fault_that_could_not_be_looked_for_is_not_gone() -> None:
    found = by_finding(
        lock(0.02), None, looked_for=(), could_not_look=(CouldNotLook("lock-wait", "there are no lock waits"),)
    )
    assert found.moved is None
    assert "could not be looked for on side B (there are no lock waits)" in found.sentence
    assert by_finding(None, None).moved is None


def test_a_service_of_another_name_is_the_same_cause() -> None:
    found = by_finding(lock(0.02, fingerprint="aaaa"), lock(0.02, fingerprint="bbbb"))
    assert found.moved is False


def test_the_prediction_is_taken_under_the_load_of_the_proof() -> None:
    told, again = finding(), finding(cost_s_per_request=0.5)
    assert foretold(told, counted(diagnosis=diagnosis(again))) == (again, True)
    assert foretold(told, counted(diagnosis=diagnosis())) == (told, False)
    assert foretold(told, None) == (told, False)


def test_a_run_too_short_to_predict_from_leaves_the_findings_own_prediction() -> None:
    short = Predicted(at="p99", service=Bounded(0.01, 0.008, 0.01), refused="110 requests are too few: 200 are needed")
    told, again = finding(), finding(cost_s_per_request=0.5, predicted=short)
    assert foretold(told, counted(diagnosis=diagnosis(again))) == (replace(again, predicted=told.predicted), False)
    both = replace(told, predicted=short)
    assert foretold(both, counted(diagnosis=diagnosis(again))) == (again, True)


def test_the_words() -> None:
    moved, stayed = (
        blamed(finding(), *sides([operation(12.0, 0.011)], [operation(b, 0.001 * b)])) for b in (1.0, 12.0)
    )
    unknown = blamed(finding(), None, None)
    assert [reason_of("faster", one) for one in (moved, stayed, unknown, None)] == ["confirmed", "refuted", None, None]
    assert [reason_of(verdict, moved) for verdict in ("slower", "not-worse")] == ["no-effect", "no-effect"]
    assert [reason_of(verdict, moved) for verdict in ("undecided", "invalid")] == [None, None]
    assert STATEMENT.split()[0] not in moved.sentence
