"""Little's law holds for honest counts and refuses wrong ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.stats.little import little

TIMES = st.lists(
    st.tuples(st.floats(min_value=0, max_value=60), st.floats(min_value=1e-4, max_value=5)), min_size=1, max_size=60
)


@given(TIMES)
def test_it_holds_for_every_set_of_requests_by_counting_levels(requests: list[tuple[float, float]]) -> None:
    events = sorted([(sent, 1) for sent, _ in requests] + [(sent + took, -1) for sent, took in requests])
    integral, level, at = 0.0, 0, 0.0
    for time, change in events:
        integral += level * (time - at)
        level, at = level + change, time
    total = sum(took for _, took in requests)
    law = little(integral, total, total)
    assert law.holds
    assert law.off_share == pytest.approx(0, abs=1e-6)


def test_anything_from_service_to_response_is_in_flight() -> None:
    assert little(100, 90, 110).off_share == 0
    assert little(112, 90, 110).holds
    assert not little(120, 90, 110).holds
    assert not little(80, 90, 110).holds


def test_the_ends_of_a_run_explain_what_they_may() -> None:
    assert not little(120, 100, 100, 10).holds
    assert little(120, 100, 100, 16).holds
    assert not little(1, 0, 0).holds
    assert little(0, 0, 0).holds
