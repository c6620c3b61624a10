"""Pauses over requests, against the obvious sum."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadstone.diagnose.runtime.pauses import during, longer, paused, pauses_of
from tests.evidence import START_NS
from tests.scenes import Story

SPAN = st.tuples(st.integers(0, 400), st.integers(1, 120))


def _story(requests: list[tuple[int, int]], stops: list[tuple[int, int]]) -> Story:
    story = Story()
    for (start_ms, lasts_ms), request in zip(sorted(requests), story.requests(len(requests)), strict=True):
        request.at_s = start_ms / 1000
        request.spend(lasts_ms / 1000, exact=True)
    for start_ms, lasts_ms in stops:
        row = {"kind": "gc", "at_ns": START_NS + start_ms * 10**6, "duration_ns": lasts_ms * 10**6, "process_pid": 100}
        story.row("waits", row)
    return story


@given(st.lists(SPAN, min_size=1, max_size=8), st.lists(SPAN, max_size=8))
def test_a_request_loses_what_its_process_stood_still(
    requests: list[tuple[int, int]], stops: list[tuple[int, int]]
) -> None:
    scene = _story(requests, stops).made()[1]
    lost = paused(scene.digest, pauses_of(scene))
    stood = {moment for start, lasts in stops for moment in range(start, start + lasts)}
    told = sorted((start, lasts, len(stood & set(range(start, start + lasts)))) for start, lasts in requests)
    found = sorted(
        zip(
            ((scene.digest.requests.start_ns - START_NS) // 10**6).tolist(),
            (scene.digest.requests.duration_s * 1000).round().astype(int).tolist(),
            (lost / 1e6).round().astype(int).tolist(),
            strict=True,
        )
    )
    assert found == told


def test_short_pauses_and_those_outside_of_the_run_are_left_out() -> None:
    scene = _story([(100, 50), (200, 50)], [(0, 10), (110, 1), (120, 20), (240, 100), (300, 40)]).made()[1]
    pauses = pauses_of(scene)
    assert len(pauses) == 5
    assert len(longer(pauses, 0.005)) == 4
    assert len(during(scene.digest, pauses)) == 3
