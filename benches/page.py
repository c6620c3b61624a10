"""docs/performance.md from what was just measured, and from nothing else."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benches.contest import Ratio, Round, Turn, cpu_per_request_s, ratio, throughput_per_s

__all__ = ["machine", "page", "ratios"]

WRK = "wrk"

HEAD = """\
# Performance

<!-- Written by `make bench` and `make bench-evidence`; do not edit. -->

Measured on {date} on {machine}.

wrk and Loadstone (`loadstone run URL --max`) take turns on one pinned core, {seconds:g} s each over {connections}
kept-alive connections, and send the same request; the server has another core. The server counts the requests. CPU is
the whole process's, by the kernel's account once it has ended: Loadstone's start-up, archive and report are in it.
"""

HOW = """\
Ratios are taken within each of {repetitions} repetitions and shown as **median** [least, greatest]. A ratio of CPU
below 1 is cheaper than wrk; a ratio of requests above 1 is faster.

*Engine alone* is the same load without Python (`core/examples/generator.rs`), everything recorded. *Floor* sends fixed
bytes and counts replies by their length (`core/examples/floor_client.rs`): no generator that reads what it receives
costs less.
"""

AGAIN = """\
## Again

```
make bench
```

It needs Linux with two cores, nginx and wrk, and a quiet machine: look at the spread before you believe a median.
"""

Results = Mapping[str, Sequence[Round]]
"""The rounds by the target's name."""


def ratios(rounds: Sequence[Round], name: str, quantity: Callable[[Turn], float], to: str = WRK) -> Ratio:
    """``name`` beside ``to``, a ratio for each repetition."""
    return ratio([quantity(turns[name]) / quantity(turns[to]) for turns in rounds])


def table(rounds: Sequence[Round]) -> Iterator[str]:
    """One target's table: medians, then the ratios to wrk with their least and greatest."""
    yield "| | CPU a request, us | to wrk | requests a second | to wrk |"
    yield "|---|--:|---|--:|---|"
    for name in rounds[0]:
        turns = [turns[name] for turns in rounds]
        cpu = 1e6 * statistics.median(cpu_per_request_s(turn) for turn in turns)
        rate = statistics.median(throughput_per_s(turn) for turn in turns)
        yield (
            f"| {name} | {cpu:.2f} | {_words(ratios(rounds, name, cpu_per_request_s))} "
            f"| {rate:,.0f} | {_words(ratios(rounds, name, throughput_per_s))} |"
        )


def _words(value: Ratio) -> str:
    if value.low == value.high == 1:
        return "1"
    return f"**{value.median:.2f}** [{value.low:.2f}, {value.high:.2f}]"


def page(results: Results, seconds: float, connections: int) -> str:
    """The whole page."""
    repetitions = max(len(rounds) for rounds in results.values())
    lines = [HEAD.format(date=time.strftime("%Y-%m-%d"), machine=machine(), seconds=seconds, connections=connections)]
    lines.append(HOW.format(repetitions=repetitions))
    for name, rounds in results.items():
        lines += [f"## Against {_article(name)}", "", *table(rounds), ""]
        if {"engine alone", "floor"} <= set(rounds[0]):
            over = ratios(rounds, "engine alone", cpu_per_request_s, to="floor")
            lines += [f"Engine alone to floor, CPU a request: {_words(over)}.", ""]
    return "\n".join([*lines, AGAIN])


def _article(name: str) -> str:
    return name if name == "nginx" else f"a {name}"


def machine() -> str:
    """Processor, cores, system, kernel and the versions of both tools; no name of the machine."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    system = re.search(r'^PRETTY_NAME="?([^"\n]+)', Path("/etc/os-release").read_text(), re.MULTILINE)
    parts = [
        f"{os.cpu_count()} cores of {cpu[1] if cpu else platform.machine()}",
        f"{system[1] if system else platform.system()}, kernel {platform.release().partition('-')[0]}",
        _version(["nginx", "-v"], r"nginx/(\S+)", "nginx"),
        _version(["wrk", "-v"], r"wrk (?:debian/)?(\S+)", "wrk"),
    ]
    return "; ".join(parts)


def _version(command: list[str], pattern: str, name: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(pattern, done.stdout + done.stderr)
    return f"{name} {found[1] if found else '(version unknown)'}"
