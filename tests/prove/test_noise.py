"""What identical sides say, and which margins it refuses."""

from __future__ import annotations

import math
import re

import msgspec
import numpy as np
import pytest
from scipy.stats import beta

from loadstone.model.calibration import Calibration, CalibrationKey
from loadstone.model.comparison import Comparison
from loadstone.model.run import Machine
from loadstone.prove.compare import compare
from loadstone.prove.noise import calibration_of, floor_of, floors, foreseen, refusal, uncalibrated
from loadstone.stats.pairs.power import floor
from tests.prove.made import SIDES, counted, design, pairs

KEY = CalibrationKey(Machine("linux-x86_64", 2), "python -m shop", "120/s", 10.0)


def identical(count: int, spread: float = 0.02, seed: int = 0) -> Comparison:
    runs = [*pairs(count, spread=spread, changed={})]
    if seed:
        runs = pairs(count, spread=spread, seed=None, changed={(0, "A"): {"times": 1 + 0.01 * seed}})
    return compare(SIDES, design(count), runs, experiment=f"x{seed}", counted=(counted(), counted(side="B")))


def calibrated(*experiments: Comparison) -> Calibration:
    return calibration_of(KEY, experiments or (identical(24),), 1)


def test_the_spread_is_that_of_the_pairs() -> None:
    told = identical(24)
    made = calibrated(told)
    noise = next(one for one in made.noise if one.name == "p95 response")
    values = np.log(next(one for one in told.metrics if one.name == "p95 response").values)
    assert noise.sd == pytest.approx(values.std(ddof=1))
    assert noise.sd_low < noise.sd < noise.sd_high
    assert (noise.unit, noise.pairs, made.pairs) == ("ratio", 24, 24)
    assert noise.floor[10] == pytest.approx(math.exp(floor(noise.sd, 10)))
    assert [*noise.floor.values()] == sorted(noise.floor.values(), reverse=True)
    assert noise.pairs_for["1.20"] == 6
    assert msgspec.json.decode(msgspec.json.encode(made), type=Calibration) == made


def test_counts_have_no_noise_and_failures_have_it_in_their_unit() -> None:
    made = calibrated()
    assert "statements a request" not in {one.name for one in made.noise}
    errors = next(one for one in made.noise if one.name == "errors")
    assert (errors.unit, errors.sd, errors.pairs_for) == ("share", 0.0, {})


def test_the_spread_is_pooled_within_experiments() -> None:
    one, other = identical(10), identical(12, 0.04, 1)
    made = next(each for each in calibrated(one, other).noise if each.name == "p95 response")
    logs = [np.log(next(m for m in each.metrics if m.name == "p95 response").values) for each in (one, other)]
    degrees = [len(each) - 1 for each in logs]
    pooled = sum(each.var(ddof=1) * count for each, count in zip(logs, degrees, strict=True)) / sum(degrees)
    assert made.sd == pytest.approx(math.sqrt(pooled))
    assert made.pairs == 22


def test_alarms_are_counted_over_groups_of_six_pairs() -> None:
    told = identical(25)
    made = calibrated(told)
    metrics = [one for one in told.metrics if one.method != "by count"]
    assert made.comparisons == 4 * len(metrics)
    assert made.p95_comparisons == 4
    rate = made.alarms / made.comparisons
    assert made.rate_low <= rate <= made.rate_high
    upper = beta.ppf(0.975, rate * 4 + 1, 4 - rate * 4)
    assert made.rate_high == pytest.approx(upper, rel=1e-6)  # as if only the four groups were independent


def test_a_group_that_differs_is_an_alarm() -> None:
    told = compare(SIDES, design(6), pairs(6, b=1.5))
    made = calibration_of(KEY, [told], 1)
    assert (made.p95_comparisons, made.p95_alarms) == (1, 1)
    assert 0 < made.alarms < made.comparisons


def test_too_few_pairs_say_nothing() -> None:
    with pytest.raises(ValueError, match="5 pairs of identical sides say nothing yet: 6 are the fewest"):
        calibration_of(KEY, [compare(SIDES, design(5), pairs(5))], 1)


def test_a_margin_under_the_floor_is_refused_with_the_pairs_that_do() -> None:
    made = calibrated(identical(24, 0.1))
    told = refusal(made, {"p95 response": 1.10}, 6)
    assert told is not None
    assert "a margin of 10.0 % for p95 response is under the noise floor of this machine and service" in told
    needed = int(re.findall(r"--pairs (\d+)", told)[0])
    assert refusal(made, {"p95 response": 1.10}, needed) is None
    assert refusal(made, {"p95 response": 1.10}, needed - 1) is not None
    least = floor_of(made, "p95 response", 6)
    assert least is not None
    assert refusal(made, {"p95 response": least}, 6) is None


def test_a_margin_that_no_number_of_pairs_carries() -> None:
    told = refusal(calibrated(identical(24, 0.5)), {"p95 response": 1.01}, 10)
    assert told is not None
    assert "make the runs longer" in told
    none = refusal(calibrated(), {"p95 response": 1.0}, 10)
    assert none is not None


def test_what_was_not_calibrated_is_not_refused() -> None:
    assert refusal(None, {"p95 response": 1.0001}, 6) is None
    made = calibrated()
    assert refusal(made, {"p99 response of browse.other": 1.0001, "statements a request": 0.0}, 6) is None
    assert floor_of(made, "p95 response", 5) is None
    assert foreseen(None, ["p95 response"], 10) == {}


def test_what_a_design_will_see_is_its_floor() -> None:
    made = calibrated()
    assert foreseen(made, ["p95 response", "errors", "nonsense"], 10) == {
        "p95 response": floor_of(made, "p95 response", 10)
    }


def test_metrics_carry_their_floor_and_a_comparison_says_that_it_has_one() -> None:
    made = calibrated()
    told = compare(SIDES, design(), pairs(10), calibration=made)
    assert told.calibrated
    assert next(one for one in told.metrics if one.judged).floor == floor_of(made, "p95 response", 10)
    assert "uncalibrated" not in {one.code for one in told.caveats}
    assert [one.level for one in uncalibrated(None)] == ["note"]
    assert [*uncalibrated(made)] == []
    assert all(one.floor is None for one in floors(told.metrics, made, 10) if one.method == "by count")
