"""Utilisation, saturation and errors of resources (Brendan Gregg's USE method, 2013), as figures with their units."""

from __future__ import annotations

import msgspec

__all__ = ["Figure", "Growth", "Use", "UseRow"]


class Figure(msgspec.Struct, frozen=True):
    """One metric over the whole span: its time-weighted mean and its largest value, in ``unit``. ``count`` metrics
    have their sum as ``mean`` (what happened in all)."""

    metric: str
    unit: str
    mean: float
    most: float


class UseRow(msgspec.Struct, frozen=True):
    """One resource of one scope. ``limit`` is what the resource has, where it has a bound that was read."""

    scope: str
    resource: str
    utilisation: Figure | None
    saturation: tuple[Figure, ...]
    errors: tuple[Figure, ...]
    limit: Figure | None = None


class Growth(msgspec.Struct, frozen=True):
    """Resident memory of a scope over time: bytes a second, with the interval that ``stats.slope`` gives."""

    scope: str
    bytes_per_s: float
    low: float
    high: float
    seconds: float


class Use(msgspec.Struct, frozen=True):
    """All rows, those without any measured figure left out."""

    rows: tuple[UseRow, ...]
    growth: tuple[Growth, ...]
