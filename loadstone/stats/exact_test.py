"""Fisher's exact test, one-sided: is a property more frequent among drawn ones than chance gives?

The upper tail of the hypergeometric distribution (Fisher, Statistical Methods for Research Workers, 1934), in logs so
that a property that every slow request has does not end at 0.
"""

from __future__ import annotations

import math

__all__ = ["hypergeometric_log_tail"]

_NEGLIGIBLE = 1e-17
"""A term so much smaller than the sum changes no digit of it."""


def hypergeometric_log_tail(hits: int, drawn: int, marked: int, total: int) -> float:
    """log P(X >= hits), X being how many of ``drawn`` out of ``total`` are among the ``marked``.

    Raises ValueError for counts that cannot be.
    """
    if not (0 <= drawn <= total and 0 <= marked <= total):
        raise ValueError(f"{drawn} drawn and {marked} marked of {total}")
    most = min(drawn, marked)
    least = max(0, drawn + marked - total)
    if hits <= least:
        return 0.0
    if hits > most:
        return -math.inf
    mean = drawn * marked / total
    if hits <= mean:  # the lower tail is shorter, and 1 - it is exact enough there
        below = math.exp(_tail(hits - 1, least, -1, drawn, marked, total))
        return math.log1p(-min(below, 1 - 1e-16))
    return min(0.0, _tail(hits, most, 1, drawn, marked, total))


def _tail(first: int, last: int, way: int, drawn: int, marked: int, total: int) -> float:
    """log of the sum of terms from ``first`` on to ``last``, which fall."""
    log_first = _log_choose(marked, first) + _log_choose(total - marked, drawn - first) - _log_choose(total, drawn)
    term = summed = 1.0
    place = first
    while place != last:
        if way > 0:
            term *= (marked - place) * (drawn - place) / ((place + 1) * (total - marked - drawn + place + 1))
        else:
            term *= place * (total - marked - drawn + place) / ((marked - place + 1) * (drawn - place + 1))
        summed += term
        if term < _NEGLIGIBLE * summed:
            break
        place += way
    return log_first + math.log(summed)


def _log_choose(count: int, chosen: int) -> float:
    return math.lgamma(count + 1) - math.lgamma(chosen + 1) - math.lgamma(count - chosen + 1)
