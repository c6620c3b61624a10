"""A machine that is full of something else, full only while warming up, or busy without anybody waiting."""

from __future__ import annotations

from loadstone.diagnose.subject import Subject
from tests.machine import read
from tests.scenes import Story


def full_of_the_generator() -> Story:
    story = Story()
    for request in story.requests(800, rate_per_s=40):
        request.spend(0.005)
    read(story, "host", {"cpus": 2, "cpu_busy_share": 0.97, "cpu_pressure_share": 0.6})
    read(story, "service", {"cpu_cores": 0.2, "run_wait_s_per_s": 0.2, "processes": 4})
    read(story, "generator", {"cpu_cores": 1.6})
    return story


def while_warming_up() -> Story:
    steps = (("shop", "page"),)
    story = Story(steps=steps, subject=Subject(run="test", steps=steps, warm_up=frozenset({0})))
    for request in story.requests(800, rate_per_s=40):
        request.spend(0.005)
    read(story, "host", {"cpus": 2, "cpu_busy_share": 0.99, "cpu_pressure_share": 0.6})
    read(story, "service", {"cpu_cores": 1.9, "run_wait_s_per_s": 0.9, "processes": 4})
    for request in story.requests(400, rate_per_s=40, phase=1):
        request.spend(0.005)
    return story


def a_disk_that_nobody_waits_for() -> Story:
    story = Story()
    for request in story.requests(800, rate_per_s=40):
        request.spend(0.005)
    read(story, "host", {"cpus": 2, "cpu_busy_share": 0.2, "disk_busy_share": 0.97, "io_pressure_share": 0.01})
    return story


def many_threads_of_one_process() -> Story:
    """A JVM uses four cores with one process: more than one a process, of eight."""
    story = Story(service="shop-jvm")
    for request in story.requests(800, rate_per_s=40):
        request.spend(0.005)
    read(story, "host", {"cpus": 8, "cpu_busy_share": 0.5, "cpu_pressure_share": 0.02})
    read(story, "service", {"cpu_cores": 4.0, "run_wait_s_per_s": 0.05, "processes": 1})
    return story


CASES = (full_of_the_generator, while_warming_up, a_disk_that_nobody_waits_for, many_threads_of_one_process)
