"""Little's law as a check of the instrument: requests in flight, integrated over time, are the sum of their times.

L = lambda W holds for any system over a whole run that starts and ends empty, with no assumption about arrivals or
service (Little, Operations Research 9, 1961; Little and Graves, 2008, for finite windows). Both sides times the
duration are request-seconds, which is how they are compared here. A window that does not end empty misses the rest
of the requests still in flight: ``edge_s``.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LittlesLaw", "little"]


class LittlesLaw(NamedTuple):
    """``nearest_s`` is the sum of times that the integral was held against, ``off_share`` the relative difference."""

    holds: bool
    nearest_s: float
    off_share: float


def little(
    in_flight_s: float, service_s: float, response_s: float, edge_s: float = 0.0, *, tolerance: float = 0.05
) -> LittlesLaw:
    """Compare the integral of requests in flight with their summed times, all in request-seconds.

    A request may be in flight from its intended start or from its send; so the integral may lie anywhere from the sum
    of service times to that of response times, give or take ``tolerance`` of the nearer one and ``edge_s``.
    """
    low, high = min(service_s, response_s), max(service_s, response_s)
    nearest = min(max(in_flight_s, low), high)
    difference = abs(in_flight_s - nearest)
    off = difference / nearest if nearest > 0 else (1.0 if difference > 0 else 0.0)
    return LittlesLaw(difference <= tolerance * nearest + edge_s, nearest, off)
