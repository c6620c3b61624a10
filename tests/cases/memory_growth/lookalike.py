"""Memory that rises and is no leak: a start, a cache that fills, a collector's saw-tooth, more processes, one step."""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.machine import read
from tests.scenes import Story


def _story(rss: Callable[[int], float], processes: Callable[[int], float] = lambda at: 2.0) -> Story:
    story = Story()
    for request in story.requests(1200, rate_per_s=20):
        request.spend(0.01)
    read(story, "service", {"rss_bytes": rss, "processes": processes})
    return story


def a_cache_that_fills() -> Story:
    return _story(lambda at: 200e6 + 80e6 * (1 - math.exp(-at / 12)))


def a_saw_tooth() -> Story:
    return _story(lambda at: 400e6 + (at % 13) * 15e6)


def more_processes() -> Story:
    return _story(lambda at: 50e6 * (2 + at // 10), lambda at: 2.0 + at // 10)


def one_step() -> Story:
    return _story(lambda at: 200e6 + (60e6 if at > 35 else 0))


def a_little() -> Story:
    return _story(lambda at: 500e6 + 4e3 * at)


def a_short_run() -> Story:
    story = Story()
    for request in story.requests(150, rate_per_s=20):
        request.spend(0.01)
    read(story, "service", {"rss_bytes": lambda at: 200e6 + 5e6 * at, "processes": 1})
    return story


def files_that_are_mapped() -> Story:
    """The recorder's own: resident memory grows, the service's own does not."""
    story = _story(lambda at: 200e6 + 1.5e6 * at)
    read(story, "service", {"own_bytes": lambda at: 150e6 + (at % 3) * 1e5})
    return story


CASES = (
    files_that_are_mapped,
    a_cache_that_fills,
    a_saw_tooth,
    more_processes,
    one_step,
    a_little,
    a_short_run,
)
