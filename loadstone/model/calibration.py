"""What runs of one service against itself say: how far apart identical sides come out on this machine."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.run import Machine

__all__ = ["Calibration", "CalibrationKey", "Noise"]


class CalibrationKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a calibration holds for: this machine, this service (its command without port numbers, or its URL), this
    load, runs of this length."""

    machine: Machine
    service: str
    load: str
    measured_s: float


class Noise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One metric between identical sides. ``sd`` is the standard deviation of a pair's log ratio (of its difference,
    in ``unit``, where ``unit`` is not ``ratio``), with its interval. ``floor`` maps numbers of pairs to the smallest
    margin that an identical side clears with power .8 (as a ratio, or a difference); ``pairs_for`` maps "1.05",
    "1.10", "1.20" to the pairs needed to clear that margin, None beyond what is sensible."""

    name: str
    unit: str
    journey: str | None
    step: str | None
    sd: float
    sd_low: float
    sd_high: float
    pairs: int
    floor: dict[int, float] = {}
    pairs_for: dict[str, int | None] = {}


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``calibration/<key>.json``. ``alarms`` of ``comparisons`` of identical sides (disjoint groups of pairs, each
    metric by itself) were told to differ, at a nominal ``level``; ``rate_low`` and ``rate_high`` bound the rate. What
    moves one metric of a group moves the others; ``p95_alarms`` of ``p95_comparisons`` are of the p95 response alone,
    one a group."""

    format: Literal[1]
    key: CalibrationKey
    experiments: tuple[str, ...]
    noise: tuple[Noise, ...]
    pairs: int
    comparisons: int
    alarms: int
    rate_low: float
    rate_high: float
    level: float
    at_ns: int
    p95_comparisons: int = 0
    p95_alarms: int = 0
