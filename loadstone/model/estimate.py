"""A number that was estimated: with its range, where it comes from and what it rests on."""

from __future__ import annotations

import msgspec

__all__ = ["Estimate"]


class Estimate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``low`` and ``high`` are null where no range is known; then the value is a guess, and ``source`` says whose.

    ``unit`` is the unit of all three (``s``, ``per_s``, ``share``, or nothing); ``count`` how many observations it
    rests on.
    """

    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    source: str = ""
    count: int = 0
