"""One file a fault. Each is a judge: its docstring is its manual page, ``detect`` is a function of the evidence.

Adding one touches three places: its file, a line in ``FAULTS``, its folder of cases in ``tests/cases``.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from loadstone.diagnose.suspect import Detector

__all__ = ["FAULTS", "detector", "detectors"]

FAULTS = (
    "n-plus-one",
    "m-n-plus-one",
    "slow-statement",
    "missing-index",
    "offset-pagination",
    "hot-function",
    "hot-serialiser",
    "pool-wait",
    "pool-deadlock",
    "lock-wait",
    "gil-wait",
    "gc-pause",
    "serial-calls",
    "http-n-plus-one",
    "http-fan-out",
    "repeated-statement",
    "unbounded-result",
    "over-fetching",
    "row-mapping",
    "large-payload",
    "server-queue",
    "retry-amplification",
    "connection-churn",
    "cold-start",
    "memory-growth",
    "slow-dependency",
    "cache-stampede",
    "saturation",
)
"""Codes in the order in which they are looked for."""


def detector(code: str) -> Detector:
    """The fault's module. Raises KeyError for no code."""
    if code not in FAULTS:
        raise KeyError(code)
    return cast(Detector, import_module(f"{__name__}.{code.replace('-', '_')}"))


def detectors() -> tuple[Detector, ...]:
    """All of them."""
    return tuple(detector(code) for code in FAULTS)
