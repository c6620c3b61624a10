"""What is measured of a run, and under which names."""

from __future__ import annotations

import pytest

from loadstone.model.finding import Locus, Predicted
from loadstone.prove.compare import compare
from loadstone.prove.measures import BYTES_SHARE, Measure, bytes_measure, measures
from loadstone.stats.pairs.quantiles import harrell_davis
from tests.prove.made import SIDES, counted, design, finding, pairs, side_run, slo

STEPS = [("browse", "list"), ("browse", "detail")]
ALWAYS = [
    "p50 response",
    "p95 response",
    "p99 response",
    "p50 service",
    "p95 service",
    "p99 service",
    "throughput",
    "errors",
    "CPU a request",
]


def labels(*slos: object, of: object = None, margins: dict[str, float] | None = None) -> list[str]:
    return [one.label for one in measures(slos, of, 1.05, margins or {}, STEPS)]  # type: ignore[arg-type]


def by_name(label: str) -> Measure:
    return next(one for one in measures((), None, 1.05, {}, STEPS) if one.label == label)


def test_each_metric_once_objectives_first() -> None:
    assert labels() == ALWAYS
    told = labels(slo(objective="p99 < 1s"), slo("list", "list"), of=finding())
    assert told == [
        "p99 response of browse.detail",
        "p95 response of browse.list",
        "p50 response of browse.detail",
        *ALWAYS,
    ]
    assert labels(slo(step=None), slo(step=None)) == ["p95 response", *(one for one in ALWAYS if one != "p95 response")]


def test_what_is_not_driven_is_not_measured() -> None:
    assert labels(slo("gone", "gone"), of=finding(locus=Locus("browse", "gone"))) == ALWAYS
    assert labels(of=finding(locus=Locus("other"))) == ALWAYS


def test_a_finding_without_a_step_is_of_all_requests_at_its_quantile_first() -> None:
    told = labels(of=finding(locus=Locus(), predicted=Predicted(at="p99")))
    assert told[:2] == ["p99 response", "p50 response"]
    assert sorted(told) == sorted(ALWAYS)


def test_a_margin_names_what_else_is_measured() -> None:
    margins = {"p99 service of browse.list": 1.2, "errors of browse.detail": 0.01, "p95 response": 1.1, "nonsense": 2.0}
    found = {one.label: one.margin for one in measures((), None, 1.05, margins, STEPS)}
    assert found["p99 service of browse.list"] == 1.2
    assert found["errors of browse.detail"] == 0.01
    assert (found["p95 response"], found["p50 response"], found["errors"]) == (1.1, 1.05, 0.001)
    assert "nonsense" not in found
    assert "p99 response of other.gone" not in labels(margins={"p99 response of other.gone": 1.1})


def test_a_run_as_numbers() -> None:
    run = side_run("A", 0, 0, results={"200": 1_150, "500": 50}, achieved_per_s=118.0, service_cpu_s=2.4)
    assert by_name("p95 response").value(run) == harrell_davis(run.whole.response, 0.95)
    assert by_name("throughput").value(run) == 118.0
    assert by_name("errors").value(run) == pytest.approx(50 / 1_200)
    assert by_name("CPU a request").value(run) == pytest.approx(0.002)


def test_what_a_run_cannot_tell_is_none() -> None:
    few = side_run("A", 0, 0, requests=400)
    assert by_name("p95 response").value(few) is not None
    assert by_name("p99 response").value(few) is None  # four requests beyond it
    assert by_name("CPU a request").value(side_run("A", 0, 0, service_cpu_s=None)) is None
    assert by_name("CPU a request").value(side_run("A", 0, 0, service_cpu_s=0.0)) is None


def test_bytes_come_from_the_pairs_where_nothing_counted_them() -> None:
    made = bytes_measure([side_run("A", 0, 0)], {})
    assert made is not None
    assert (made.value(side_run("B", 0, 1)), made.margin) == (1_000.0, BYTES_SHARE * 1_000)
    assert bytes_measure([], {}) is None
    found = [one for one in compare(SIDES, design(), pairs(10)).metrics if one.name == "bytes a request"]
    assert [(one.unit, one.ratio, one.verdict) for one in found] == [("bytes", None, "not-worse")]
    size = [1_000.0] * 400
    sides = counted(columns={"bytes": size}), counted(side="B", columns={"bytes": size})
    both = [one for one in compare(SIDES, design(), pairs(10), counted=sides).metrics if one.name == "bytes a request"]
    assert [one.method for one in both] == ["by count"]
