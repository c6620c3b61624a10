"""Samples of a profile and the requests that they were taken in."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.diagnose.runtime.contention import contention_of
from loadstone.diagnose.runtime.hotspots import losses, works_of
from loadstone.diagnose.runtime.queueing import lines
from loadstone.diagnose.runtime.stacks import CPU, attributed, profile_of, threads_of
from tests.cases.gil_wait.guilty import beside_a_thread_that_always_computes, four_threads_compute
from tests.cases.gil_wait.lookalike import waiting_for_sockets
from tests.cases.server_queue.guilty import served
from tests.profiled import Sampler
from tests.queueing import Queue
from tests.scenes import Story


def _two_threads() -> Story:
    story = Story()
    sampler = Sampler(story)
    for _ in range(20):
        one, two = (next(iter(story.requests(1, rate_per_s=1000, thread_id=thread))) for thread in (1, 2))
        sampler.spend(one, 0.05, "page (shop/a.py:1)", thread_id=1)
        sampler.spend(two, 0.05, "page (shop/b.py:1)", thread_id=2)
        story.pause(0.2)
    return story


def test_a_sample_belongs_to_the_request_of_its_thread() -> None:
    _, scene = _two_threads().made()
    profile, threads = profile_of(scene), threads_of(scene)
    files = np.array([frames[-1].file == "shop/a.py" for frames in profile.stacks])
    gained = attributed(profile, scene.digest, threads, files[profile.stack])
    assert gained[threads.root == 2].sum() == 0
    assert gained.sum() == pytest.approx(profile.weight[files[profile.stack]].sum(), rel=0.1)


def test_what_no_request_was_under_way_for_belongs_to_none() -> None:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(5, rate_per_s=1):
        request.spend(0.01)
    sampler.seen(100.0, 101.0, "rebuild (shop/index.py:1)")
    _, scene = story.made()
    profile = profile_of(scene)
    assert len(profile) == 100
    assert attributed(profile, scene.digest, threads_of(scene), profile.state == CPU).sum() == 0


def test_a_stream_that_never_ends_does_not_make_every_sample_look_back_to_it() -> None:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(1, thread_id=1):
        request.spend(1000.0)
    for request in story.requests(3_000, rate_per_s=100, thread_id=2):
        sampler.spend(request, 0.001, "page (shop/a.py:1)", thread_id=2)
    _, scene = story.made()
    profile, threads = profile_of(scene), threads_of(scene)
    gained = attributed(profile, scene.digest, threads, profile.state == CPU)
    assert gained[threads.root == 1].sum() == 0
    assert gained.sum() == pytest.approx(profile.weight.sum(), rel=0.2)


def test_losses_are_the_cpu_time_of_threads_by_the_share_of_samples() -> None:
    story = Story()
    sampler = Sampler(story)
    for request in story.requests(400, rate_per_s=20):
        sampler.spend(request, 0.015, "page (shop/a.py:1)", "hot (shop/hot.py:1)")
        sampler.spend(request, 0.005, "page (shop/a.py:1)")
        request.sql("SELECT 1", 0.02)
    _, scene = story.made()
    profile, threads = profile_of(scene), threads_of(scene)
    (work,) = works_of(profile, threads, scene.digest)
    hot = np.array([frames[-1].function == "hot" for frames in profile.stacks])
    (loss,) = losses(scene, profile, threads, work, hot[profile.stack], 0.01)
    assert loss.told == "by step"
    assert loss.counted
    assert loss.cost_ns.mean() / 1e9 == pytest.approx(0.015, rel=0.1)
    assert loss.path_share == pytest.approx(0.375, rel=0.1)


def test_waiting_for_the_lock_is_measured_without_seeing_who_holds_it() -> None:
    _, scene = four_threads_compute().made()
    (one,) = contention_of(scene, profile_of(scene, idle=True))
    assert one.threads == 4
    assert one.waited_s == pytest.approx(3 * one.busy_s, rel=0.2)  # four take turns
    assert one.holders[0][0].function == "total"

    _, scene = beside_a_thread_that_always_computes().made()
    (one,) = contention_of(scene, profile_of(scene, idle=True))
    assert one.holders[0][0].function == "rebuild"
    assert one.holders[0][2] == 9

    _, scene = waiting_for_sockets().made()
    (one,) = contention_of(scene, profile_of(scene, idle=True))
    assert one.waited_s < 0.02 * one.span_s


def test_a_line_knows_its_workers_and_its_waits() -> None:
    story = Story()
    queue = Queue(3)
    for _ in range(600):
        served(story, queue, 28.0, 0.1).spend(0.1, exact=True)
    _, scene = story.made()
    (line,) = lines(scene.digest)
    assert line.workers == 3
    assert line.base_ns == pytest.approx(50_000, abs=1_000)
    told = np.array([one.root["waited_s"] for one in story.written])
    assert line.wait_ns.sum() / 1e9 == pytest.approx(told.sum(), rel=1e-3)
