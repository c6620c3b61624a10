"""Allocations of Python processes by memray, which goes into the running process through a debugger.

Asked for, never by default: every allocation is recorded, which makes some services several times slower.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from loadstone.gather.profile.place import short
from loadstone.gather.profile.rows import Row
from loadstone.model.evidence import Missing
from loadstone.model.frame import frame_text, join_frames

__all__ = ["MemoryRecording", "why_not_memray"]

ATTACH_S = 30.0
"""How long a debugger may take to come in: gdb reads the symbols of every library first."""


class _Record(Protocol):
    """What is used of memray's AllocationRecord."""

    size: int

    def stack_trace(self) -> list[tuple[str, str, int]]: ...


def why_not_memray() -> Missing | None:
    """What is missing for it here."""
    if importlib.util.find_spec("memray") is None:
        return Missing("stacks", "memray is not installed", "pip install 'loadstone[memory]'")
    if not (shutil.which("gdb") or shutil.which("lldb")):
        return Missing("stacks", "memray goes in by gdb or lldb; neither is there", "install gdb")
    return None


class MemoryRecording:
    """Memory of one process from ``attach`` to ``stop``."""

    def __init__(self, pid: int, spool: Path) -> None:
        self.pid = pid
        self._file = spool / f"memray-{pid}.bin"
        self._on = False

    def attach(self) -> Missing | None:
        """Begin; what is missing when it cannot."""
        said = self._memray("attach", "--output", str(self._file), str(self.pid))
        if said is not None:
            advice = "the service's Python must be able to import memray, and a debugger must be allowed to attach"
            return Missing("stacks", f"memray cannot go into process {self.pid}: {said}", advice)
        self._on = True
        return None

    def stop(self) -> None:
        """End; what was allocated until now counts."""
        if self._on:
            self._on = False
            self._memray("detach", str(self.pid))

    def _memray(self, *words: str) -> str | None:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "memray", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=ATTACH_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"nothing happened within {ATTACH_S:.0f} s"
        if done.returncode == 0:
            return None
        lines = [line.strip() for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else f"memray ended with {done.returncode}"

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
