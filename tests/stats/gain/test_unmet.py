"""Requests that meet no fault tell what the service takes without it, whatever queues in it."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.stats.gain.record import record
from loadstone.stats.gain.timeline import OTHER, Removal, Timeline
from loadstone.stats.gain.unmet import MOST_APART, unmet


def served(seed: int, rate_per_s: float, every: int, fault_s: float) -> tuple[Timeline, Removal, float]:
    """One worker that takes the newest request first (no model knows it); the p99 of the same arrivals without the
    fault."""
    chance = np.random.default_rng(seed)
    count = 6000
    arrived = np.cumsum(chance.exponential(1 / rate_per_s, count))
    demand = chance.exponential(0.002, count)
    faulty = np.arange(count) % every == 0
    begun, done = _last_in_first_out(arrived, demand + faulty * fault_s)
    clean = _last_in_first_out(arrived, demand)[1] - arrived
    at = np.flatnonzero(faulty)
    timeline = Timeline(
        _ns(arrived), _ns(begun), _ns(done), np.zeros(count, np.int32), np.full(count, -1), np.zeros(count, np.int32),
        at, _ns(begun[at]), _ns(begun[at] + fault_s), np.full(len(at), OTHER, np.int8),
    )  # fmt: skip
    return timeline, Removal(np.ones(len(at)), np.zeros(count)), float(np.quantile(clean, 0.99))


def _ns(seconds: np.ndarray) -> np.ndarray:
    return np.rint(seconds * 1e9).astype(np.int64)


def _last_in_first_out(arrived: np.ndarray, demand: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    begun, done = np.zeros(len(arrived)), np.zeros(len(arrived))
    waiting: list[int] = []
    free, at = 0.0, 0
    while at < len(arrived) or waiting:
        if not waiting:
            free = max(free, arrived[at])
        while at < len(arrived) and arrived[at] <= free:
            waiting.append(at)
            at += 1
        if waiting:
            one = waiting.pop()
            begun[one] = max(free, arrived[one])
            free = done[one] = begun[one] + demand[one]
    return begun, done


@pytest.mark.parametrize("seed", range(4))
def test_it_finds_what_the_service_takes_without_the_fault(seed: int) -> None:
    timeline, removal, truth_s = served(seed, rate_per_s=15, every=100, fault_s=0.03)
    rec = record(timeline, removal, 0, timeline.requests)
    found = unmet(rec, np.ones(len(rec.kept), bool), rec.response - np.bincount(
        rec.segment_request, rec.segment_end - rec.segment_start, minlength=len(rec.kept)
    ))  # fmt: skip
    assert found is not None
    assert found.after[2] == pytest.approx(truth_s, rel=0.1)
    assert found.alone.mean() > 0.9


def test_where_most_requests_meet_the_fault_it_says_nothing() -> None:
    timeline, removal, _ = served(1, rate_per_s=60, every=4, fault_s=0.03)
    rec = record(timeline, removal, 0, timeline.requests)
    assert unmet(rec, np.ones(len(rec.kept), bool), rec.response) is None


@pytest.mark.parametrize("seed", range(4))
def test_where_nearly_all_meet_none_it_tells_whatever_the_others_wait(seed: int) -> None:
    timeline, removal, truth_s = served(seed, rate_per_s=15, every=100, fault_s=0.3)
    rec = record(timeline, removal, 0, timeline.requests)
    less = rec.response - np.bincount(rec.segment_request, rec.segment_end - rec.segment_start, minlength=len(rec.kept))
    everybody = np.ones(len(rec.kept), bool)
    found = unmet(rec, everybody, less)
    assert found is not None
    assert found.apart == MOST_APART
    assert float(np.quantile(less, 0.99)) > 5 * truth_s
    assert found.after[2] == pytest.approx(truth_s, rel=0.15)
