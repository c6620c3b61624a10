"""Reading an access log, Loadstone beside GoAccess: ``python -m benches.logs``.

A log of the combined format, written from a seed into a temporary folder. Each reads it on one core, turns alternated:
GoAccess into its JSON, Loadstone into columns and routes, its start-up and Python's among it. Prints ratios and writes
docs/performance.md; asserts nothing.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from benches.contest import Ratio, ratio
from benches.log_writer import write_combined
from benches.page import machine
from benches.parts import PAGE, put
from loadstone.traffic.hits import read_logs

ROOT = Path(__file__).parent.parent
MIB = 1 << 20
POLLED_EVERY_S = 0.005

HEAD = """\
## Access logs

Measured on {place}; {version}. A log of the combined format, {lines:,} lines, {mib:.0f} MiB, from a seed. Each reads it
on one core, turns alternated: GoAccess into its JSON report, Loadstone into columns and routes, with the start of
Python. CPU and memory are the whole process's; medians.

| | CPU, s | lines a second of CPU | peak memory, MiB |
|---|--:|--:|--:|
{rows}

To GoAccess, within each of {repetitions} repetitions, median [least, greatest]: CPU {cpu}, time {wall}, peak memory
{peak}.

Again: `python -m benches.logs`, on a quiet machine. It needs Linux and GoAccess (`apt-get install goaccess`).
"""


class Turn(msgspec.Struct, frozen=True):
    """What one reading cost, by the kernel's account; ``lines`` is the reader's own word."""

    lines: int
    cpu_s: float
    wall_s: float
    peak_bytes: int


def read_with(argv: Sequence[str], core: int, counted: Callable[[], int]) -> Turn:
    """Run a reader to its end on one core. Its memory's peak is read while it runs (VmHWM): what wait4 tells of it has
    the parent's own in it. Raises RuntimeError where it does not end well."""
    started = time.perf_counter()
    child = subprocess.Popen(["taskset", "--cpu-list", str(core), *argv], cwd=ROOT, stdout=subprocess.DEVNULL)
    peak = 0
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, _high_water_bytes(child.pid))
        time.sleep(POLLED_EVERY_S)
    wall_s = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{argv[0]} ended with {child.returncode}")
    return Turn(counted(), usage.ru_utime + usage.ru_stime, wall_s, peak)


def _high_water_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else 0


def goaccess(log: Path, core: int, home: Path) -> Turn:
    """GoAccess as its manual has it for a report, without what a configuration file would add."""
    report = home / "goaccess.json"
    argv = ["goaccess", str(log), "--log-format=COMBINED", "--no-global-config", "--no-progress", "-o", str(report)]
    return read_with(argv, core, lambda: int(json.loads(report.read_text())["general"]["total_requests"]))


def loadstone(log: Path, core: int, home: Path) -> Turn:
    """Loadstone's reader in a process of its own."""
    told = home / "loadstone.txt"
    argv = [sys.executable, "-m", "benches.logs", "--read", str(log), "--told", str(told)]
    return read_with(argv, core, lambda: int(told.read_text()))


def read(log: Path, told: Path) -> None:
    """What one turn of Loadstone does: every batch, then the routes."""
    hits = read_logs([log], format=None, key="0" * 32)
    rows = sum(len(batch.kind) for batch in hits.batches())
    hits.routes()
    told.write_text(str(rows))


def packed(log: Path) -> dict[str, Path]:
    """The same log, packed."""
    files = {"gzip": log.with_suffix(".gz"), "bzip2": log.with_suffix(".bz2")}
    with log.open("rb") as text, gzip.open(files["gzip"], "wb", compresslevel=6) as to:
        shutil.copyfileobj(text, to)
    with log.open("rb") as text, bz2.open(files["bzip2"], "wb") as other:
        shutil.copyfileobj(text, other)
    if shutil.which("zstd"):
        files["zstd"] = log.with_suffix(".zst")
        subprocess.run(["zstd", "-q", "-3", str(log), "-o", str(files["zstd"])], check=True)
    return files


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="benches.logs", description=__doc__)
    parser.add_argument("--mib", type=int, default=300, help="size of the log (300)")
    parser.add_argument("--repetitions", type=int, default=5, help="turns of each reader (5)")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md as it is")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read:
        read(asked.read, asked.told)
        return
    if not shutil.which("goaccess"):
        raise SystemExit("bench: goaccess was not found; on Debian or Ubuntu: apt-get install goaccess")
    with tempfile.TemporaryDirectory(prefix="loadstone-bench-") as directory:
        home = Path(directory)
        log = home / "access.log"
        lines = write_combined(log, asked.mib * MIB, asked.seed)
        rounds: list[dict[str, Turn]] = []
        readers = {"GoAccess": goaccess, "Loadstone": loadstone}
        for number in range(asked.repetitions):
            order = list(readers.items())[:: -1 if number % 2 else 1]
            rounds.append({name: reader(log, asked.core, home) for name, reader in order})
            for name, turn in rounds[-1].items():
                print(f"  {number + 1}/{asked.repetitions}  {name:<12}{_words(turn)}", file=sys.stderr, flush=True)
        others = {
            name: [loadstone(file, asked.core, home) for _ in range(asked.repetitions)]
            for name, file in packed(log).items()
        }
        size = log.stat().st_size
    text = section(rounds, others, lines, size)
    print(text)
    if not asked.no_page:
        put("logs", text)
        print(f"wrote {PAGE.relative_to(ROOT)}")


def section(
    rounds: Sequence[Mapping[str, Turn]], others: Mapping[str, Sequence[Turn]], lines: int, size_bytes: int
) -> str:
    """The page's part, from what was measured and nothing else."""
    version = subprocess.run(["goaccess", "--version"], check=True, capture_output=True, text=True).stdout.split("\n")[
        0
    ]
    rows = [
        f"| {name} | {_middle(turns, _cpu_s):.2f} | {_rate(turns):,.0f} | {_middle(turns, _peak_bytes) / MIB:.0f} |"
        for name, turns in (
            *((name, [turns[name] for turns in rounds]) for name in rounds[0]),
            *((f"Loadstone, {name}", turns) for name, turns in others.items()),
        )
    ]
    ratios = [_told(_ratio(rounds, quantity)) for quantity in (_cpu_s, _wall_s, _peak_bytes)]
    place = "; ".join(machine().split("; ")[:2])
    return HEAD.format(
        place=place,
        version=version.rstrip("."),
        lines=lines,
        mib=size_bytes / MIB,
        rows="\n".join(rows),
        repetitions=len(rounds),
        cpu=ratios[0],
        wall=ratios[1],
        peak=ratios[2],
    )


def _cpu_s(turn: Turn) -> float:
    return turn.cpu_s


def _wall_s(turn: Turn) -> float:
    return turn.wall_s


def _peak_bytes(turn: Turn) -> float:
    return turn.peak_bytes


def _ratio(rounds: Sequence[Mapping[str, Turn]], quantity: Callable[[Turn], float]) -> Ratio:
    return ratio([quantity(turns["Loadstone"]) / quantity(turns["GoAccess"]) for turns in rounds])


def _told(found: Ratio) -> str:
    return f"**{found.median:.3g}** [{found.low:.3g}, {found.high:.3g}]"


def _middle(turns: Sequence[Turn], quantity: Callable[[Turn], float]) -> float:
    return ratio([quantity(turn) for turn in turns]).median


def _rate(turns: Sequence[Turn]) -> float:
    return _middle(turns, lambda turn: turn.lines / turn.cpu_s)


def _words(turn: Turn) -> str:
    return f"{turn.lines:>10,} lines  {turn.cpu_s:6.2f} s CPU  {turn.peak_bytes / MIB:6.0f} MiB"


if __name__ == "__main__":
    main()
