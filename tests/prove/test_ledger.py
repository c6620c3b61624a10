"""A line of the ledger: predicted beside measured."""

from __future__ import annotations

import msgspec
import pytest

from loadstone.model.comparison import LedgerEntry
from loadstone.model.finding import Bounded, Predicted
from loadstone.prove.compare import compare
from loadstone.prove.ledger import entry
from tests.prove.made import SIDES, counted, design, diagnosis, finding, operation, pairs

SEEN = counted(operations=[operation(12.0, 0.011)], diagnosis=diagnosis(finding()))
CURED = counted(operations=[operation(1.0, 0.001)], side="B", diagnosis=diagnosis())


def test_predicted_beside_measured() -> None:
    told = compare(SIDES, design(), pairs(10, b=0.6), counted=(SEEN, CURED), finding=finding(), experiment="x1")
    line = entry(told, 7, "python -m shop")
    assert line is not None
    assert (line.at, line.journey, line.step, line.fault) == ("p99", "browse", "detail", "n-plus-one")
    assert line.predicted_s == Bounded(0.04, 0.036, 0.044)
    assert line.predicted_ratio is not None
    assert line.predicted_ratio.value == pytest.approx(0.04 / 0.06)
    assert line.measured_ratio is not None
    assert line.measured_ratio.low < 0.6 < line.measured_ratio.high
    assert line.measured_s is not None
    assert line.before_s is not None
    assert line.measured_s.value / line.before_s.value == pytest.approx(line.measured_ratio.value)
    assert (line.verdict, line.reason, line.pairs, line.same_load, line.at_ns) == ("faster", "confirmed", 10, True, 7)
    assert msgspec.json.decode(msgspec.json.encode(line), type=LedgerEntry) == line


def test_a_refused_prediction_keeps_its_reason() -> None:
    refused = finding(predicted=Predicted(at="p99", service=Bounded(0.01, 0.008, 0.01), refused="the load is above .9"))
    told = compare(SIDES, design(), pairs(10, b=0.6), finding=refused, experiment="x1")
    line = entry(told, 7)
    assert line is not None
    assert (line.refused, line.predicted_s, line.predicted_ratio) == ("the load is above .9", None, None)
    assert line.measured_ratio is not None


def test_without_observed_runs_the_line_is_there() -> None:
    line = entry(compare(SIDES, design(), pairs(10, b=0.6), finding=finding(), experiment="x1"), 7)
    assert line is not None
    assert (line.reason, line.same_load, line.verdict) == (None, False, "faster")


def test_what_bounded_nothing_leaves_its_place_empty() -> None:
    line = entry(compare(SIDES, design(4), pairs(4, b=0.6), finding=finding(), experiment="x1"), 7)
    assert line is not None
    assert (line.measured_s, line.measured_ratio, line.verdict) == (None, None, "undecided")


def test_without_a_finding_or_an_experiment_there_is_none() -> None:
    assert entry(compare(SIDES, design(), pairs(10), experiment="x1"), 7) is None
    assert entry(compare(SIDES, design(), pairs(10), finding=finding()), 7) is None
