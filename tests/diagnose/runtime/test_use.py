"""The USE summary of a host table made by hand: means weighted by time, sums of counts, parts left out, growth."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.diagnose.runtime.use import SLOPE_POINTS, use
from loadstone.model.evidence import Columns
from loadstone.model.use import Use, UseRow

SECOND = 1_000_000_000
Row = tuple[int, int, str, str, str | None, float]


def table(rows: list[Row]) -> Columns:
    at, span, scope, metric, detail, value = zip(*rows, strict=True)
    return {
        "at_ns": np.array(at, dtype=np.int64) * SECOND,
        "span_ns": np.array(span, dtype=np.int64) * SECOND,
        "scope": np.array(scope, dtype=object),
        "metric": np.array(metric, dtype=object),
        "detail": np.array(detail, dtype=object),
        "value": np.array(value, dtype=np.float64),
    }


def row(told: Use, scope: str, resource: str) -> UseRow:
    (found,) = [one for one in told.rows if (one.scope, one.resource) == (scope, resource)]
    return found


def test_a_mean_is_weighted_by_the_spans() -> None:
    told = use([table([(1, 1, "host", "cpu_busy_share", None, 0.2), (4, 3, "host", "cpu_busy_share", None, 1.0)])])
    figure = row(told, "host", "cpu").utilisation
    assert figure is not None
    assert figure.mean == pytest.approx(0.8)
    assert figure.most == 1.0
    assert figure.unit == "share"


def test_counts_are_summed_and_batches_belong_together() -> None:
    batches = [table([(1, 1, "cgroup", "oom_kills", None, 1)]), table([(2, 1, "cgroup", "oom_kills", None, 2)])]
    (errors,) = row(use(batches), "cgroup", "memory").errors
    assert (errors.mean, errors.most) == (3, 2)


def test_parts_and_what_nobody_knows_are_left_out() -> None:
    told = use(
        [
            table(
                [
                    (1, 1, "host", "disk_busy_share", "sda", 0.9),
                    (1, 1, "host", "disk_busy_share", None, 0.5),
                    (1, 1, "host", "a metric of tomorrow", None, 7),
                    (1, 1, "generator", "cpu_cores", "receiver", 0.7),
                ]
            )
        ]
    )
    assert [(one.scope, one.resource) for one in told.rows] == [("host", "disk")]
    disk = row(told, "host", "disk").utilisation
    assert disk is not None
    assert disk.most == 0.5


def test_service_and_generator_are_apart_and_limits_stand_beside() -> None:
    told = use(
        [
            table(
                [
                    (1, 1, "service", "cpu_cores", None, 0.4),
                    (1, 1, "service", "run_wait_s_per_s", None, 0.1),
                    (1, 1, "generator", "cpu_cores", None, 0.9),
                    (1, 1, "cgroup", "cpu_cores", None, 0.5),
                    (1, 1, "cgroup", "cpu_quota_cores", None, 0.5),
                    (1, 1, "cgroup", "cpu_throttled_share", None, 0.25),
                ]
            )
        ]
    )
    service, generator, group = (row(told, scope, "cpu") for scope in ("service", "generator", "cgroup"))
    assert service.utilisation is not None
    assert generator.utilisation is not None
    assert (service.utilisation.mean, generator.utilisation.mean) == (0.4, 0.9)
    assert [figure.metric for figure in service.saturation] == ["run_wait_s_per_s"]
    assert service.limit is None
    assert group.limit is not None
    assert group.limit.mean == 0.5
    assert group.saturation[0].mean == 0.25


def test_growth_is_told_from_ten_readings_on() -> None:
    readings: list[Row] = [(at, 1, "service", "rss_bytes", None, 1e6 + 2000 * at) for at in range(SLOPE_POINTS)]
    (growth,) = use([table(readings)]).growth
    assert growth.bytes_per_s == pytest.approx(2000)
    assert growth.low <= growth.bytes_per_s <= growth.high
    assert growth.seconds == SLOPE_POINTS - 1
    assert use([table(readings[:-1])]).growth == ()


def test_a_value_that_is_missing_is_no_zero() -> None:
    columns = dict(table([(1, 1, "host", "cpu_busy_share", None, 0.5), (2, 1, "host", "cpu_busy_share", None, 0.0)]))
    columns["value"] = np.ma.masked_array(columns["value"], mask=[False, True])
    figure = row(use([columns]), "host", "cpu").utilisation
    assert figure is not None
    assert figure.mean == 0.5


def test_nothing_is_nothing() -> None:
    assert use([]) == Use((), ())
