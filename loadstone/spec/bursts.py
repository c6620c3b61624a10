"""``bursts`` of a shape: how uneven its arrivals are, and whether arrivals can be so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from loadstone.model.quantity import DURATION_PATTERN, format_duration, parse_duration, parse_rate
from loadstone.model.shape import Burst
from loadstone.spec.kinds import MISSING
from loadstone.spec.report import Place

__all__ = ["BurstTable", "check_bursts"]

MOST_WINDOWS = 4
SHORTEST_S = 0.001  # the engine draws a factor for each window, whether or not anything arrives in it
LARGEST_INDEX = 1e6
MOST_VARIANCE = 50.0  # as in the engine: 84 windows of 100 are then silent
ROUNDED = 0.01
"""An index that is off the nearest possible one by no more than this share was rounded, and is taken for it."""

_SAYS = 'bursts are written as { "1s" = 1.4, "10s" = 2.5 }: a window, and variance over mean of arrivals in such ones'


class BurstTable:
    """A table of windows, as durations, with their indexes of dispersion."""

    title = "bursts"

    def read(self, value: object, place: Place) -> object:
        """Bursts, the shortest window first."""
        if not isinstance(value, dict):
            place.wrong(_SAYS)
            return MISSING
        found: list[Burst] = []
        for key, inner in value.items():
            try:
                found.append(_burst(key, inner))
            except ValueError as error:
                (place / key).wrong(str(error))
        if len(found) < len(value):
            return MISSING
        if not 1 <= len(found) <= MOST_WINDOWS:
            place.wrong(f"bursts have 1 to {MOST_WINDOWS} windows, not {len(found)}")
            return MISSING
        return tuple(sorted(found, key=lambda burst: burst.window_s))

    def schema(self) -> dict[str, Any]:
        """Durations with numbers."""
        return {
            "type": "object",
            "propertyNames": {"pattern": DURATION_PATTERN},
            "additionalProperties": {"type": "number", "minimum": 1, "maximum": LARGEST_INDEX},
            "minProperties": 1,
            "maxProperties": MOST_WINDOWS,
        }


def _burst(key: str, value: object) -> Burst:
    window_s = parse_duration(key)
    if window_s < SHORTEST_S:
        raise ValueError("a window of bursts is at least a millisecond")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= LARGEST_INDEX:
        raise ValueError(f"an index of dispersion is a number from 1 (Poisson) to {LARGEST_INDEX:,.0f}, without quotes")
    return Burst(window_s, float(value))


def check_bursts(data: Mapping[str, object], place: Place) -> None:
    """Tell of bursts that no arrivals can have; a document that tomllib has read."""
    shapes = data.get("shape")
    for name, shape in shapes.items() if isinstance(shapes, dict) else ():
        if isinstance(shape, dict) and isinstance(said := shape.get("bursts"), dict):
            at = place / "shape" / name / "bursts"
            if shape.get("arrivals") == "even":
                at.wrong('even arrivals have no bursts; leave "arrivals" out, or "bursts"')
            elif (bursts := _sound(said)) and (problem := _problem(bursts, _rate(shape.get("rate")))):
                at.wrong(problem)


def _sound(said: Mapping[str, object]) -> list[Burst]:
    try:
        return sorted((_burst(key, value) for key, value in said.items()), key=lambda burst: burst.window_s)
    except ValueError:
        return []


def _rate(said: object) -> float | None:
    try:
        return parse_rate(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _problem(bursts: Sequence[Burst], rate_per_s: float | None) -> str | None:
    """Why arrivals cannot be so uneven, and how uneven they can be."""
    from loadstone.stats.traffic.bursts import burst_variances, nearest_indexes

    windows = [burst.window_s for burst in bursts]
    for shorter, longer in pairwise(windows):
        times = longer / shorter
        if times < 1.5 or abs(times - round(times)) > 1e-9 * times:
            return (
                f"a window holds whole shorter ones, and {format_duration(longer, exact=True)} is no multiple of "
                f'{format_duration(shorter, exact=True)}; for example "1s", "10s" and "60s"'
            )
    asked = [burst.index for burst in bursts]
    nearest = nearest_indexes(windows, asked)
    if any(abs(one - other) > ROUNDED * other for one, other in zip(nearest, asked, strict=True)):
        return (
            "no arrivals are so uneven: the index grows with the window, ever more slowly from 1 on; the nearest "
            f"that can be is {_written(windows, nearest)}"
        )
    if rate_per_s and max(burst_variances(rate_per_s, windows, asked)) > MOST_VARIANCE:
        return (
            "at this rate that would leave most windows silent; the nearest that can be is "
            f"{_written(windows, _bounded(rate_per_s, windows, asked))}"
        )
    return None


def _bounded(rate_per_s: float, windows_s: Sequence[float], indexes: Sequence[float]) -> tuple[float, ...]:
    """The same with no factor's variance above the most: indexes in such windows, from the longest down."""
    from loadstone.stats.traffic.bursts import burst_variances

    variances = [min(one, MOST_VARIANCE * 0.99) for one in burst_variances(rate_per_s, windows_s, indexes)]
    shared = [1.0]
    for variance in reversed(variances):
        shared.insert(0, shared[0] * (1 + variance))
    found, index, before = [], 1.0, 0.0
    for window, together in zip(windows_s, shared, strict=False):
        index += rate_per_s * (window - before) * (together - 1)
        before = window
        found.append(index)
    return tuple(found)


def _written(windows_s: Sequence[float], indexes: Sequence[float]) -> str:
    pairs = (
        f'"{format_duration(window, exact=True).replace(" ", "")}" = {float(f"{index:.3g}"):g}'
        for window, index in zip(windows_s, indexes, strict=True)
    )
    return f"{{ {', '.join(pairs)} }}"
