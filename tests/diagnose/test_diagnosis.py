"""The whole diagnosis over written runs: its sentence, its predicted gain, its exemplars, and what it could not do."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from loadstone.diagnose.diagnosis import diagnose
from loadstone.diagnose.faults import FAULTS
from loadstone.diagnose.subject import Judged, Subject
from loadstone.model.finding import Diagnosis
from tests.evidence import MemoryEvidence
from tests.scenes import Story

STATEMENT = "SELECT name FROM author WHERE id = ?"
STEPS = (("browse", "detail"),)
JUDGED = Judged("detail is fast", "browse", "detail", 0.99, 0.02, 0.085, "fail")


def story(rows: int = 40, seed: int = 1) -> Story:
    """Three of a hundred requests ask for each of their rows."""
    told = Story(seed, STEPS, subject=Subject(run="r", steps=STEPS, objectives=(JUDGED,)))
    for request in told.requests(
        1000, rate_per_s=10, url_query=lambda number: "expand=reviews" if number % 33 == 0 else ""
    ):
        request.spend(0.001)
        request.sql("SELECT * FROM product WHERE id = ?", 0.001, parameters=request.number, rows=1)
        if request.number % 33 == 0:
            for row in range(rows):
                request.sql(STATEMENT, 0.002, parameters=row, rows=1, file="shop/pages.py", line=41, function="page")
        request.spend(0.001)
    return told


@pytest.fixture(scope="module")
def told() -> Diagnosis:
    return diagnose(*story().told())


def test_the_answer_names_objective_cause_parameter_and_line(told: Diagnosis) -> None:
    first = told.findings[0]
    assert told.sentence.startswith("browse.detail misses its objective (p99 85.0 ms, should be under 20.0 ms): ")
    assert "expand" in told.sentence
    assert told.sentence.endswith("shop/pages.py:41.")
    assert (first.fault, first.severity, first.locus.statement, first.locus.line) == (
        "n-plus-one",
        "critical",
        STATEMENT,
        41,
    )
    assert told.judged == "detail is fast"


def test_the_gain_is_that_of_the_same_run_without_the_fault(told: Diagnosis) -> None:
    predicted = told.findings[0].predicted
    assert predicted is not None
    assert predicted.refused is None
    assert predicted.p99_s is not None
    cured, _ = story(rows=1).made()
    assert cured.client is not None
    truth = float(np.quantile((cured.client.done_ns - cured.client.sent_ns) / 1e9, 0.99))
    assert predicted.p99_s.low <= truth <= predicted.p99_s.high
    assert predicted.p99_s.value == pytest.approx(truth, rel=0.1)
    assert predicted.before_s["p99"] == pytest.approx(0.083, rel=0.1)


def test_exemplars_mark_the_offending_spans_and_stand_beside_a_clean_one(told: Diagnosis) -> None:
    exemplars = told.findings[0].exemplars
    guilty = [one for one in exemplars if not one.clean]
    assert guilty
    assert all(len(one.span_ids) == 40 for one in guilty)
    assert sum(one.clean for one in exemplars) == 1


def test_every_fault_was_looked_for_or_could_not_be(told: Diagnosis) -> None:
    assert {*told.looked_for, *(one.fault for one in told.could_not_look)} == set(FAULTS)
    assert all(one.missing for one in told.could_not_look)


def test_the_diagnosis_is_the_same_each_time(told: Diagnosis) -> None:
    assert diagnose(*story().told()) == told


def test_traces_alone_foretell_no_queue() -> None:
    written = story()
    subject, evidence = written.told()
    told = diagnose(msgspec.structs.replace(subject, client=None, objectives=()), evidence)
    predicted = told.findings[0].predicted
    assert predicted is not None
    assert "when requests were sent" in (predicted.refused or "")
    assert predicted.service is not None and predicted.service.low > 0.05
    assert predicted.queue is None


def test_nothing_is_said_of_nothing() -> None:
    told = diagnose(Subject(run="r"), MemoryEvidence())
    assert told.sentence == "There are no traces to look into."
    assert told.findings == ()
    assert told.looked_for == ()


def test_a_healthy_run_names_what_was_looked_for() -> None:
    told = diagnose(*story(rows=0, seed=3).told())
    assert [one.fault for one in told.findings if one.severity != "info"] == []
    assert "none of" in told.sentence
