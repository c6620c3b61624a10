"""How alike a workload is to traffic that it was not fitted on, beside two references."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.estimate import Estimate

__all__ = ["Fidelity", "Likeness"]

Measure = Literal["mix", "gaps", "think", "dispersion", "popularity", "length"]


class Likeness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measure of distance from the traffic that was held out; 0 is the same.

    ``mix`` is the total variation between the shares of routes, ``gaps`` and ``think`` are Kolmogorov's distance
    between the times between arrivals and the think times, ``dispersion`` and ``popularity`` the log of a ratio (the
    index of dispersion, the slope), ``length`` Kolmogorov's distance between requests a visit. ``window_s`` is that of
    a dispersion. ``naive`` is Poisson arrivals with uniform popularity and no order among requests, ``replay`` the
    fitted part sent again word for word. Null where the log does not tell.
    """

    measure: Measure
    workload: Estimate | None
    naive: Estimate | None
    replay: Estimate | None
    window_s: float | None = None
    verdict: Literal["closer", "alike", "worse", "not told"] = "not told"


class Fidelity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fitted on ``fitted_requests``, scored on ``held_out_requests`` later ones.

    ``worse`` where the workload is further away than the naive reference over all; the sentence says so.
    """

    fitted_requests: int
    held_out_requests: int
    held_out: str
    rows: tuple[Likeness, ...]
    worse: bool
    sentence: str
