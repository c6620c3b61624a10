"""What a process is, by what it has mapped; which of its threads live; and whether it may be looked into."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Literal

__all__ = ["Runtime", "runtime", "threads", "why_not_perf", "why_not_ptrace"]

Runtime = Literal["python", "node", "jvm", "native", "wrapper", "gone"]
"""``wrapper``: a shell or another program that only starts the service; ``gone``: ended."""

WRAPPERS = {"sh", "bash", "dash", "zsh", "busybox", "timeout", "env", "nice", "make", "sudo", "setpriv", "uv"}
WRAPPERS |= {"tini", "dumb-init", "honcho", "foreman"}

_PROC = Path("/proc")
_LIBRARIES = (
    (re.compile(r"/libjvm\.so"), "jvm"),
    (re.compile(r"/libpython[23][.\d]*(?:d|m|t)*\.so|/python[23]?(?:\.\d+)?t?$"), "python"),
    (re.compile(r"/(?:node|nodejs|libnode\.so[.\d]*)$"), "node"),
)
_SYS_PTRACE, _SYS_ADMIN, _PERFMON = 19, 21, 38  # capabilities(7), numbers of linux/capability.h


def runtime(pid: int) -> Runtime:
    """Whose profiler fits the process. Where there is no /proc everything is taken for Python."""
    if not _PROC.joinpath("self").exists():
        return "python"
    try:
        lines = (_PROC / str(pid) / "maps").read_text(errors="replace").splitlines()
    except OSError:
        return _by_name(pid)
    paths = {line.split(maxsplit=5)[5] for line in lines if line.count("/")}
    for pattern, kind in _LIBRARIES:
        if any(pattern.search(path) for path in paths):
            return kind  # type: ignore[return-value]
    if not paths:
        return "gone"
    with suppress(OSError):
        if (_PROC / str(pid) / "exe").readlink().name in WRAPPERS:
            return "wrapper"
    return "native"


def _by_name(pid: int) -> Runtime:
    """Of another user's process only the command line can be read."""
    try:
        first = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
    except OSError:
        return "gone"
    name = first.rsplit("/", 1)[-1]
    for prefix, kind in (("python", "python"), ("gunicorn", "python"), ("uvicorn", "python"), ("node", "node")):
        if name.startswith(prefix):
            return kind  # type: ignore[return-value]
    return "jvm" if name == "java" else "native" if name else "gone"


def threads(pid: int) -> dict[int, int]:
    """The process's living threads by the system's id, each with the nanoseconds that it has spent on a CPU
    (proc(5), schedstat; 0 where the kernel does not count them). None of them where that cannot be seen."""
    found: dict[int, int] = {}
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/task"):
            spent = 0
            with suppress(OSError, ValueError, IndexError):
                spent = int(Path(entry.path, "schedstat").read_bytes().split()[0])
            found[int(entry.name)] = spent
    return found


def why_not_ptrace(pid: int, proc: Path = _PROC) -> tuple[str, str] | None:
    """Why this process may not look into that one, and the way to be allowed; None when nothing speaks against it.

    ptrace(2), "Ptrace access mode checking", and Yama's ptrace_scope (kernel's admin-guide/LSM/Yama).
    """
    if not proc.joinpath("self").exists():
        if os.geteuid() == 0:
            return None
        return "another process may be looked into by root alone on this system", "run loadstone with sudo"
    if _capable(proc, _SYS_PTRACE):
        return None
    container = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
    way = "run the container with --cap-add SYS_PTRACE" if container else "run loadstone with sudo"
    with suppress(OSError):
        if proc.joinpath(str(pid)).stat().st_uid != os.geteuid():
            return f"process {pid} belongs to another user", f"run loadstone as that user, or {way}"
    with suppress(OSError, ValueError):
        scope = int(proc.joinpath("sys/kernel/yama/ptrace_scope").read_text())
        if scope >= 3:
            return "kernel.yama.ptrace_scope is 3: nobody may look into a process", "boot without that setting"
        if scope >= 1:
            return (
                f"kernel.yama.ptrace_scope is {scope}: a process may not look into one that it did not start",
                f"sudo sysctl kernel.yama.ptrace_scope=0, or {way}",
            )
    return None


def why_not_perf(proc: Path = _PROC) -> tuple[str, str] | None:
    """Why perf may not sample processes here, and the way to be allowed (kernel's admin-guide/perf-security)."""
    if _capable(proc, _PERFMON) or _capable(proc, _SYS_ADMIN):
        return None
    try:
        paranoid = int(proc.joinpath("sys/kernel/perf_event_paranoid").read_text())
    except (OSError, ValueError):
        return "this kernel has no perf events", "none: the kernel was built without them, or hides them"
    if paranoid <= 2:
        return None
    return (
        f"kernel.perf_event_paranoid is {paranoid}",
        "sudo sysctl kernel.perf_event_paranoid=1, or run loadstone with sudo",
    )


def _capable(proc: Path, capability: int) -> bool:
    with suppress(OSError, ValueError):
        for line in proc.joinpath("self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> capability & 1)
    return False
