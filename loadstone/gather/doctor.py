"""Which evidence this machine and this service allow, without changing either: one look a source.

What a source costs is measured and told in docs/performance.md; here stand its words.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from loadstone.gather.profile.processes import runtime, why_not_perf, why_not_ptrace
from loadstone.gather.profile.pyspy import find_py_spy
from loadstone.model.doctor import Doctor, Source

__all__ = ["examine"]

_PROC = Path("/proc")

COSTS = {
    "recorder": "a few microseconds of CPU a span in the service",
    "traces": "what the service's own exporter takes; OpenTelemetry's for Python doubles a trivial endpoint's CPU",
    "profile": "100 samples a second: near the noise of a service, and some of another core",
    "perf": "99 samples a second, in the kernel",
    "memory": "several times the CPU of a service that allocates much; only on request (--memory)",
    "postgres": "one look a tenth of a second on a connection of its own; plans after the load",
    "sqlite": "nothing under load: plans are asked for afterwards, on a read-only connection",
    "host": "one look a second at /proc",
}


def examine(pids: set[int], dsn: str | None) -> Doctor:
    """Look at every source. ``pids`` are the living processes of the service, none where only the machine is asked."""
    kinds = {pid: runtime(pid) for pid in sorted(pids)}
    looks: tuple[Callable[[], Iterator[Source]], ...] = (
        lambda: _recorder(kinds),
        lambda: _traces(kinds),
        lambda: _py_spy(kinds),
        lambda: _perf(),
        lambda: _memray(kinds),
        lambda: _postgres(dsn),
        lambda: _sqlite(pids),
        lambda: _host(),
        lambda: _groups(pids),
    )
    system = os.uname()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"{system.sysname} {platform.release().partition('-')[0]} {system.machine}, {cores} cores"
    return Doctor(1, machine, tuple(kinds), tuple(source for look in looks for source in look()))


def _recorder(kinds: Mapping[int, str]) -> Iterator[Source]:
    what = "requests, statements, calls, pool waits and garbage collections of a Python service, with file and line"
    python = [pid for pid, kind in kinds.items() if kind == "python"]
    loaded = [pid for pid in python if b"LOADSTONE_RECORDER=" in _environment(pid)]
    if kinds and not python:
        found = "The service is not Python."
        yield Source("recorder", what, "not here", found, cost=COSTS["recorder"])
    elif python and not loaded:
        found = "It goes into a service when Loadstone starts it; this one is running without."
        advice = "write start in [service] of loadstone.toml, stop this one, and: loadstone run --evidence"
        yield Source("recorder", what, "missing", found, advice, COSTS["recorder"])
    else:
        found = f"It is loaded in process {loaded[0]}." if loaded else "It needs nothing but start in [service]."
        yield Source("recorder", what, "ready", found, cost=COSTS["recorder"])


def _traces(kinds: Mapping[int, str]) -> Iterator[Source]:
    what = "traces of any language, by OTLP over HTTP"
    exporting = [pid for pid in kinds if b"OTEL_EXPORTER_OTLP" in _environment(pid)]
    grpc = "gRPC too." if find_spec("grpc") else "gRPC needs: pip install 'loadstone[otlp-grpc]'."
    if exporting:
        yield Source("traces", what, "ready", f"Process {exporting[0]} exports OTLP. {grpc}", cost=COSTS["traces"])
    elif kinds:
        advice = (
            "start it with OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318, and: loadstone gather --otlp-port 4318"
        )
        yield Source("traces", what, "missing", f"No process of it exports OTLP. {grpc}", advice, COSTS["traces"])
    else:
        yield Source("traces", what, "ready", f"The receiver is part of Loadstone. {grpc}", cost=COSTS["traces"])


def _py_spy(kinds: Mapping[int, str]) -> Iterator[Source]:
    what = "where a Python service's time goes: on the CPU, under the interpreter lock, idle"
    python = [pid for pid, kind in kinds.items() if kind == "python"]
    barred = next(filter(None, map(why_not_ptrace, python or [os.getpid()])), None)
    if kinds and not python:
        yield Source("profile", what, "not here", "The service is not Python.", cost=COSTS["profile"])
    elif find_py_spy() is None:
        yield Source(
            "profile", what, "missing", "py-spy is not installed.", "pip install 'loadstone[profile]'", COSTS["profile"]
        )
    elif barred is not None:
        yield Source("profile", what, "missing", f"{_sentence(barred[0])}", barred[1], COSTS["profile"])
    else:
        yield Source("profile", what, "ready", "py-spy is installed and may look.", cost=COSTS["profile"])


def _perf() -> Iterator[Source]:
    what = "where a native process's CPU time goes; no hardware counters"
    barred = why_not_perf()
    if platform.system() != "Linux":
        yield Source("perf", what, "not here", "perf is Linux's.", cost=COSTS["perf"])
    elif shutil.which("perf") is None:
        yield Source(
            "perf", what, "missing", "perf is not installed.", "on Debian: apt-get install linux-perf", COSTS["perf"]
        )
    elif barred is not None:
        yield Source("perf", what, "missing", _sentence(barred[0]), barred[1], COSTS["perf"])
    else:
        yield Source("perf", what, "ready", "perf is installed and may sample.", cost=COSTS["perf"])


def _memray(kinds: Mapping[int, str]) -> Iterator[Source]:
    what = "who allocates a Python service's memory"
    debugger = next(filter(None, map(shutil.which, ("gdb", "lldb"))), None)
    if kinds and "python" not in kinds.values():
        yield Source("memory", what, "not here", "The service is not Python.", cost=COSTS["memory"])
    elif find_spec("memray") is None:
        yield Source(
            "memory", what, "missing", "memray is not installed.", "pip install 'loadstone[memory]'", COSTS["memory"]
        )
    elif debugger is None:
        found = "memray is installed, but attaches to a running process only through gdb or lldb."
        yield Source("memory", what, "missing", found, "on Debian: apt-get install gdb", COSTS["memory"])
    else:
        yield Source("memory", what, "ready", f"memray is installed and attaches through {Path(debugger).name}.",
                     cost=COSTS["memory"])  # fmt: skip


def _postgres(dsn: str | None) -> Iterator[Source]:
    what = "statements as the database counted them, waits, locks, plans"
    if find_spec("psycopg") is None:
        yield Source(
            "postgres", what, "missing", "psycopg is not installed.", "pip install 'loadstone[postgres]'",
            COSTS["postgres"],
        )  # fmt: skip
        return
    if dsn is None:
        advice = 'name the database: --dsn "{env.DATABASE_URL}", or dsn in [service] of loadstone.toml'
        yield Source("postgres", what, "missing", "No database was named.", advice, COSTS["postgres"])
        return
    from loadstone.gather.postgres.probe import probe

    lacking = probe(dsn)
    if not lacking:
        yield Source("postgres", what, "ready", "The database tells everything.", cost=COSTS["postgres"])
        return
    reachable = all(one.kind != "postgres" for one in lacking)
    found = " ".join(_sentence(one.reason) for one in lacking)
    advice = "; ".join(one.advice for one in lacking if one.advice)
    yield Source("postgres", what, "partly" if reachable else "missing", found, advice, COSTS["postgres"])


def _sqlite(pids: set[int]) -> Iterator[Source]:
    what = "plans of a SQLite database's statements"
    from loadstone.gather.sqlite.databases import opened

    found = sorted(opened(pids, {}))
    if found:
        names = ", ".join(path.name for path in found)
        yield Source("sqlite", what, "ready", f"The service has {names} open.", cost=COSTS["sqlite"])
    elif pids:
        yield Source("sqlite", what, "not here", "No process of it has a SQLite file open.", cost=COSTS["sqlite"])
    else:
        yield Source(
            "sqlite", what, "ready", "Files are found by the service's open descriptors.", cost=COSTS["sqlite"]
        )


def _host() -> Iterator[Source]:
    what = "CPU, run queue, pressure, memory, disk, network of the machine, the service and the generator"
    if not (_PROC / "stat").exists():
        yield Source("host", what, "not here", "This system has no /proc.", cost=COSTS["host"])
    elif not (_PROC / "pressure" / "cpu").exists():
        found = "All but pressure stalls, which this kernel does not tell."
        yield Source("host", what, "partly", found, "boot with psi=1 (Linux 4.20 or later)", COSTS["host"])
    else:
        yield Source("host", what, "ready", "/proc tells all of it.", cost=COSTS["host"])


def _groups(pids: set[int]) -> Iterator[Source]:
    what = "limits and throttling of the service's container"
    mounts = _text(_PROC / "self" / "mounts")
    layouts = [name for name in ("cgroup2", "cgroup") if f" {name} " in mounts]
    if not layouts:
        yield Source("cgroup", what, "not here", "No control groups are mounted.")
        return
    of = "the service's processes" if pids else "this machine"
    yield Source("cgroup", what, "ready", f"Version {'2' if 'cgroup2' in layouts else '1'} for {of}.")


def _environment(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return b""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
