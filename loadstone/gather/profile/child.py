"""A profiler as a process of its own: it ends with us, its price is read, and it leaves no service stopped behind.

py-spy and perf stop a process for each sample or attach to it; a profiler that outlived Loadstone would go on doing so,
and one that is killed between "stop" and "go on" would leave the service stopped for good.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["Child", "thaw"]

LOOK_S = 0.01
"""Between two looks at a child that is coming up or ending."""

# Replaced by the profiler at once: sets PR_SET_PDEATHSIG (prctl(2)), so that the profiler is interrupted when the
# thread that started it ends, and tells the instant before the profiler's own clock starts.
_LAUNCH = """
import os, signal, sys, time
parent = int(sys.argv[1])
try:
    import ctypes
    if parent:
        ctypes.CDLL(None).prctl(1, int(signal.SIGINT), 0, 0, 0)
except Exception:
    pass
if parent and os.getppid() != parent:
    sys.exit(0)
with open(sys.argv[2], "w") as told:
    told.write(str(time.time_ns()))
os.execv(sys.argv[3], sys.argv[3:])
"""


class Child:
    """One profiler. Start it from a thread that lives until the profiler has ended."""

    def __init__(self, argv: Sequence[str], log: Path, *, tied: bool = True) -> None:
        """``argv[0]`` is a path. Output goes to ``log``: py-spy panics where nobody reads it. ``tied`` interrupts it
        when we end."""
        self.log = log
        self._told = log.with_suffix(".started")
        self.asked_ns = time.time_ns()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-E", "-c", _LAUNCH, str(os.getpid() if tied else 0), str(self._told), *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the trial, which then stops us
                env={**os.environ, "NO_COLOR": "1"},
            )
        self.code: int | None = None
        self.cpu_s = 0.0

    @property
    def pid(self) -> int:
        """The profiler's own process."""
        return self._process.pid

    @property
    def started_ns(self) -> int:
        """The host's clock just before the profiler began, within a few milliseconds."""
        with suppress(OSError, ValueError):
            return int(self._told.read_text())
        return self.asked_ns

    def output(self) -> str:
        """What it has said so far."""
        with suppress(OSError):
            return self.log.read_text(encoding="utf-8", errors="replace")
        return ""

    def ended(self) -> bool:
        """Whether it has ended; then ``code`` and ``cpu_s`` are known."""
        if self.code is None:
            try:
                pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.code = self._process.returncode = -1
                return True
            if pid:
                self.code = self._process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_s = usage.ru_utime + usage.ru_stime
        return self.code is not None

    def wait_for(self, words: Iterable[str], limit_s: float) -> bool:
        """Wait until its output holds one of the words; False when it ended before, or did not come to it."""
        words = tuple(words)
        until = time.monotonic() + limit_s
        while True:
            ended = self.ended()
            said = self.output()
            if any(word in said for word in words):
                return True
            if ended or time.monotonic() > until:
                return False
            time.sleep(LOOK_S)

    def spent_s(self) -> float:
        """CPU seconds until now."""
        if self.code is not None:
            return self.cpu_s
        with suppress(OSError, ValueError, IndexError):
            stat = Path(f"/proc/{self.pid}/stat").read_text()
            user, system = stat[stat.rindex(")") + 2 :].split()[11:13]  # utime, stime of proc(5)
            return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def interrupt(self) -> None:
        """Ask it to write what it has and to end."""
        if not self.ended():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGINT)

    def wait(self, limit_s: float) -> bool:
        """Wait until it has ended; kill it when that takes too long, which is answered by False."""
        until = time.monotonic() + limit_s
        while not self.ended():
            if time.monotonic() > until:
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
                until = float("inf")
                self.code = None
                while not self.ended():
                    time.sleep(LOOK_S)
                return False
            time.sleep(LOOK_S)
        return True


def thaw(pids: Iterable[int]) -> list[int]:
    """Let processes go on that a killed profiler left stopped; which ones they were."""
    found = []
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):
            stat = Path(f"/proc/{pid}/stat").read_text()
            if stat[stat.rindex(")") + 2 :].split()[0] == "T":
                os.kill(pid, signal.SIGCONT)
                found.append(pid)
    return found
