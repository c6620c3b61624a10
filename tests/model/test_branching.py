from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.model.branching import expected_requests
from loadstone.model.workload import Journey, Step, Think


def test_steps_that_follow_each_other_are_asked_once() -> None:
    journey = Journey("j", 1.0, (Step("a", "get", "/"), Think("constant", value_s=1.0), Step("b", "get", "/b")))
    assert expected_requests(journey) == {"a": 1.0, "b": 1.0}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=5, max_size=5), min_size=4, max_size=4), st.integers(0, 3))
def test_it_is_the_fundamental_matrix(weights: list[list[int]], first: int) -> None:
    """Visits of an absorbing chain are start (I - P)^-1 (Kemeny and Snell, 1960)."""
    chain = np.array(weights, dtype=float) + np.array([0, 0, 0, 0, 1.0])
    chain /= chain.sum(axis=1, keepdims=True)
    names = "abcd"
    steps = tuple(
        Step(name, "get", "/", next={other: p for other, p in zip(names, row.tolist(), strict=False) if p > 0})
        for name, row in zip(names, chain, strict=True)
    )
    found = expected_requests(Journey("j", 1.0, steps, start={names[first]: 1.0}))
    expected = np.linalg.inv(np.eye(4) - chain[:, :4])[first]
    assert [found[name] for name in names] == pytest.approx(expected.tolist(), rel=1e-6, abs=1e-7)


def test_most_ends_it_and_a_step_without_next_leads_on() -> None:
    journey = Journey("j", 1.0, (Step("a", "get", "/"), Step("b", "get", "/b", next={"a": 1.0})), most=7)
    assert expected_requests(journey) == {"a": 4.0, "b": 3.0}
    last = Journey("j", 1.0, (Step("a", "get", "/", next={"b": 0.5}), Step("b", "get", "/b")))
    assert expected_requests(last) == {"a": 1.0, "b": 0.5}
