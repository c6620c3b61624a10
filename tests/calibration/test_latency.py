"""The engine's service times against the server's own record of the same requests.

Each request is in both distributions, so nothing is sampled. The server's record runs from the kernel's receipt of the
request to just before the reply is handed to the kernel; the client's adds its own send, the loopback's way back and
its waking up. That surplus, and the histogram's buckets (0.4 %), have to fit into 1 % + 50 microseconds.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.calibration.scripted import drive, merged, plan_for, serving

pytestmark = [pytest.mark.calibration, pytest.mark.timeout(120), pytest.mark.usefixtures("undisturbed")]

RELATIVE = 0.01
ABSOLUTE_S = 50e-6
SHARES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999)


def quantile_s(sorted_ns: list[int], share: float) -> float:
    """The smallest value that at least this share does not exceed, in seconds."""
    return sorted_ns[max(0, math.ceil(share * len(sorted_ns)) - 1)] / 1e9


def test_quantiles_are_the_servers_own(scripted_server: Path) -> None:
    with serving(scripted_server, "lognormal", "10000", "1.0") as truth:
        plan = plan_for(truth.port, arrivals="poisson", rate_per_s=1500, duration_s=8)
        intervals = drive(plan)
        service = merged(intervals, "service")
        record = sorted(truth.record_ns(service.count))
    assert len(record) == service.count == sum(interval.sent for interval in intervals) > 10_000
    for share in SHARES:
        measured, told = service.quantile(share), quantile_s(record, share)
        assert measured is not None
        assert abs(measured - told) <= RELATIVE * told + ABSOLUTE_S, (share, measured, told)
    mean_s = sum(record) / len(record) / 1e9
    assert service.mean_s is not None
    assert abs(service.mean_s - mean_s) <= RELATIVE * mean_s + ABSOLUTE_S


def test_no_request_is_told_faster_than_it_was(scripted_server: Path) -> None:
    """The order statistics of the client lie above the server's, bucket for bucket."""
    with serving(scripted_server, "lognormal", "2000", "0.5") as truth:
        plan = plan_for(truth.port, arrivals="even", rate_per_s=500, duration_s=2)
        service = merged(drive(plan), "service")
        record = sorted(truth.record_ns(service.count))
    assert len(record) == service.count == 1_000
    assert service.sum_ns >= sum(record)
    assert service.min_ns >= record[0]
    assert service.max_ns >= record[-1]
