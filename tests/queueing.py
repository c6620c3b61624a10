"""Queues for stories: when each of several requests gets one of few things, first come first served."""

from __future__ import annotations

import heapq

__all__ = ["Queue"]


class Queue:
    """``size`` things; ``take`` must be asked in the order of asking."""

    def __init__(self, size: int) -> None:
        self._free = [0.0] * size

    def take(self, at_s: float, lasts_s: float) -> float:
        """How long one that asks at this instant waits, if it keeps the thing for so long."""
        begins = max(at_s, heapq.heappop(self._free))
        heapq.heappush(self._free, begins + lasts_s)
        return begins - at_s
