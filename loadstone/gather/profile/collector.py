"""The collector of profiles: finds out what each process of the service is and sets the profiler that fits on it.

Python by py-spy, native processes by perf, Node by V8's own profiler, the JVM by Flight Recorder; memory by memray
where it is asked for. What cannot be had is said with the way to get it; the service is never failed for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.gather.profile import memory
from loadstone.gather.profile.jvm import JvmRecording, find_jcmd
from loadstone.gather.profile.memory import MemoryRecording, why_not_memray
from loadstone.gather.profile.node import NodeRecording, with_hook
from loadstone.gather.profile.perf import PerfRecording, find_perf
from loadstone.gather.profile.processes import runtime, why_not_perf, why_not_ptrace
from loadstone.gather.profile.pyspy import RATE_HZ, Recording, find_py_spy, refusal
from loadstone.gather.profile.rows import Row, batches
from loadstone.gather.profile.sampled import rows as sampled_rows
from loadstone.model.evidence import Columns, Missing
from loadstone.model.quantity import format_share

__all__ = ["Profile"]

RESCAN_S = 1.0
"""How soon a new worker is found; listing every process costs some milliseconds."""

LOOK_S = 0.1
"""Between two looks at the threads of the processes that are being profiled."""

MOST_PROCESSES = 16
"""Processes that py-spy looks at: each has three recorders of some 10 MB and 3 to 15 % of a core together."""


class Profile:
    """Stacks of the service's processes while the load runs. ``memory`` adds memray; ``nonblocking`` never stops the
    service for a sample, at the price of some torn stacks."""

    name = "profile"

    def __init__(
        self, *, memory: bool = False, rate_hz: int = RATE_HZ, nonblocking: bool = False, py_spy: str | None = None
    ) -> None:
        self._memory = memory
        self._rate_hz = rate_hz
        self._nonblocking = nonblocking
        self._py_spy = py_spy
        self._scene: Scene | None = None
        self._ours = False
        self._missing: dict[str, Missing] = {}
        self._known: set[int] = set()
        self._python: dict[int, Recording] = {}
        self._perf: list[PerfRecording] = []
        self._memories: list[MemoryRecording] = []
        self._node = NodeRecording()
        self._jvm: list[JvmRecording] = []
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._opened = (0, 0.0, 0.0)
        self._closed = (0, 0.0, 0.0)
        self._failure: str | None = None

    def prepare(self, scene: Scene, start: Start | None) -> Start | None:
        """Node alone needs to be told beforehand."""
        self._scene = scene
        self._ours = start is not None
        return None if start is None else with_hook(start, scene.spool)

    def open(self) -> None:
        """Set the profilers on the processes that are there; returns once they look."""
        if self._scene is None:
            return
        self._thread = threading.Thread(target=self._run, name="loadstone-profile", daemon=True)
        self._thread.start()
        self._ready.wait()
        self._opened = (time.time_ns(), time.monotonic(), self._spent_s())

    def mark(self, phase: str) -> None:
        """Nothing: rows carry their instants."""

    def stop(self) -> None:
        """The load is over; what comes afterwards is not profiled."""
        if self._thread is None or self._stopping.is_set():
            return
        self._closed = (time.time_ns(), time.monotonic(), self._spent_s())
        self._stopping.set()
        self._thread.join()

    def close(self) -> Gathered:
        """The stacks, read as they are asked for."""
        self.stop()
        if self._thread is None:
            return Gathered(missing=tuple(self._missing.values()))
        from_node = self._node.found(self._opened[0], self._closed[0])
        if self._node.missing:
            self._miss("node", self._node.missing)
        seen = [(pid, recording.finish()) for pid, recording in self._python.items()]
        cwd = str(self._scene.cwd) if self._scene and self._scene.cwd else None
        sources: list[Iterable[Row]] = [sampled_rows(parts, cwd) for _, parts in seen if parts]
        sources += [recording.rows() for recording in self._perf]
        sources += [recording.rows() for recording in self._jvm]
        sources += [recording.rows(cwd) for recording in self._memories]
        sources += from_node
        for recording in self._memories:
            if recording.missing:
                self._miss(f"memray {recording.pid}", recording.missing)
        if self._failure:
            self._miss("failure", Missing("stacks", f"the profiler failed: {self._failure}", "please report it"))
        tables: dict[str, Iterator[Columns]] = {"stacks": batches(chain.from_iterable(sources))} if sources else {}
        spent = max(self._closed[2] - self._opened[2], 0.0)
        return Gathered(tables=tables, missing=tuple(self._missing.values()), cpu_s=spent, cost=self._cost(spent))

    def _cost(self, spent: float) -> str | None:
        duration = self._closed[1] - self._opened[1]
        if duration <= 0:
            return None
        parts = []
        if self._python:
            how = "without stopping it" if self._nonblocking else "the service stopped for each sample"
            rates = [rate for recording in self._python.values() for rate in recording.rates_hz]
            hertz = f"{min(rates)} to {max(rates)} Hz" if min(rates) < max(rates) else f"{max(rates)} Hz"
            parts.append(f"{hertz}, {how}, {format_share(spent / duration)} of a core beside the service")
        if self._perf:
            parts.append("perf at 99 Hz")
        if self._memories:
            parts.append("every allocation recorded by memray inside the service: its latencies are not its own")
        if self._jvm:
            parts.append("JDK Flight Recorder, settings profile")
        return "; ".join(parts) or None

    def _miss(self, key: str, missing: Missing) -> None:
        self._missing.setdefault(key, missing)

    def _spent_s(self) -> float:
        python = sum(recording.spent_s() for recording in self._python.values())
        return python + sum(recording.spent_s() for recording in self._perf)

    def _run(self) -> None:
        """All that starts, watches and ends the profilers, in one thread: they end when the thread does."""
        try:
            self._rescan(first=True)
            self._ready.set()
            scanned = time.monotonic()
            while not self._stopping.wait(LOOK_S):
                for recording in self._python.values():
                    recording.step()
                if time.monotonic() - scanned > RESCAN_S:
                    self._rescan(first=False)
                    scanned = time.monotonic()
        except Exception as error:  # a collector never fails a run
            self._failure = f"{type(error).__name__}: {error}"
        finally:
            self._ready.set()
            self._end()

    def _end(self) -> None:
        stops: list[Callable[[], None]] = [recording.stop for recording in self._python.values()]
        stops += [recording.stop for recording in self._perf]
        stops += [recording.stop for recording in self._jvm]
        stops += [recording.finish for recording in self._perf]
        stops += [recording.release for recording in self._python.values()]
        stops += [recording.stop for recording in self._memories]  # a debugger and py-spy hinder one another
        for stop in stops:
            try:
                stop()
            except OSError as error:
                self._failure = self._failure or str(error)

    def _rescan(self, first: bool) -> None:
        assert self._scene is not None
        new = sorted(self._scene.pids() - self._known)
        self._known.update(new)
        if first and not new:
            advice = "let Loadstone start the service ([service] start), or name a process with --pid"
            self._miss("none", Missing("stacks", "no process of the service is known", advice))
        kinds = {pid: runtime(pid) for pid in new}
        self._look_at_python([pid for pid, kind in kinds.items() if kind == "python"])
        native = [pid for pid, kind in kinds.items() if kind == "native"]
        if first and native:  # perf follows what they start by itself
            self._look_at_native(native)
        if "node" in kinds.values() and not self._node.hooked(self._scene.spool):
            advice = "let Loadstone start the service; Node's profiler is switched on by NODE_OPTIONS"
            self._miss("node", Missing("stacks", "a Node process that Loadstone did not start has no profiler", advice))
        for pid in (pid for pid, kind in kinds.items() if kind == "jvm"):
            self._look_at_jvm(pid)

    def _look_at_python(self, pids: list[int]) -> None:
        if not pids:
            return
        assert self._scene is not None
        if self._memory:
            self._look_at_memory(pids)
        py_spy = self._py_spy or find_py_spy()
        if py_spy is None:
            self._miss("py-spy", Missing("stacks", "py-spy is not installed", "pip install 'loadstone[profile]'"))
            return
        left = MOST_PROCESSES - len(self._python)
        if len(pids) > left:
            reason = f"py-spy looks at {MOST_PROCESSES} processes; the service has more"
            self._miss("many", Missing("stacks", reason, "run fewer workers while it is observed"))
        began: list[Recording] = []
        for pid in pids[: max(left, 0)]:
            denied = why_not_ptrace(pid)
            if denied:
                self._miss("ptrace", Missing("stacks", *denied))
                continue
            nonblocking = self._nonblocking or bool(self._memories)  # a debugger holds the process for a while
            began.append(Recording(py_spy, pid, self._scene.spool, rate_hz=self._rate_hz, nonblocking=nonblocking))
        for recording in began:
            if recording.attached():
                self._python[recording.pid] = recording
                continue
            recording.finish(1.0)
            if runtime(recording.pid) != "gone":
                self._miss("ptrace", refusal(recording.pid, recording.refused or "", why_not_ptrace))

    def _look_at_memory(self, pids: list[int]) -> None:
        assert self._scene is not None
        missing = why_not_memray()
        if missing:
            self._miss("memray", missing)
            return
        for pid in pids:
            self._memories.append(MemoryRecording(pid, self._scene.spool, self._ours))
            self._memories[-1].attach()
        until = time.monotonic() + memory.WAIT_S
        while time.monotonic() < until and not all(recording.settled() for recording in self._memories):
            time.sleep(LOOK_S)

    def _look_at_native(self, pids: list[int]) -> None:
        assert self._scene is not None
        perf = find_perf()
        denied = why_not_perf()
        if perf is None or denied:
            reason, advice = denied or ("perf is not installed", "install linux-perf for this kernel")
            self._miss("perf", Missing("stacks", f"native processes are not profiled: {reason}", advice))
            return
        recording = PerfRecording(perf, pids, self._scene.spool)
        failed = recording.attached()
        if failed:
            self._miss("perf", failed)
        else:
            self._perf.append(recording)

    def _look_at_jvm(self, pid: int) -> None:
        assert self._scene is not None
        jcmd = find_jcmd(pid)
        if jcmd is None:
            reason = f"process {pid} is a JVM, and there is no jcmd to start its Flight Recorder"
            self._miss("jvm", Missing("stacks", reason, "install a JDK beside the JVM"))
            return
        recording = JvmRecording(jcmd, pid, self._scene.spool)
        failed = recording.attach()
        if failed:
            self._miss("jvm", failed)
        else:
            self._jvm.append(recording)
