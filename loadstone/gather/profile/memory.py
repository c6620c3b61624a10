"""Allocations of Python processes by memray, which goes into the running process through a debugger.

Asked for, never by default: every allocation is recorded, inside the service, whose latencies are then not its own.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from loadstone.gather.profile.child import LOOK_S, Child
from loadstone.gather.profile.place import short
from loadstone.gather.profile.rows import Row
from loadstone.model.evidence import Missing
from loadstone.model.frame import frame_text, join_frames

__all__ = ["WAIT_S", "MemoryRecording", "why_not_memray"]

WAIT_S = 3.0
"""How long the load waits for the debuggers: they take a second or so, where the process allocates."""

LEAVE_S = 10.0
"""How long it may take to leave a process that goes on: on a busy machine gdb takes some seconds."""


class _Record(Protocol):
    """What is used of memray's AllocationRecord."""

    size: int

    def stack_trace(self) -> list[tuple[str, str, int]]: ...


def _wait(child: Child, limit_s: float) -> None:
    until = time.monotonic() + limit_s
    while not child.ended() and time.monotonic() < until:
        time.sleep(LOOK_S)


def why_not_memray() -> Missing | None:
    """What is missing for it here."""
    if importlib.util.find_spec("memray") is None:
        return Missing("stacks", "memray is not installed", "pip install 'loadstone[memory]'")
    if not (shutil.which("gdb") or shutil.which("lldb")):
        return Missing("stacks", "memray goes in by gdb or lldb; neither is there", "install gdb")
    return None


class MemoryRecording:
    """Memory of one process from ``attach`` on: until ``stop`` where the process goes on, else until it ends.

    The debugger waits for the process's next allocation, and then lets memray in or out; a service without a request
    has none. It is never called back: gdb that is killed while it waits leaves breakpoints on which the service would
    end, and gdb that is interrupted may hand the interrupt to the service.
    """

    def __init__(self, pid: int, spool: Path, ours: bool) -> None:
        """``ours``: we started the process, and end it after the load."""
        self.pid = pid
        self._ours = ours
        self._spool = spool
        self._file = spool / f"memray-{pid}.bin"
        self._coming: Child | None = None
        self.missing: Missing | None = None

    def attach(self) -> None:
        """Begin as soon as the process allocates. Does not wait for it."""
        debugger = "gdb" if shutil.which("gdb") else "lldb"
        self._coming = self._memray("attach", "--method", debugger, "--output", str(self._file), str(self.pid))

    def settled(self) -> bool:
        """Whether memray is in, or has given up."""
        return self._coming is None or self._coming.ended()

    def stop(self) -> None:
        """End; what was allocated until now counts. ``missing`` then says what could not be had."""
        child = self._coming
        if child is None:
            return
        self._coming = None
        if not child.ended():
            reason = f"process {self.pid} allocated nothing, and memray waits for that to go in"
            self.missing = Missing("stacks", reason, "observe it under load")
        elif child.code:
            lines = [line.strip() for line in child.output().splitlines() if line.strip()]
            said = lines[-1] if lines else f"memray ended with {child.code}"
            advice = "the service's Python must be able to import memray, and a debugger must be allowed to attach"
            self.missing = Missing("stacks", f"memray cannot go into process {self.pid}: {said}", advice)
        elif not self._ours:
            leaving = self._memray("detach", str(self.pid))
            _wait(leaving, LEAVE_S)
            if (leaving.code or not leaving.ended()) and Path(f"/proc/{self.pid}").exists():
                reason = f"memray is still in process {self.pid}; it leaves with the next allocation"
                self.missing = Missing("memory", reason, f"look with memray detach {self.pid}")

    def _memray(self, *words: str) -> Child:
        command = [sys.executable, "-m", "memray", *words]
        return Child(command, self._spool / f"memray-{words[0]}-{self.pid}.log", tied=False)

    def rows(self, cwd: str | None = None) -> Iterator[Row]:
        """Stacks of what was held at the peak (source ``memray``) and of what was never given back (``memray leaks``).

        A process that was killed leaves a file that ends anywhere; what it holds is read.
        """
        if not self._file.exists():
            return
        from memray import FileReader

        for source, records in (
            ("memray", "get_high_watermark_allocation_records"),
            ("memray leaks", "get_leaked_allocation_records"),
        ):
            try:
                with FileReader(self._file) as reader:
                    at_ns = int(reader.metadata.start_time.timestamp() * 1e9)
                    yield from self._added(source, at_ns, getattr(reader, records)(merge_threads=True), cwd)
            except (OSError, RuntimeError, NotImplementedError):
                continue

    def _added(self, source: str, at_ns: int, records: Iterable[_Record], cwd: str | None) -> Iterator[Row]:
        held: Counter[str] = Counter()
        for record in records:
            frames = [frame_text(name, short(file, cwd), line) for name, file, line in reversed(record.stack_trace())]
            held[join_frames(frames)] += record.size
        for frames_, size in sorted(held.items()):
            if size > 0:
                yield Row(at_ns, source, self.pid, None, None, "alloc", size, "bytes", frames_)
