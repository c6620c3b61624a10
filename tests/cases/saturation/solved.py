"""The same load on enough cores."""

from __future__ import annotations

from tests.machine import read
from tests.scenes import Story


def enough_cores() -> Story:
    story = Story()
    for request in story.requests(800, rate_per_s=40):
        request.spend(0.03)
    read(story, "host", {"cpus": 8, "cpu_busy_share": 0.25, "cpu_pressure_share": 0.02, "disk_busy_share": 0.1})
    read(story, "service", {"cpu_cores": 1.7, "run_wait_s_per_s": 0.03, "processes": 4})
    read(story, "generator", {"cpu_cores": 0.1})
    return story


CASES = (enough_cores,)
