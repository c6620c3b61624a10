"""A service level objective, judged by counts of good and bad requests, never by a bucket's edge."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Objective", "Slo"]


class Objective(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``objective = "…"`` says.

    ``kind`` is ``share`` for ``99% < 300ms``, ``quantile`` for ``p99 < 300ms``, ``errors`` for ``errors < 0.1%``.
    ``good_share`` is the share of requests that must be good (0.99, 0.99, 0.999); ``limit_s`` is null for errors.
    """

    kind: Literal["share", "quantile", "errors"]
    good_share: float
    limit_s: float | None
    text: str


class Slo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An objective over a step (``journey`` and ``step``), a whole journey, or every request (neither)."""

    name: str
    objective: Objective
    journey: str | None = None
    step: str | None = None
