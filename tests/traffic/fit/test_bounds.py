"""Bounds of memory: when they are met, what is left is told, and numbers stay near."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.stats.traffic.zipf import zipf_weights
from loadstone.traffic.fit import fit, fitting, generate, items, scope, tally
from loadstone.traffic.fit.items import Items
from tests.traffic.fit.worlds import LIST, SHOP, log, route


def test_a_sample_of_visits_tells_what_all_of_them_do(monkeypatch: pytest.MonkeyPatch) -> None:
    hits = generate(SHOP, 31, 4 * 3600)
    whole = fit(hits, hold_out_share=0)
    monkeypatch.setattr(tally, "MOST_SAMPLED", 4000)
    sampled = fit(hits, hold_out_share=0)
    assert sampled.mix == whole.mix
    for one, other in zip(whole.visits, sampled.visits, strict=True):
        assert one.transitions == other.transitions
        for pace, fewer in zip(one.paces, other.paces, strict=True):
            assert fewer.median_s.count < pace.median_s.count / 2
            assert fewer.median_s.low is not None
            assert fewer.median_s.high is not None
            assert fewer.median_s.low * 0.9 < pace.median_s.value < fewer.median_s.high * 1.1


def test_a_peak_of_too_many_requests_is_described_by_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    hits = generate(SHOP, 32, 2 * 3600)
    whole = fit(hits, hold_out_share=0)
    monkeypatch.setattr(fitting, "MOST_AT_PEAK", 1000)
    told = fit(hits, hold_out_share=0)
    assert told.arrivals.peak_s < whole.arrivals.peak_s / 2
    assert told.arrivals.requests_per_s.value == pytest.approx(whole.arrivals.requests_per_s.value, rel=0.4)
    assert any("are described" in note for note in told.notes)
    assert not any("are described" in note for note in whole.notes)


def test_the_rarest_items_are_forgotten_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MOST_ITEMS", 200)
    rng = np.random.default_rng(1)
    found = Items()
    weights = zipf_weights(1000, 1.2, 1.0)
    for _ in range(20):
        values = np.sort(rng.choice(1000, 2000, p=weights)).astype(np.uint64) + np.uint64(1)
        found.add(values, np.arange(2000))
    assert len(found.counts) <= 200
    assert found.forgotten > 0
    assert found.counts.max() == pytest.approx(40_000 * weights[0], rel=0.05)
    assert found.effect == 1


def test_one_visit_that_asks_again_counts_for_less() -> None:
    found = Items()
    found.add(np.repeat(np.arange(1, 6).astype(np.uint64), 4), np.repeat(np.arange(5), 4))
    assert found.effect == 4


def test_only_the_most_asked_for_routes_are_kept_but_writes_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "MOST_ROUTES", 8)
    names = [f"GET /r{at}" for at in range(20)]
    rng = np.random.default_rng(2)
    chosen = rng.choice(20, 5000, p=zipf_weights(20, 1.0, 0.0))
    rows = [(float(at), at % 300, names[each]) for at, each in enumerate(chosen.tolist())]
    rows[77] = (77.0, 77, "POST /r0")
    told = fit(log(rows, [route(name) for name in (*names, "POST /r0")]), hold_out_share=0)
    kept = {load.route for load in told.mix}
    assert len(kept) == 8
    assert "POST /r0" in kept
    assert "GET /r19" not in kept
    assert any("beyond the" in note for note in told.notes)


def test_many_groups_of_routes_are_few_classes() -> None:
    names = [f"GET /g{at}" for at in range(30)]
    rows = [(float(at), at, names[at % 30]) for at in range(3000)] + [(3000.0 + at, at, LIST) for at in range(900)]
    told = fit(log(sorted(rows)), hold_out_share=0)
    assert len(told.visits) <= scope.MOST_CLASSES
    assert "other" in {one.name for one in told.visits}
    assert sum(one.share.value for one in told.visits) == pytest.approx(1)
