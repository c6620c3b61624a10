"""A whole diagnosis of exports: the sentence, what is not foretold without a run, and what could not be looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.diagnose.diagnosis import diagnose
from tests.exports.systems import SYSTEMS
from tests.exports.test_named import SUBJECT, imported, made


@pytest.mark.parametrize("system", ["ride", "books", "pay", "news"])
def test_the_planted_fault_is_the_answer(tmp_path: Path, system: str) -> None:
    told = diagnose(SUBJECT, imported(tmp_path / "traces", made(system, True), "jaeger"))
    first = told.findings[0]
    assert first.fault == SYSTEMS[system][1]
    assert first.severity != "info"
    assert first.title[1:] in told.sentence
    assert first.cost_s_per_request > 0
    assert first.exemplars
    assert told.judged is None


@pytest.mark.parametrize("system", ["books", "pay"])
def test_a_queue_is_not_foretold_from_traces_alone(tmp_path: Path, system: str) -> None:
    first = diagnose(SUBJECT, imported(tmp_path / "traces", made(system, True), "otlp json")).findings[0]
    assert first.predicted is not None
    assert first.predicted.refused
    assert first.predicted.p99_s is None
    assert first.predicted.service is not None
    assert first.predicted.service.low > 0


def test_what_traces_cannot_carry_is_said(tmp_path: Path) -> None:
    told = diagnose(SUBJECT, imported(tmp_path / "traces", made("post", False), "zipkin"))
    assert told.findings == () or all(one.severity == "info" for one in told.findings)
    missing = {one.fault: one.missing for one in told.could_not_look}
    assert {"gil-wait", "gc-pause", "hot-function", "lock-wait", "missing-index"} <= missing.keys()
    assert all(missing.values())
    assert {"serial-calls", "http-n-plus-one", "slow-dependency"} <= set(told.looked_for)
