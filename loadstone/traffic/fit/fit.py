"""``fit``: the model of a log, and how alike it is to the part that it was not made from."""

from __future__ import annotations

from loadstone.model.hits import Hits
from loadstone.model.traffic import Traffic
from loadstone.traffic.fit.fitting import Doing, read, traffic_of

__all__ = ["fit"]


def fit(
    hits: Hits,
    *,
    idle_s: float = 1800.0,
    peak_s: float = 3600.0,
    hold_out_share: float = 0.3,
    doing: Doing = lambda _: None,
) -> Traffic:
    """The traffic of a log. ``idle_s`` ends a visit, ``peak_s`` is the length of the busiest window, the last
    ``hold_out_share`` of the log (whole days where it has some) is what the model is scored on."""
    told = read(hits, idle_s, peak_s, doing=doing)
    return traffic_of(hits, told, told.tallies[0])
