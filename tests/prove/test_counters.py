"""Counts of both observed runs: one more statement is seen, in every request or in a few; noise is not."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.model.comparison import Metric
from loadstone.model.counted import Counted
from loadstone.prove.counters import counter_metrics, decided_at_once
from loadstone.prove.measures import BYTES_SHARE
from tests.prove.made import counted

DETAIL = [("browse", "detail")]


def told(a: Counted, b: Counted, margins: dict[str, float] | None = None) -> dict[str, Metric]:
    return {one.label: one for one in counter_metrics(a, b, DETAIL, margins or {})}


def test_one_more_in_every_request_is_exact() -> None:
    found = told(counted(2.0), counted(3.0, side="B"))
    one = found["statements a request"]
    assert (one.a, one.b, one.low, one.high, one.verdict, one.method) == (2.0, 3.0, 1.0, 1.0, "slower", "by count")
    assert found["statements a request of browse.detail"].verdict == "slower"
    assert set(found) == {"statements a request", "statements a request of browse.detail"}


def test_a_cure_by_count_is_exact_as_well() -> None:
    """The sample shop's forty-one statements become two."""
    one = told(counted(41.0), counted(2.0, side="B"))["statements a request of browse.detail"]
    assert (one.a, one.b, one.low, one.high, one.verdict) == (41.0, 2.0, -39.0, -39.0, "faster")
    back = list(counter_metrics(counted(2.0), counted(41.0, side="B"), DETAIL, {}))
    assert decided_at_once(back) is not None


def test_one_more_in_one_request_of_a_hundred_is_seen() -> None:
    more = np.full(2_000, 2.0)
    more[::100] += 1
    one = told(counted([2.0] * 2_000), counted(more.tolist(), side="B"))["statements a request"]
    assert one.verdict == "slower"
    assert one.low is not None
    assert 0 < one.low <= 0.01


def test_what_wavers_both_ways_is_undecided_with_its_figures() -> None:
    random = np.random.default_rng(1)
    a, b = (2 + random.binomial(1, 0.1, 2_000).astype(float) for _ in range(2))
    one = told(counted(a.tolist()), counted(b.tolist(), side="B"))["statements a request"]
    assert one.verdict == "undecided"
    assert one.note is not None
    assert "of 2,000 requests count more on B" in one.note


def test_margins_are_differences_in_the_counts_own_unit() -> None:
    a, b = counted(2.0), counted(3.0, side="B")
    assert told(a, b, {"statements a request": 1.0})["statements a request"].verdict == "not-worse"
    assert told(a, b, {"statements a request": 0.5})["statements a request"].verdict == "slower"
    listed = told(a, b, {"statements a request of browse.list": 1.0})
    assert listed["statements a request of browse.list"].verdict == "not-worse"


def test_a_reply_may_grow_a_little() -> None:
    def size(b: float) -> str:
        small, other = (counted(columns={"bytes": [each] * 400}) for each in (1_000.0, b))
        return told(small, other)["bytes a request"].verdict

    assert [size(1_000 * (1 + share)) for share in (-0.5, 0.0, BYTES_SHARE, 0.03)] == [
        "faster",
        "not-worse",
        "not-worse",
        "slower",
    ]


def test_a_request_that_failed_on_either_side_is_no_less_work() -> None:
    """Two statements each; of what failed on A, one was asked. B does not fail, and does no more than A meant to."""
    half = [1.0 if number % 4 == 0 else 2.0 for number in range(400)]
    a = counted(half, failed=range(0, 400, 4))
    for sides in ((a, counted(2.0, side="B")), (counted(2.0), a)):
        one = told(*sides)["statements a request"]
        assert (one.a, one.b, one.low, one.high, one.verdict) == (2.0, 2.0, 0.0, 0.0, "not-worse")
    assert told(a, counted(3.0, side="B"))["statements a request"].verdict == "slower"
    assert told(counted(failed=range(400)), counted(side="B")) == {}


def test_what_one_side_did_not_count_is_not_told() -> None:
    a = counted(columns={"calls": [1.0] * 400})
    assert "calls a request" not in " ".join(told(a, counted(side="B")))
    unknown = counted([float("nan")] * 400, side="B")
    assert told(counted(), unknown) == {}


def test_requests_without_a_partner_are_too_many_at_some_point() -> None:
    assert told(counted(requests=400), counted(requests=396, side="B"))
    assert told(counted(requests=400), counted(requests=300, side="B")) == {}


@pytest.mark.parametrize(("b", "decided"), [(1.0, None), (2.0, None), (2.5, 2.5)])
def test_decided_at_once_is_the_count_that_grew(b: float, decided: float | None) -> None:
    found = decided_at_once(list(counter_metrics(counted(2.0), counted(b, side="B"), (), {})))
    assert (None if found is None else found.b) == decided
