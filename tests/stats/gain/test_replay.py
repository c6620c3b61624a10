"""The core's kernels against a slow, obvious oracle, and inversion against replay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.stats.gain.demand import invert_under
from loadstone.stats.gain.replay import CPU, DELAY, Discipline, Model, Stages, in_order_starts, replay, shared_demands
from tests.stats.gain.oracle import demand_of, served

DISCIPLINES = st.one_of(
    st.just(DELAY),
    st.integers(1, 3).map(lambda servers: Discipline(1, servers)),
    st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]).map(lambda servers: Discipline(2, servers)),
)
MODELS = st.builds(Model, st.integers(0, 4), DISCIPLINES, DISCIPLINES)


def jobs(seed: int, count: int) -> tuple[list[float], list[list[tuple[int, float]]]]:
    """Requests with a few stages each, some of them asking for nothing."""
    chance = np.random.default_rng(seed)
    arrivals = np.cumsum(chance.exponential(0.4, count)).tolist()
    stages = [
        [
            (int(resource), float(demand) if chance.random() < 0.9 else 0.0)
            for resource, demand in zip(chance.integers(0, 3, size), chance.exponential(0.3, size), strict=True)
        ]
        for size in chance.integers(0, 6, count)
    ]
    return arrivals, stages


def packed(stages: list[list[tuple[int, float]]]) -> Stages:
    first = np.concatenate([[0], np.cumsum([len(each) for each in stages])]).astype(np.uint32)
    flat = [stage for each in stages for stage in each]
    return Stages(
        first,
        np.array([resource for resource, _ in flat], np.uint8),
        np.array([demand for _, demand in flat], np.float64),
    )


def everybody(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.arange(count, dtype=np.uint32)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 25), MODELS)
def test_the_replay_is_the_oracles(seed: int, count: int, model: Model) -> None:
    arrivals, stages = jobs(seed, count)
    found = replay(np.array(arrivals), everybody(count), packed(stages), model)
    expected = np.array(served(arrivals, stages, model))
    np.testing.assert_allclose(found.begun, expected[:, 0], atol=1e-9)
    np.testing.assert_allclose(found.ended, expected[:, 1], atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 60), MODELS)
def test_inverting_a_replay_gives_the_demands_back(seed: int, count: int, model: Model) -> None:
    arrivals, stages = jobs(seed, count)
    columns = packed(stages)
    found = replay(np.array(arrivals), everybody(count), columns, model)
    start = np.empty(len(columns.demand))
    start[1:] = found.stage_ended[:-1]
    begins = columns.first[:-1][np.diff(columns.first) > 0]
    start[begins] = found.begun[np.diff(columns.first) > 0]
    for resource, discipline in ((0, model.database), (1, DELAY), (CPU, model.cpu)):
        places = np.flatnonzero((columns.resource == resource) & (columns.demand > 0))
        demand = invert_under([discipline], start[places], found.stage_ended[places])[0]
        np.testing.assert_allclose(demand, columns.demand[places], atol=1e-8)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 60), st.integers(1, 5))
def test_starts_are_found_from_ends(seed: int, count: int, workers: int) -> None:
    arrivals, stages = jobs(seed, count)
    model = Model(workers, Discipline(2, 1.0), Discipline(2, 2.0))
    found = replay(np.array(arrivals), everybody(count), packed(stages), model)
    (starts,) = in_order_starts(np.array(arrivals), found.ended, [workers])
    np.testing.assert_allclose(starts, found.begun, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 20), st.sampled_from([0.5, 1.0, 2.5, 4.0]))
def test_shared_demands_are_the_oracles(seed: int, count: int, servers: float) -> None:
    chance = np.random.default_rng(seed)
    start = chance.uniform(0, 5, count)
    end = start + chance.exponential(1, count)
    present, (found,) = shared_demands(start, end, [servers])
    for place in range(count):
        others = [(start[other], end[other]) for other in range(count) if other != place]
        assert found[place] == pytest.approx(demand_of(start[place], end[place], others, servers))
        assert present[place] == sum(begin <= start[place] < finish for begin, finish in others)


def test_one_request_may_come_again() -> None:
    stages = packed([[(2, 1.0)], [(2, 3.0)]])
    order = np.array([1, 0, 1], np.uint32)
    found = replay(np.array([0.0, 10.0, 20.0]), order, stages, Model(0, DELAY, DELAY))
    assert found.ended.tolist() == [3.0, 11.0, 23.0]


def test_a_long_queue_of_requests_without_stages_ends() -> None:
    count = 200_000
    stages = packed([[(2, 1.0)], []])
    order = np.ones(count, np.uint32)
    order[0] = 0
    found = replay(np.zeros(count), order, stages, Model(1, DELAY, DELAY))
    assert found.ended.tolist() == [1.0] * count


@pytest.mark.parametrize(
    ("arrived", "order", "demand", "model", "said"),
    [
        ([1.0, 0.0], [0, 0], 1.0, Model(0, DELAY, DELAY), "arrivals out of order"),
        ([np.nan], [0], 1.0, Model(0, DELAY, DELAY), "arrivals out of order"),
        ([0.0], [1], 1.0, Model(0, DELAY, DELAY), "an arrival of no request"),
        ([0.0], [0], -1.0, Model(0, DELAY, DELAY), "a demand that is no length of time"),
        ([0.0], [0], np.inf, Model(0, DELAY, DELAY), "a demand that is no length of time"),
        ([0.0], [0, 0], 1.0, Model(0, DELAY, DELAY), "columns of unequal length"),
        ([0.0], [0], 1.0, Model(0, Discipline(1, 0), DELAY), "no discipline"),
        ([0.0], [0], 1.0, Model(0, DELAY, Discipline(2, np.inf)), "no discipline"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    arrived: list[float], order: list[int], demand: float, model: Model, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        replay(np.array(arrived), np.array(order, np.uint32), packed([[(2, demand)]]), model)
