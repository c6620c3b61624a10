"""Bursts from the spec to the wire: what the native engine offers is as uneven as the spec asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from loadstone import spec
from loadstone.drive.compile import Recording, compile_plan
from loadstone.drive.engine import native
from tests.throwaway import free_port

SPEC = """
[service]
url = "http://127.0.0.1:{port}"
[[journey]]
name = "visit"
[[journey.step]]
get = "/"
[shape.peak]
rate = "2000/s"
duration = "2s"
warm_up = "7ms"
{bursts}
"""


def starts_s(folder: Path, bursts: str) -> NDArray[np.float64]:
    """When measured journeys begin, from the end of warm-up. Nobody listens: each fails at once, and is kept."""
    (folder / "loadstone.toml").write_text(SPEC.format(port=free_port(), bursts=bursts))
    read = spec.load(folder / "loadstone.toml")
    kept = Recording(failed=100_000, slowest=0, uniform=0)
    plan = compile_plan(read.workload, read.shape, read.service, seed=11, recording=kept, environment={})
    engine = native(plan.engine)
    origin_ns, _ = engine.start()
    while not engine.finished():
        engine.poll(0.5)
    at = np.array([sample.intended_ns - origin_ns for sample in engine.samples() if sample.phase == 1])
    return np.sort(at) / 1e9 - 0.007


def index(at_s: NDArray[np.float64], window_s: float) -> float:
    counts = np.bincount((at_s / window_s).astype(int), minlength=round(2 / window_s))
    return float(((counts - 2000 * window_s) ** 2).mean() / (2000 * window_s))


def test_what_is_offered_is_as_uneven_as_the_spec_asks(tmp_path: Path) -> None:
    pytest.importorskip("loadstone._core")
    found = starts_s(tmp_path, 'bursts = { "5ms" = 2.5, "50ms" = 6 }')
    # 400 and 40 windows: an index of I has a standard error of at least I sqrt(2 / windows), .18 and 1.3.
    assert index(found, 0.005) == pytest.approx(2.5, abs=0.8)
    assert index(found, 0.05) == pytest.approx(6.0, abs=4.0)
    plain = starts_s(tmp_path, "")
    assert index(plain, 0.005) == pytest.approx(1.0, abs=0.3)
    assert index(plain, 0.05) == pytest.approx(1.0, abs=0.9)
