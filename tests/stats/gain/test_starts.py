"""Starts that were not seen, and the number of workers behind them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from loadstone.stats.gain.replay import CPU, DELAY, Model, Stages, replay
from loadstone.stats.gain.starts import infer_starts

COUNT = 2000


def queued(workers: int, seed: int = 4) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Arrivals, starts and ends of requests that workers take in order, busy for four fifths of the time."""
    chance = np.random.default_rng(seed)
    reached = np.cumsum(chance.exponential(0.01 / workers / 0.8, COUNT))
    stages = Stages(
        np.arange(COUNT + 1, dtype=np.uint32), np.full(COUNT, CPU, np.uint8), chance.exponential(0.01, COUNT)
    )
    found = replay(reached, np.arange(COUNT, dtype=np.uint32), stages, Model(workers, DELAY, DELAY))
    return reached, found.begun, found.ended


@pytest.mark.parametrize("workers", [1, 3, 9])
@pytest.mark.parametrize("share", [1.0, 0.1])
def test_workers_are_counted_and_starts_found(workers: int, share: float) -> None:
    reached, begun, left = queued(workers)
    seen = np.random.default_rng(1).random(COUNT) < share
    found = infer_starts(reached, left, np.where(seen, begun, np.nan), np.full(COUNT, np.nan))
    assert found.workers == workers
    np.testing.assert_allclose(found.start, begun, atol=1e-12)
    assert found.error_s < 1e-12
    assert found.wait_s == pytest.approx((begun - reached)[seen].mean())


def test_without_waits_there_is_no_queue() -> None:
    reached, begun, left = queued(3)
    found = infer_starts(begun, left, begun, np.full(COUNT, np.nan))
    assert (found.workers, found.busy_share) == (0, 0.0)
    assert found.start.tolist() == begun.tolist()
    assert reached[0] == begun[0]


def test_without_server_spans_the_first_calls_bound_the_starts() -> None:
    reached, begun, left = queued(3)
    child = begun + 0.1 * (left - begun)
    found = infer_starts(reached, left, np.full(COUNT, np.nan), child)
    assert found.workers == 3
    np.testing.assert_allclose(found.start, begun, atol=1e-12)


def test_workers_with_lines_of_their_own_leave_an_error() -> None:
    one, two = queued(1, 5), queued(1, 6)
    order = np.argsort(np.concatenate([one[0], two[0]]), kind="stable")
    reached, begun, left = (np.concatenate(pair)[order] for pair in zip(one, two, strict=True))
    found = infer_starts(reached, left, begun, np.full(len(reached), np.nan))
    assert found.error_s > 0.15 * found.wait_s
    assert not found.explained and found.workers == 0
    assert found.start.tolist() == reached.tolist(), "what it waited for counts as its own time"
