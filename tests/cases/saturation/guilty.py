"""Resources that are full: the machine's CPU, a quota, a core a process, a disk, an accept queue, memory."""

from __future__ import annotations

from tests.machine import read
from tests.scenes import Story


def _story() -> Story:
    story = Story()
    for request in story.requests(800, rate_per_s=40):
        request.spend(0.03)
    return story


def cpu_of_the_machine() -> Story:
    story = _story()
    read(story, "host", {"cpus": 2, "cpu_busy_share": 0.97, "cpu_pressure_share": 0.6})
    read(story, "service", {"cpu_cores": 1.7, "run_wait_s_per_s": 0.9, "processes": 4})
    read(story, "generator", {"cpu_cores": 0.1})
    return story


def that_others_use_as_well() -> Story:
    """It gets little, and wants more than there is."""
    story = _story()
    read(story, "host", {"cpus": 2, "cpu_busy_share": 0.99, "cpu_pressure_share": 0.9})
    read(story, "service", {"cpu_cores": 0.25, "run_wait_s_per_s": 6.5, "processes": 2})
    read(story, "generator", {"cpu_cores": 0.04})
    return story


def a_quota() -> Story:
    story = _story()
    read(story, "host", {"cpus": 8, "cpu_busy_share": 0.1})
    read(story, "cgroup", {"cpu_cores": 0.5, "cpu_quota_cores": 0.5, "cpu_throttled_share": 0.4})
    read(story, "cgroup", {"cpu_throttled_s_per_s": 0.45})
    return story


def a_core_a_process() -> Story:
    story = _story()
    read(story, "host", {"cpus": 8, "cpu_busy_share": 0.15})
    read(story, "service", {"cpu_cores": 0.99, "run_wait_s_per_s": 0.02, "processes": 1})
    return story


def a_disk() -> Story:
    story = _story()
    read(story, "host", {"cpus": 2, "cpu_busy_share": 0.2, "disk_busy_share": 0.98, "io_pressure_share": 0.5})
    return story


def an_accept_queue() -> Story:
    story = _story()
    read(story, "host", {"cpus": 2, "cpu_busy_share": 0.2, "tcp_listen_overflows_per_s": 3})
    return story


def memory() -> Story:
    story = _story()
    read(story, "host", {"cpus": 2, "memory_pressure_share": 0.3, "oom_kills": lambda at: float(at == 9)})
    return story


CASES = (cpu_of_the_machine, that_others_use_as_well, a_quota, a_core_a_process, a_disk, an_accept_queue, memory)
EXPECTED = {"service": "shop"}
