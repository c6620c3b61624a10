"""Native processes by Linux's perf: the clock event alone, which every machine has, never hardware counters.

Stacks come by frame pointers, which cost little; code built without them shows its leaf and little above it. Reading
whole stacks instead (``--call-graph dwarf``) costs tens of times as much and is not done unasked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from loadstone.errors import SpecError
from loadstone.gather.profile.child import Child
from loadstone.gather.profile.imports.perf_script import samples
from loadstone.gather.profile.rows import Row
from loadstone.model.evidence import Missing

__all__ = ["PerfRecording", "find_perf"]

PERF_HZ = 99
"""Beside 100, so as not to march in step with what happens every 10 ms (Gregg, perf's examples)."""

ATTACH_S = 5.0
END_S = 10.0
READ_S = 120.0
"""How long ``perf script`` may take: it looks up the symbols of every library once."""


def find_perf() -> str | None:
    """The binary. Debian's wrapper is no help where the kernel's own version is missing; then it says so itself."""
    return shutil.which("perf")


class PerfRecording:
    """One ``perf record`` of some processes and what they start."""

    def __init__(self, perf: str, pids: Sequence[int], spool: Path) -> None:
        self.pids = tuple(pids)
        name = "-".join(map(str, self.pids[:4]))
        self._perf = perf
        self._data = spool / f"perf-{name}.data"
        # perf stamps samples by the monotonic clock (-k), which is turned into the host's at this instant.
        self._clock_ns = time.time_ns() - time.monotonic_ns()
        command = [perf, "record", "-F", str(PERF_HZ), "-e", "cpu-clock", "-g", "-k", "CLOCK_MONOTONIC"]
        command += ["-o", str(self._data), "-p", ",".join(map(str, self.pids))]
        self._child = Child(command, spool / f"perf-{name}.log")
        self._failed: str | None = None

    def attached(self) -> Missing | None:
        """Wait until perf looks; what is missing when it cannot. perf maps its file when it has opened its events."""
        until = time.monotonic() + ATTACH_S
        while time.monotonic() < until and not self._child.ended():
            with suppress(OSError):
                if self._data.stat().st_size > 0:
                    return None
            time.sleep(0.01)
        if not self._child.ended():
            return None
        lines = [line.strip() for line in self._child.output().splitlines() if line.strip(" :")]
        said = next((line for line in lines if line != "Error:"), "it said nothing")
        advice = "sudo sysctl kernel.perf_event_paranoid=1, or run loadstone with sudo"
        denied = "limited" in said or "ermission" in said
        return Missing("stacks", f"perf: {said}", advice if denied else "install perf for this kernel (linux-perf)")

    def stop(self) -> None:
        """Ask for what there is."""
        self._child.interrupt()

    def spent_s(self) -> float:
        """CPU seconds until now."""
        return self._child.spent_s()

    def finish(self) -> None:
        """Wait until it is written."""
        self._child.interrupt()
        self._child.wait(END_S)

    def rows(self) -> Iterator[Row]:
        """Rows of its samples."""
        if not self._data.exists() or self._data.stat().st_size == 0:
            return
        fields = "comm,pid,tid,time,period,event,ip,sym,dso"
        command = [self._perf, "script", "-i", str(self._data), "-F", fields]
        text = self._data.with_suffix(".txt")
        with text.open("wb") as output, suppress(subprocess.TimeoutExpired, OSError):
            environment = {**os.environ, "DEBUGINFOD_URLS": ""}  # symbols of this machine alone
            subprocess.run(
                command, stdout=output, stderr=subprocess.DEVNULL, check=False, timeout=READ_S, env=environment
            )
        from loadstone.gather.profile.imports.wrong import lines_of

        with suppress(SpecError):
            yield from samples(lines_of(text), text, self._clock_ns)
