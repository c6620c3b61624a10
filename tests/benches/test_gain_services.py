"""The simulator of the accuracy bench against queueing theory, and its command."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benches.gain_accuracy import REQUESTS, measure, section
from benches.gain_cases import MODELLED, STRESS, draw_case, draw_requests
from benches.gain_services import CPU, DATABASE, OTHER, Request, Service, simulate

COUNT = 30_000


def poisson(rate: float, demands: list[float], resource: int, seed: int = 1) -> list[Request]:
    at = np.cumsum(np.random.default_rng(seed).exponential(1 / rate, len(demands)))
    return [Request(float(when), 0, [(resource, demand, 0.0)]) for when, demand in zip(at, demands, strict=True)]


def test_workers_wait_as_erlang_says() -> None:
    """M/M/3 at load .7: the mean wait is C(3, 2.1) / (3 - 2.1) (Erlang's formula)."""
    demands = np.random.default_rng(2).exponential(1, COUNT).tolist()
    found = simulate(Service(3, 99, "fifo", 0), poisson(2.1, demands, OTHER), 1)
    waits = [request.started_s - request.reached_s for request in found.requests]
    load, workers = 2.1, 3
    full = load**workers / math.factorial(workers) * workers / (workers - load)
    erlang = full / (sum(load**k / math.factorial(k) for k in range(workers)) + full)
    assert np.mean(waits) == pytest.approx(erlang / (workers - load), rel=0.1)
    assert found.load == pytest.approx(0.7, abs=0.02)


def test_sharing_is_blind_to_the_distribution() -> None:
    """M/G/1 processor sharing at load .6: the mean response is 1 / (1 - .6) whatever the demands (Kleinrock)."""
    drawn = np.random.default_rng(3).lognormal(-0.5, 1, COUNT)
    found = simulate(Service(0, 1, "fifo", 0), poisson(0.6, drawn.tolist(), CPU), 1)
    assert np.mean([r.ended_s - r.started_s for r in found.requests]) == pytest.approx(2.5 * drawn.mean(), rel=0.1)


def test_a_database_in_order_waits_as_pollaczek_says() -> None:
    """M/D/1 at load .5: the mean wait is half the service time (Pollaczek and Khinchine)."""
    found = simulate(Service(0, 1, "fifo", 1), poisson(0.5, [1.0] * COUNT, DATABASE), 1)
    assert np.mean([r.ended_s - r.started_s for r in found.requests]) == pytest.approx(1.5, rel=0.05)


def test_the_fix_leaves_the_fault_out() -> None:
    request = Request(0.0, 0, [(CPU, 1.0, 0.0), (DATABASE, 2.0, 1.0), (OTHER, 4.0, 0.25)])
    sick, well = (simulate(Service(0, 1, "fifo", 1), [request], 1, fixed=fixed).requests[0] for fixed in (False, True))
    assert sick.ended_s - sick.started_s == pytest.approx(7.0, abs=0.01)
    assert well.ended_s - well.started_s == pytest.approx(4.0, abs=0.01)


def test_cases_are_of_all_kinds_and_the_same_each_time() -> None:
    kinds = [draw_case(seed).kind for seed in range(50)]
    assert set(kinds) == {*MODELLED, *STRESS}
    assert sum(kind in STRESS for kind in kinds) == 10
    case = draw_case(5)
    assert case == draw_case(5)
    assert draw_requests(case, 50, 5) == draw_requests(case, 50, 5)


def test_the_section_counts_what_was_measured() -> None:
    row = {
        "seed": 1,
        "kind": "gil",
        "load": 0.4,
        "refused": None,
        "error": 0.04,
        "subtracted_error": 0.5,
        "queue_error": 0.3,
        "covers": True,
        "at_least": True,
    }
    rows = [row | {"traces": traces} for traces in ("all traces", "a tenth")]
    rows += [row | {"traces": "all traces", "seed": 2, "refused": "because", "error": 3.0}]
    text = section(rows)
    assert "2 simulated services" in text and f"{REQUESTS:,}" in text
    assert "| load up to .7 | all traces | 2 | 50% | 4.0% / 4% | 100% | 100% | 100% | 100% |" in text


def test_one_service_is_measured_with_all_traces_and_with_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benches.gain_accuracy.REQUESTS", 1000)
    every, some = measure(2001)
    assert (every["traces"], some["traces"]) == ("all traces", "a tenth")
    assert every["truth_s"] == some["truth_s"] < every["before_s"]
    assert every["refused"] is None
    assert abs(every["error"]) < 0.05
    assert "| load up to .7 | all traces | 1 | 0% |" in section([every, some])
