"""How alike workloads are to traffic that they were not made from: simulated truths, and logs that one has.

    python -m benches.likeness --json FILE                     simulated logs of models that are known, 40 each
    python -m benches.likeness --json FILE --log access.log    the same and a log of one's own, or a public one
    python -m benches.likeness --section FILE                  the part of docs/accuracy.md, on stdout

In each simulated log the end is held out. *Shop* is the model itself, *shop, moved on* has other shares of its visits
in the part held out, *naive* is a service whose traffic is what the naive reference supposes: nothing is closer there.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace

from benches.recovery_worlds import tilted
from loadstone.model.fidelity import Fidelity
from loadstone.model.hits import HitBatch
from loadstone.model.traffic import Traffic, VisitClass
from loadstone.traffic.fit import MemoryHits, fit, generate
from tests.traffic.fit.worlds import LIST, ORDERS, SHOP, known, poisson, step

__all__ = ["Found", "Scene", "section"]

HOURS, RATE_PER_S, HELD_OUT = 5.0, 0.6, 0.3


class Scene(msgspec.Struct):
    """One kind of log: of each measure (``dispersion 60`` with its window) the verdicts, and the median distances of
    workload, naive and replay; and how often the workload was called worse over all."""

    name: str
    logs: int
    verdicts: dict[str, dict[str, int]]
    distances: dict[str, tuple[float | None, float | None, float | None]]
    worse: int
    sentence: str


class Found(msgspec.Struct):
    """The file."""

    format: int = 1
    scenes: list[Scene] = []


SINGLE = VisitClass("products", 1, known(1.0), known(1), (step(None, LIST, 0.6), step(None, ORDERS, 0.4)))
SCENES: dict[str, tuple[Traffic, Traffic]] = {
    "shop": (SHOP, SHOP),
    "shop, moved on": (SHOP, tilted(SHOP, 0.45)),
    "naive": ((naive := replace(poisson(SHOP), visits=(SINGLE,), popularity=())), naive),
}


def main() -> None:
    """Measure, or print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write what was found here")
    parser.add_argument("--logs", type=int, default=40, help="simulated ones of each kind")
    parser.add_argument("--log", nargs="+", action="append", default=[], metavar="FILE", help="files of one log")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--section", type=Path, help="print the part of the page from what was found")
    asked = parser.parse_args()
    if asked.section:
        sys.stdout.write(section(msgspec.json.decode(asked.section.read_bytes(), type=Found)) + "\n")
        return
    found = Found()
    with ProcessPoolExecutor(asked.processes) as pool:
        for name in SCENES:
            every = list(pool.map(simulated, [name] * asked.logs, range(asked.logs)))
            found.scenes.append(scene(name, [each for each in every if each is not None]))
            sys.stderr.write(f"{name}\n")
    for files in asked.log:
        told = from_files(files)
        if told is not None:
            found.scenes.append(scene(", ".join(Path(file).name for file in files), [told]))
    if asked.json:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    sys.stdout.write(section(found) + "\n")


def simulated(name: str, seed: int) -> Fidelity | None:
    """One log of whole seconds, whose end is of the second model."""
    first, second = SCENES[name]
    cut = HOURS * 3600 * (1 - HELD_OUT)
    before = generate(first, 2 * seed, cut, rate_per_s=RATE_PER_S)
    after = generate(second, 2 * seed + 1, HOURS * 3600 - cut, rate_per_s=RATE_PER_S)
    later = after.rows._replace(
        time_ns=after.rows.time_ns + round(cut * 1e9), client=after.rows.client + np.uint64(10**9)
    )
    rows = HitBatch._make(np.concatenate([before.rows[at], later[at]]) for at in range(len(later)))
    rows = rows._replace(time_ns=rows.time_ns // 10**9 * 10**9)
    return fit(MemoryHits(rows, before.routes()), hold_out_share=HELD_OUT).fidelity


def from_files(files: list[str]) -> Fidelity | None:
    """A log that was written by a server."""
    from loadstone.lab.traffic import traffic_from_logs

    return traffic_from_logs(files).fidelity


def scene(name: str, told: list[Fidelity]) -> Scene:
    """All logs of one kind."""
    verdicts: dict[str, Counter[str]] = {}
    values: dict[str, list[tuple[float | None, ...]]] = {}
    for one in told:
        for row in one.rows:
            measure = row.measure if row.window_s is None else f"{row.measure} {row.window_s:g}"
            verdicts.setdefault(measure, Counter())[row.verdict] += 1
            sides = (row.workload, row.naive, row.replay)
            values.setdefault(measure, []).append(tuple(None if side is None else side.value for side in sides))
    medians = {
        measure: tuple(_median([row[at] for row in rows]) for at in range(3)) for measure, rows in values.items()
    }
    return Scene(
        name,
        len(told),
        {measure: dict(counts) for measure, counts in verdicts.items()},
        {measure: (each[0], each[1], each[2]) for measure, each in medians.items()},
        sum(one.worse for one in told),
        told[0].sentence if len(told) == 1 else "",
    )


def _median(values: list[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return float(np.median(told)) if told else None


def section(found: Found) -> str:
    """The page's part: a table for each kind of log."""
    lines = [
        "## How alike a workload is, scored on what was held out",
        "",
        f"Logs of {HOURS:g} h with {RATE_PER_S:g} visits a second, whole seconds, the last {HELD_OUT:.0%} held out "
        "(`benches/likeness.py`): median distance from the part held out (0 is the same), and in how many logs the "
        "workload is told to be closer than the naive reference, not to be told from it, or worse. *Shop*: the model "
        "stays. *Shop, moved on*: the visits' shares are others in the part held out. *Naive*: traffic is what the "
        "naive reference supposes.",
    ]
    for one in found.scenes:
        logs = f"{one.logs} logs" if one.logs > 1 else "one log"
        lines += ["", f"**{one.name}**, {logs}; over all worse than the naive reference in {one.worse}.", ""]
        lines += [
            "| distance in | workload | naive | replay | closer | not told apart | worse |",
            "|---|--:|--:|--:|--:|--:|--:|",
        ]
        for measure, sides in one.distances.items():
            counts = one.verdicts[measure]
            told = [str(counts.get(word, 0)) for word in ("closer", "alike", "worse")]
            if counts.get("not told"):
                told = ["-"] * 3
            cells = ["-" if value is None else f"{value:.3f}" for value in sides]
            lines.append(f"| {measure} | {' | '.join([*cells, *told])} |")
        if one.sentence:
            lines += ["", one.sentence]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
