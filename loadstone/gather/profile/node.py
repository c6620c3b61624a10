"""Node processes by V8's own sampling profiler, switched on where Loadstone starts the service.

A hook comes in by NODE_OPTIONS, samples each 10 ms, and writes a ``.cpuprofile`` when the process ends: by itself or by
a signal, but not by SIGKILL. What lies outside the load is cut away afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from loadstone.errors import SpecError
from loadstone.gather.collector import Start
from loadstone.gather.profile.imports.cpuprofile import samples
from loadstone.gather.profile.rows import Row
from loadstone.model.evidence import Missing

__all__ = ["VARIABLE", "NodeRecording", "with_hook"]

VARIABLE = "LOADSTONE_NODE_PROFILE"
HOOK = "loadstone-node-hook.cjs"


def with_hook(start: Start, spool: Path) -> Start:
    """The start with the hook in NODE_OPTIONS, beside what is there; other runtimes do not read it."""
    hook = spool / HOOK
    hook.write_text(files("loadstone.gather.profile").joinpath("node_hook.cjs").read_text(encoding="utf-8"))
    quoted = '"' + str(hook).replace("\\", "\\\\").replace('"', '\\"') + '"'
    theirs = start.env.get("NODE_OPTIONS", os.environ.get("NODE_OPTIONS", ""))
    options = f"{theirs} --require {quoted}".strip()
    return Start(start.argv, {**start.env, "NODE_OPTIONS": options, VARIABLE: str(spool)})


class NodeRecording:
    """What the hooks wrote."""

    def __init__(self) -> None:
        self.missing: Missing | None = None
        self._spool: Path | None = None

    def hooked(self, spool: Path) -> bool:
        """Whether the service was started with the hook; remembered for ``found``."""
        if (spool / HOOK).exists():
            self._spool = spool
        return self._spool is not None

    def found(self, from_ns: int, until_ns: int) -> list[Iterator[Row]]:
        """Rows of each profile, from one instant to the other. ``missing`` then says what was not written."""
        if self._spool is None:
            return []
        paths = sorted(self._spool.glob("node-*.cpuprofile"))
        if not paths:
            self.missing = Missing(
                "stacks", "Node's profile was not written: the process was killed", "stop the service by SIGTERM"
            )
        return [self._rows(path, from_ns, until_ns) for path in paths]

    def _rows(self, path: Path, from_ns: int, until_ns: int) -> Iterator[Row]:
        pid = int(path.stem.removeprefix("node-"))
        with suppress(OSError, ValueError, SpecError):
            started_ns = int(path.with_suffix(".started").read_text())
            for row in samples(path, started_ns, pid, "node"):
                if row.at_ns is not None and from_ns <= row.at_ns < until_ns:
                    yield row
