"""The load that the demo's finding is proved under."""

from __future__ import annotations

from importlib.resources import as_file, files

import pytest
from msgspec.structs import replace

from loadstone.lab.story import ENOUGH, MOST_PER_S, journey_alone, proof_rate, run_length_s
from loadstone.model.run import Latency, LatencySet, StepSummary, Summary
from loadstone.spec import Spec, load
from tests.guard.made import run
from tests.guard.test_fragment import SLO


@pytest.fixture(scope="module")
def shop() -> Spec:
    with as_file(files("loadstone.demo") / "loadstone.toml") as path:
        return load(path)


def summary(**means_s: float) -> Summary:
    """Of a run whose steps of the journey browse took so long in service, in the mean."""
    nothing = Latency(None, None, None, None, None, None, None, None)

    def step(name: str, mean_s: float) -> StepSummary:
        taken = replace(nothing, mean=mean_s)
        return StepSummary("browse", name, 100, 0, {"200": 100}, LatencySet(nothing, taken, nothing, nothing))

    return replace(run([0.1], SLO).summary, steps=tuple(step(*one) for one in means_s.items()))


def test_one_journey_is_driven_alone_with_its_objectives(shop: Spec) -> None:
    alone = journey_alone(shop, "browse", 150.0, 6.0, 1.5)
    assert [one.name for one in alone.workload.journeys] == ["browse"]
    assert [slo.name for slo in alone.slos] == ["catalogue is fast", "nothing fails"]
    assert [(one.duration_s, one.rate_per_s, one.measured) for one in alone.shape.phases] == [
        (1.5, 150.0, False),
        (6.0, 150.0, True),
    ]
    assert journey_alone(shop, None, 10.0, 6.0, 1.5).workload == shop.workload
    with pytest.raises(ValueError, match="no journey steal"):
        journey_alone(shop, "steal", 1.0, 1.0, 1.0)


def test_the_rate_keeps_less_than_one_request_in_service(shop: Spec) -> None:
    assert proof_rate(shop, "browse", summary(list=0.0015, detail=0.0025)) == pytest.approx(150)
    assert proof_rate(shop, "browse", summary(list=0.1, detail=0.2)) == pytest.approx(2)
    assert proof_rate(shop, "browse", summary(list=1e-5, detail=1e-5)) == MOST_PER_S
    assert proof_rate(shop, "browse", summary()) == MOST_PER_S


def test_a_run_is_long_enough_for_a_p99_within_bounds() -> None:
    assert run_length_s(200.0, 5.5, 8.0) == 5.5
    assert run_length_s(150.0, 5.5, 8.0) == 7.0
    assert ENOUGH <= 150.0 * 7.0
    assert run_length_s(20.0, 5.5, 8.0) == 8.0
