"""Facts about where a run happens: the machine under the generator, and the revision of the code in this directory."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from loadstone.model.run import Machine

__all__ = ["cores", "machine", "revision"]

_GIT_PATIENCE_S = 5.0


def cores() -> int:
    """Cores that this process may use: its affinity mask where there is one, else all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine() -> Machine:
    """The machine as the manifest tells it; memory is the host's, in bytes, 0 where the system does not tell."""
    system = os.uname()
    return Machine(
        class_=f"{system.sysname.lower()}-{system.machine}",
        cores=cores(),
        memory_bytes=_memory_bytes(),
        kernel=platform.release(),
    )


def revision(directory: Path) -> tuple[str | None, bool | None]:
    """The commit that git has checked out there and whether tracked files were changed since; nulls without git."""
    try:
        told = subprocess.run(
            ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_GIT_PATIENCE_S,
            check=True,
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return None, None
    commit = next((line.removeprefix("# branch.oid ") for line in told if line.startswith("# branch.oid ")), None)
    dirty = any(not line.startswith("#") for line in told)
    return (None, dirty) if commit == "(initial)" else (commit, dirty)


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
