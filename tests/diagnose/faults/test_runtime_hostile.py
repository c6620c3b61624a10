"""Faults of the runtime before evidence that is absurd: no exception, no warning, costs that are possible."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from loadstone.diagnose.faults import detector
from loadstone.diagnose.suspect import Suspect
from tests.evidence import START_NS
from tests.scenes import Story

CODES = (
    "hot-function",
    "hot-serialiser",
    "pool-wait",
    "pool-deadlock",
    "gil-wait",
    "gc-pause",
    "server-queue",
    "cold-start",
    "memory-growth",
    "saturation",
)
BIG = (1 << 62) - 1
FRAMES = (
    None,
    "",
    ";",
    ";;;",
    "f",
    "f (",
    "dumps (json/__init__.py:231)",
    "a (x.py:1);" * 3000 + "dumps (json/encoder.py:1)",
    "(no frames)",
    "\ufffd (\x01:99999999999999999999)",
    "deepcopy (copy.py:0);deepcopy (copy.py:-1)",
    "page (shop/pages.py:1);work (shop/work.py:2)",
)


def _judged(story: Story) -> list[Suspect]:
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        subject, scene = story.made()
        for code in CODES:
            fault = detector(code)
            if all(scene.has(need) is None for need in fault.NEEDS):
                found += list(fault.detect(subject, scene, fault.LIMITS))
    count = len(scene.digest.requests)
    for one in found:
        assert len(one.requests) == len(one.cost_ns)
        assert np.isfinite(one.cost_ns).all()
        assert (one.cost_ns >= 0).all()
        assert (one.requests >= 0).all()
        assert (one.requests < max(1, count)).all()
        assert len(np.unique(one.requests)) == len(one.requests)
        assert one.cpu_ns is None or len(one.cpu_ns) == len(one.requests)
        assert 0 <= one.confidence <= 1
        assert one.title
        assert "nan" not in one.title
    return found


def _draw(random: np.random.Generator, values: tuple[Any, ...]) -> Any:  # noqa: ANN401 - columns are of any type
    return values[int(random.integers(len(values)))]


@pytest.mark.parametrize("seed", range(4))
def test_absurd_evidence_ends_in_silence_or_a_possible_cost(seed: int) -> None:
    story = Story(seed=seed, own=seed % 2 == 0)
    random = story.random
    for request in story.requests(60, rate_per_s=30, http_request_method="GET", http_route="/x"):
        request.root["process_pid"] = _draw(random, (None, 0, -1, 100, 2**31 - 1))
        request.root["thread_id"] = _draw(random, (None, 0, 1, BIG, -5))
        request.root["thread_cpu_ns"] = _draw(random, (None, 0, 5, BIG))
        request.root["service"] = _draw(random, (None, "", "shop", "other"))
        request.span("internal", "pool wait", _draw(random, (0.0, 1e-9, 0.5, 3600.0)), exact=True)
        request.sql(_draw(random, (None, "", "COMMIT", "SELECT 1")), _draw(random, (0.0, 0.01, -0.5)), exact=True)
        request.span("client", "pool wait", 0.3, at=_draw(random, (-5.0, 0.0, 1e6)), status=2, exact=True)
        request.spend(_draw(random, (0.0, 0.001, 0.1)))
    for _ in range(300):
        row = {
            "at_ns": _draw(random, (None, 0, -1, BIG, START_NS, START_NS + 10**9)),
            "state": _draw(random, ("cpu", "gil", "idle", "alloc", "strange", None)),
            "weight": _draw(random, (None, 0, -5, 1, 10**7, 10**15)),
            "unit": _draw(random, ("ns", "samples", None, "bytes")),
            "process_pid": _draw(random, (None, 100, 0, -1)),
            "thread_id": _draw(random, (None, 1, BIG)),
        }
        story.stack(_draw(random, FRAMES), **row)
        story.row(
            "waits",
            {
                "kind": _draw(random, ("gc", "Lock", None)),
                "at_ns": _draw(random, (None, 0, -1, BIG, START_NS)),
                "duration_ns": _draw(random, (None, 0, -1, 1, BIG // 2, 10**7)),
                "process_pid": _draw(random, (None, 100, 0)),
                "name": _draw(random, (None, "", "generation 2")),
                "detail": _draw(random, (None, "", "{", "[]", '{"collected": "x"}', '{"collected": 9}')),
            },
        )
        story.row(
            "host",
            {
                "at_ns": _draw(random, (None, 0, BIG, START_NS, START_NS + 10**9)),
                "span_ns": _draw(random, (None, 0, -1, 10**9)),
                "scope": _draw(random, ("service", "host", "cgroup", None)),
                "metric": _draw(random, ("rss_bytes", "cpus", "cpu_busy_share", "cpu_cores", "run_wait_s_per_s", None)),
                "value": _draw(random, (None, 0.0, -1.0, 1e300, float("inf"), float("nan"), 2.0)),
            },
        )
    _judged(story)


def test_no_requests_at_all() -> None:
    story = Story()
    story.stack("page (shop/pages.py:1);work (shop/work.py:2)", 50)
    story.row("waits", {"kind": "gc", "at_ns": START_NS, "duration_ns": 10**9, "process_pid": 100})
    story.row("host", {"at_ns": START_NS, "span_ns": 10**9, "scope": "host", "metric": "cpus", "value": 2.0})
    assert [one for one in _judged(story) if one.ceiling != "info"] == []


def test_one_request_of_no_duration() -> None:
    story = Story()
    for _ in story.requests(1):
        pass
    assert _judged(story) == []


def test_a_request_with_twenty_thousand_waits() -> None:
    story = Story()
    for request in story.requests(4):
        if request.number == 1:
            for _ in range(20_000):
                request.span("internal", "pool wait", 1e-6, exact=True)
        request.sql("SELECT 1", 0.01)
    _judged(story)
