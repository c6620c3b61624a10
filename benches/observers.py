"""What observing costs: every collector's benchmark in turn, and their words as a part of docs/performance.md.

``make bench-evidence``. Each benchmark alternates with and without what it measures and prints what it found.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec

from benches.page import machine
from benches.parts import put

__all__ = ["BENCHES", "Bench", "part"]


class Bench(msgspec.Struct, frozen=True):
    """One benchmark: its heading, its module, what it does, and the words it is called with."""

    title: str
    module: str
    text: str
    words: tuple[str, ...] = ()


BENCHES = (
    Bench(
        "The recorder in a Django service",
        "benches.recorder",
        "Pairs of servers of one gunicorn worker, one bare and one recorded, on one core, take turns of few requests; "
        "CPU is the worker's own by the kernel's account. Means with 95 % intervals over the pairs of servers.",
    ),
    Bench(
        "A span of each library's hook",
        "benches.recorder_libraries",
        "The cheapest of many chunks of calls, bare and hooked in turn, 30 frames deep, call site and parameters' hash "
        "included. Calls are real, to servers on this machine.",
        ("--rounds", "3"),
    ),
    Bench(
        "Receiving OTLP",
        "benches.receiver",
        "CPU of the receiver's process a span, over real HTTP, bodies of 512 spans with ten attributes.",
    ),
    Bench("Decoding OTLP", "benches.spans", "One core, bodies of 512 spans with ten attributes each."),
    Bench(
        "Spans in the archive",
        "benches.evidence",
        "From columns to sorted, deduplicated Parquet, and back to trees with their critical paths.",
    ),
    Bench(
        "py-spy beside a service",
        "benches.profile",
        "A service that burns CPU under a closed loop, with and without profilers, in turn.",
    ),
    Bench(
        "PostgreSQL's collector",
        "benches.postgres",
        "CPU of the collector's threads, and the server's time in the collector's own statements.",
    ),
)


def part(told: Sequence[tuple[Bench, str]], remark: str) -> str:
    """The part of the page, from what each benchmark printed. ``remark`` says under what conditions."""
    lines = [
        "## What observing costs",
        "",
        f"Measured on {time.strftime('%Y-%m-%d')} on {machine()}. What the benchmarks printed, word for word. "
        f"{remark} Read the spreads.",
    ]
    for bench, output in told:
        command = " ".join(["python -m", bench.module, *bench.words])
        lines += ["", f"### {bench.title}", "", bench.text, "", "```", f"$ {command}", output.strip(), "```"]
    lines += ["", "Again: `make bench-evidence`, on a quiet machine."]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="benches.observers", description=__doc__)
    parser.add_argument("only", nargs="*", help="modules to run; all by default")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md as it is")
    asked = parser.parse_args()
    told: list[tuple[Bench, str]] = []
    loads: list[float] = []
    for bench in BENCHES:
        if asked.only and bench.module not in asked.only and bench.module.removeprefix("benches.") not in asked.only:
            continue
        print(f"== {bench.title}", file=sys.stderr, flush=True)
        words = [sys.executable, "-m", bench.module, *bench.words]
        output = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        print(output, flush=True)
        loads.append(os.getloadavg()[0])
        told.append((bench, output))
    if not asked.no_page and not asked.only:
        load = f"{min(loads):.1f} to {max(loads):.1f}"
        put("evidence", part(told, f"The load average was {load} meanwhile, the benchmarks' own load included."))


if __name__ == "__main__":
    main()
