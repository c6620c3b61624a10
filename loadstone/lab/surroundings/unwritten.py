"""Why a service that was started to write its route table wrote none, as far as its processes tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from loadstone.gather.profile.processes import runtime
from loadstone.lab.surroundings.sockets import PROC
from loadstone.traffic.framework.environment import INJECT, VARIABLE

__all__ = ["why_unwritten"]

FRAMEWORKS = "Django, Flask, Starlette, FastAPI, aiohttp, Express, Fastify, Koa's router"


def why_unwritten(pids: Iterable[int], proc: Path = PROC) -> str:
    """One sentence, with the way out where there is one."""
    living = sorted(pids)
    kinds = {pid: runtime(pid) for pid in living}
    ours = [pid for pid, kind in kinds.items() if kind in ("python", "node")]
    if not living:
        return "none of its processes is left"
    if not ours:
        told = sorted(set(kinds.values()) - {"wrapper", "gone"})
        return f"its processes are neither Python nor Node ({', '.join(told) or 'unknown'})"
    for pid in ours:
        environ = _environ(pid, proc)
        if environ is None:
            return f"process {pid} may not be looked at by this user"
        if VARIABLE not in environ:
            return f"the environment of process {pid} was replaced: {VARIABLE} is not in it; pass the environment on"
        if kinds[pid] == "node":
            if "node_routes.cjs" not in environ.get("NODE_OPTIONS", ""):
                return f"NODE_OPTIONS of process {pid} was overwritten; put the old value behind the new one"
            continue
        flag = _blind(pid, proc)
        if flag is not None:
            return f"process {pid} was started with {flag}, which keeps PYTHONPATH out; start it without that option"
        if str(INJECT) not in environ.get("PYTHONPATH", "").split(":"):
            return f"PYTHONPATH of process {pid} was overwritten; put the old value behind the new one"
    return f"it has no framework that tells its routes ({FRAMEWORKS}), or its code is bundled into one file"


def _environ(pid: int, proc: Path) -> dict[str, str] | None:
    try:
        raw = (proc / str(pid) / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return None
    return dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)


def _blind(pid: int, proc: Path) -> str | None:
    """The interpreter's option that keeps the environment or the start file out, where it was given one."""
    try:
        words = (proc / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    for word in words[1:]:
        if not word.startswith("-") or word in ("-m", "-c", "-"):
            return None
        found = re.fullmatch(r"-[A-Za-z]*?([IES])[A-Za-z]*", word)
        if found is not None:
            return f"-{found[1]}"
    return None
