"""Threads that are idle for another reason: sockets, sleep, no core; and one thread that computes all alone."""

from __future__ import annotations

from tests.cases.gil_wait.guilty import LINE, turns
from tests.evidence import START_NS
from tests.profiled import Sampler
from tests.scenes import Story


def waiting_for_sockets() -> Story:
    story = Story()
    sampler = Sampler(story)
    for _ in range(60):
        for thread in range(1, 5):
            request = next(iter(story.requests(1, rate_per_s=2000, thread_id=thread)))
            sampler.spend(request, 0.02, *LINE, state="gil", thread_id=thread)
            waits = ("readinto (socket.py:706)",)
            sampler.spend(request, 0.1, "fetch (shop/calls.py:3)", *waits, state="idle", thread_id=thread)
        story.pause(0.15)
    return story


def asleep_at_a_line() -> Story:
    """C code that waits shows no frame of its own: the line is never on the CPU."""
    story = Story()
    sampler = Sampler(story)
    for _ in range(60):
        for thread in range(1, 5):
            request = next(iter(story.requests(1, rate_per_s=2000, thread_id=thread)))
            sampler.spend(request, 0.02, *LINE, state="gil", thread_id=thread)
            sampler.spend(request, 0.15, "throttled (shop/limits.py:7)", state="idle", thread_id=thread)
        story.pause(0.15)
    return story


def no_core_is_free() -> Story:
    """The kernel counts that threads could have run: the machine is full, not the lock."""
    story = Story()
    sampler = Sampler(story)
    for _ in range(60):
        for thread in range(1, 5):
            request = next(iter(story.requests(1, rate_per_s=2000, thread_id=thread)))
            turns(story, sampler, request, 0.12, 4, thread, *LINE)
        story.pause(0.15)
    for second in range(int(story.written[-1].at_s)):
        story.row(
            "host",
            {
                "at_ns": START_NS + second * 10**9,
                "span_ns": 10**9,
                "scope": "service",
                "metric": "run_wait_s_per_s",
                "unit": "s/s",
                "value": 2.6,
            },
        )
    return story


def one_thread_computes() -> Story:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(200, rate_per_s=8, thread_id=1):
        sampler.spend(request, 0.08, *LINE, state="gil", thread_id=1)
    return story


CASES = (waiting_for_sockets, asleep_at_a_line, no_core_is_free, one_thread_computes)
ALSO = ("hot-function",)
