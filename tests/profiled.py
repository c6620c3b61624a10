"""Profiles for stories: what a sampler that looks a hundred times a second would have seen of their requests."""

from __future__ import annotations

from typing import Any

from tests.scenes import Request, Story

__all__ = ["SERVER", "Sampler", "stacked"]

SERVER = "<module> (shop/__main__.py:9);run (gunicorn/app/base.py:72);handle (gunicorn/workers/sync.py:184)"
"""What every request's stack begins with."""


def stacked(*frames: str, server: str = SERVER) -> str:
    """A stack from the root to the leaf."""
    return ";".join((server, *frames))


class Sampler:
    """Looks at ``hz`` instants a second at what is told to it."""

    def __init__(self, story: Story, hz: int = 100, **told: Any) -> None:  # noqa: ANN401 - columns are of any type
        self._story, self._hz, self._told = story, hz, told

    def spend(self, request: Request, seconds: float, *frames: str, state: str = "cpu", **told: Any) -> None:  # noqa: ANN401
        """The request's thread spends time in a stack; the request's clock goes on, and its CPU unless it idles."""
        began = request.now_s
        if state == "idle":
            request.until(began + seconds)
        else:
            request.spend(seconds)
        self.seen(request.at_s + began, request.at_s + request.now_s, *frames, state=state, **told)

    def seen(self, start_s: float, end_s: float, *frames: str, state: str = "cpu", **told: Any) -> None:  # noqa: ANN401
        """Looks at a thread from one instant to another."""
        first, last = -int(-start_s * self._hz // 1), -int(-end_s * self._hz // 1)
        ticks = last - first
        if ticks <= 0:
            return
        # A profiler tells an idle stretch in one row.
        length = ticks if state == "idle" else 1
        for number in range(first, last, length):
            more = {"at_s": (number - 0.5) / self._hz, "weight": round(1e9 * length / self._hz), **self._told, **told}
            self._story.stack(stacked(*frames), state=state, **more)
