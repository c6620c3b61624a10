"""Collections that hurt nobody: short, in another process, between requests, met by what is slow anyway."""

from __future__ import annotations

from tests.cases.gc_pause.guilty import collection, stopped
from tests.scenes import Story


def many_short_ones() -> Story:
    story = Story()
    for request in story.requests(1000, rate_per_s=40):
        for _ in range(5):
            stopped(story, request, 0.00005, name="generation 0", freed=200)
        request.spend(0.01)
    return story


def in_a_process_without_requests() -> Story:
    story = Story()
    for request in story.requests(1000, rate_per_s=40):
        request.spend(0.01)
        if request.number % 100 == 0:
            collection(story, request.at_s, 0.3, pid=999)
    return story


def between_requests() -> Story:
    story = Story()
    for request in story.requests(1000, rate_per_s=5):
        request.spend(0.004)
        if request.number % 50 == 0:
            collection(story, request.at_s - 0.001, 0.0009)
    return story


def slow_for_another_cause() -> Story:
    """The slowest hundredth waits for a statement; a pause falls into it because it is long."""
    story = Story()
    for request in story.requests(2000, rate_per_s=40):
        request.spend(0.006)
        if request.number % 80 == 0:
            request.sql("SELECT heavy", 1.0)
            stopped(story, request, 0.03)
    return story


CASES = (many_short_ones, in_a_process_without_requests, between_requests, slow_for_another_cause)
ALSO = ("slow-statement",)
