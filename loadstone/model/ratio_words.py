"""A ratio with its interval in words: as few decimals as leave its verdict visible."""

from __future__ import annotations

from math import floor, log10

__all__ = ["ratio"]

MOST_DECIMALS = 4


def ratio(value: float | None, low: float | None, high: float | None, margin: float = 1.05) -> str:
    """``0.25 [0.21, 0.29]``: as few decimals, from two, as leave two digits that count and hide no verdict: an end
    below 1 never reads 1.00, one above the margin never reads as the margin. A dash is an end that nothing bounds."""
    if value is None:
        return "-"
    ends = [each for each in (low, high) if each is not None]
    places = next(
        (count for count in range(2, MOST_DECIMALS) if _tells([value, *ends], ends, count, margin)), MOST_DECIMALS
    )
    if low is None and high is None:
        return f"{_fixed(value, places)}, no interval"
    return f"{_fixed(value, places)} [{_end(low, places)}, {_end(high, places)}]"


def _tells(shown: list[float], ends: list[float], places: int, margin: float) -> bool:
    """Whether so many decimals leave two digits that count, and each end on its side of 1 and of the margin."""
    if any(0 < value < 1 and places + floor(log10(value)) < 1 for value in shown):
        return False
    return all(_side(end, limit) == _side(round(end, places), limit) for end in ends for limit in (1.0, margin))


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


def _fixed(value: float, places: int) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.{places}f}" if value >= 10.0**-MOST_DECIMALS or value == 0 else f"{value:.2g}"


def _end(value: float | None, places: int) -> str:
    return "-" if value is None else _fixed(value, places)
