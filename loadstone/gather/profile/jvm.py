"""JVM processes by the JVM's own Flight Recorder, started and stopped with ``jcmd``: Java threads that run Java code.

Its samples are of at most a few threads each 10 ms (JDK 17, ``profile.jfc``) and of nothing in native code: a profile
of where Java code is on the CPU, not of how long it waits.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from loadstone.gather.profile.rows import Row
from loadstone.model.evidence import Missing
from loadstone.model.frame import clean, frame_text, join_frames

__all__ = ["JvmRecording", "find_jcmd", "samples"]

NAME = "loadstone"
ANSWER_S = 30.0
READ_S = 120.0
PERIOD_NS = 10_000_000
"""``jdk.ExecutionSample#period`` of profile.jfc."""

DEPTH = 64
"""Frames of a stack: ``jfr print`` cuts at 5 unasked, the recording itself keeps 64."""

_START = re.compile(r"\s*startTime = (\d\d):(\d\d):(\d\d)\.(\d{3})(?: \((\d{4})-(\d\d)-(\d\d)\))?")
_THREAD = re.compile(r'\s*sampledThread = "(.*)" \((?:.*javaThreadId = (\d+).*|.*)\)')
_FRAME = re.compile(r"\s+(.+?)(?:\(.*\))?(?: line: (-?\d+))?")


def find_jcmd(pid: int) -> str | None:
    """The ``jcmd`` beside the process's own ``java``, else the one of the path."""
    with suppress(OSError):
        beside = Path(f"/proc/{pid}/exe").resolve().parent / "jcmd"
        if os.access(beside, os.X_OK):
            return str(beside)
    return shutil.which("jcmd")


class JvmRecording:
    """One Flight Recording of one process."""

    def __init__(self, jcmd: str, pid: int, spool: Path) -> None:
        self.pid = pid
        self._jcmd = jcmd
        self._file = spool / f"jfr-{pid}.jfr"
        self._on = False

    def attach(self) -> Missing | None:
        """Begin; what is missing when it cannot."""
        said = self._ask("JFR.start", f"name={NAME}", "settings=profile")
        self._on = "Started recording" in said
        if self._on:
            return None
        lines = [line for line in said.splitlines() if line.strip() and not line.strip().startswith(f"{self.pid}:")]
        reason = lines[0].strip() if lines else "it did not answer"
        advice = "run loadstone as the user of the JVM, and a JVM of version 11 or later"
        return Missing("stacks", f"the Flight Recorder of process {self.pid} does not start: {reason}", advice)

    def stop(self) -> None:
        """End, and have it written. The JVM writes the file: its user must be allowed to write there."""
        if self._on:
            self._on = False
            self._ask("JFR.stop", f"name={NAME}", f"filename={self._file}")

    def _ask(self, *words: str) -> str:
        try:
            done = subprocess.run(
                [self._jcmd, str(self.pid), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=ANSWER_S,
                check=False,
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            return str(error)
        return done.stdout.decode(errors="replace")

    def rows(self) -> Iterator[Row]:
        """Rows of its samples."""
        jfr = Path(self._jcmd).with_name("jfr")
        if not self._file.exists():
            return
        near_ns = self._file.stat().st_mtime_ns
        text = self._file.with_suffix(".txt")
        command = [str(jfr), "print", "--stack-depth", str(DEPTH), "--events", "jdk.ExecutionSample", str(self._file)]
        with text.open("wb") as output, suppress(subprocess.TimeoutExpired, OSError):
            environment = {**os.environ, "TZ": "UTC"}
            subprocess.run(
                command, stdout=output, stderr=subprocess.DEVNULL, timeout=READ_S, check=False, env=environment
            )
        with text.open(encoding="utf-8", errors="replace") as lines:
            yield from samples(lines, self.pid, near_ns)


def samples(lines: Iterable[str], pid: int, near_ns: int) -> Iterator[Row]:
    """Rows of what ``jfr print`` printed in UTC. It may leave the day out: it is then the one next to ``near_ns``."""
    at_ns: int | None = None
    name: str | None = None
    thread: int | None = None
    frames: list[str] | None = None
    for line in lines:
        if line.startswith("jdk.ExecutionSample"):
            at_ns = name = thread = frames = None
        elif found := _START.match(line):
            at_ns = _instant(found, near_ns)
        elif found := _THREAD.match(line):
            name, thread = clean(found[1]) or None, int(found[2]) if found[2] else None
        elif line.strip() == "stackTrace = [":
            frames = []
        elif line.strip() == "]" and frames is not None:
            if at_ns is not None and name != "Attach Listener":  # jcmd's own
                stack = join_frames(reversed(frames))
                yield Row(at_ns, "jfr", pid, thread, name, "cpu", PERIOD_NS, "ns", stack)
            frames = None
        elif frames is not None and line.strip() != "..." and (found := _FRAME.fullmatch(line.rstrip())):
            frames.append(_frame(found[1], int(found[2] or 0)))


def _frame(method: str, line: int) -> str:
    """``com.shop.Cart.total (Cart:88)``: the class stands for the file, which the Flight Recorder does not keep."""
    owner = method.rpartition(".")[0].rpartition(".")[2].partition("$")[0]
    return frame_text(method, owner if line > 0 else None, line)


def _instant(found: re.Match[str], near_ns: int) -> int:
    hour, minute, second, part = (int(found[group]) for group in range(1, 5))
    of_day = ((hour * 60 + minute) * 60 + second) * 10**9 + part * 10**6
    if found[5]:
        day = datetime(int(found[5]), int(found[6]), int(found[7]), tzinfo=UTC)
        return int(day.timestamp()) * 10**9 + of_day
    day_ns = 86_400 * 10**9
    days = round((near_ns - of_day) / day_ns)
    return days * day_ns + of_day
