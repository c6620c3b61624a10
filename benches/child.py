"""A finished child and what it cost, by the kernel's account (wait4's rusage), not by its own word."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

__all__ = ["Cost", "Failed", "run"]


class Failed(Exception):
    """A child did not end well; the message has its last words."""


class Cost(msgspec.Struct, frozen=True):
    """CPU and wall time of one child from its start to its end."""

    wall_s: float
    user_s: float
    system_s: float

    @property
    def cpu_s(self) -> float:
        """User and system time."""
        return self.user_s + self.system_s


def run(argv: Sequence[str], core: int, log: Path) -> Cost:
    """Run ``argv`` to its end on one core, in ``log``'s directory, its output in ``log``. Raises Failed."""
    started = time.perf_counter()
    with log.open("wb") as output:
        child = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *argv],
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise Failed(f"{argv[0]} ended with {child.returncode}:\n{log.read_text(errors='replace')[-2000:]}")
    return Cost(wall_s, usage.ru_utime, usage.ru_stime)
