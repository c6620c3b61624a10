"""Instants and durations in whatever unit they were written, as nanoseconds."""

from __future__ import annotations

from loadstone.gather.imports.span import Seen

__all__ = ["UNITS", "nanoseconds", "unit_of"]

UNITS = {"ns": 1, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}

_EARLIEST_S, _LATEST_S = 10**8, 10**11
"""An instant of our time lies between 1973 and the year 5138; so each unit has a range of its own, as an instant in
one is never one in another."""

_ROUGH = (("s", 1), ("ms", 10**3), ("µs", 10**6), ("ns", 10**9))
LARGEST = 2**63 - 1


def unit_of(instant: float, expected: str, seen: Seen) -> int:
    """Nanoseconds of the unit that the instant is in: by its magnitude, ``expected`` where that tells nothing."""
    if _EARLIEST_S <= instant * UNITS[expected] / 10**9 < _LATEST_S:
        return UNITS[expected]
    for unit, per_s in _ROUGH:
        if _EARLIEST_S * per_s <= instant < _LATEST_S * per_s:
            seen.units[unit] += 1
            return UNITS[unit]
    seen.absurd += 1
    return UNITS[expected]


def number_of(value: object) -> int | float | None:
    """A number that may be written as a text; None for what is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if value == value and abs(value) < 1e300 else None
    if isinstance(value, str):
        text = value.strip()
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return number_of(float(text))
        except ValueError:
            return None
    return None


def nanoseconds(value: float | None, unit: int) -> int | None:
    """A number of units as nanoseconds, None beyond what a column holds."""
    if value is None:
        return None
    scaled = value * unit if isinstance(value, int) else round(value * unit)
    return int(scaled) if -LARGEST <= scaled <= LARGEST else None
