"""How often the interval of each number that is fitted to a log holds the truth: logs of models that are known.

    python -m benches.recovery --json FILE                 six worlds, 200 logs each: some minutes on a core
    python -m benches.recovery --json FILE --logs 20       a quick look
    python -m benches.recovery --section FILE              the part of docs/accuracy.md, on stdout

A model draws visits, requests, pauses and items (``loadstone.traffic.fit.generate``); the log is rounded as its world
says; ``fit`` makes a model of it; each of its intervals holds the true number or does not. Nominal is 95 %. Counts of
one kind are pooled over routes and logs; their exact interval (Clopper and Pearson) takes them for independent.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
import numpy as np

from benches.recovery_worlds import WORLDS, truths
from loadstone.model.estimate import Estimate
from loadstone.model.traffic import Traffic
from loadstone.stats.proportion import clopper_pearson
from loadstone.traffic.fit import fit

__all__ = ["KINDS", "Found", "Told", "recovered", "section"]

KINDS = (
    "share of a route",
    "share of reads",
    "share of a class of visits",
    "requests of a visit",
    "what follows what",
    "think time, median",
    "think time, sigma",
    "popularity, exponent",
    "popularity, shift",
    "visits a second",
    "requests a second",
    "dispersion, 1 s",
    "dispersion, 10 s",
    "dispersion, 60 s",
)


class Told(msgspec.Struct):
    """Of one kind in one world: ``inside`` of ``count`` intervals hold the truth; ``width`` is the median of high over
    low, less 1."""

    world: str
    kind: str
    inside: int
    count: int
    width: float


class Found(msgspec.Struct):
    """The file."""

    format: int = 1
    logs: int = 0
    took_s: float = 0.0
    rows: list[Told] = []


def main() -> None:
    """Measure, or print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write what was found here")
    parser.add_argument("--logs", type=int, default=200, help="of each world")
    parser.add_argument("--only", nargs="+", choices=tuple(WORLDS), help="these worlds alone")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--section", type=Path, help="print the part of the page from what was found")
    asked = parser.parse_args()
    if asked.section:
        sys.stdout.write(section(msgspec.json.decode(asked.section.read_bytes(), type=Found)) + "\n")
        return
    started = time.perf_counter()
    found = Found(logs=asked.logs)
    with ProcessPoolExecutor(asked.processes) as pool:
        for name in asked.only or WORLDS:
            every = pool.map(recovered, [name] * asked.logs, range(asked.logs))
            found.rows += _pooled(name, list(every))
            found.took_s = time.perf_counter() - started
            sys.stderr.write(f"{name} ({found.took_s:.0f} s)\n")
            if asked.json:
                asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    sys.stdout.write(section(found) + "\n")


def recovered(name: str, seed: int) -> list[tuple[str, bool, float]]:
    """One log: for each number that has an interval its kind, whether the truth is inside, and how wide it is."""
    world = WORLDS[name]
    fitted = fit(world.log(seed), peak_s=world.peak_s, hold_out_share=0)
    true = truths(world)
    told = []
    for kind, place, estimate in _estimates(fitted):
        value = true.get((kind, place))
        if value is None or estimate.low is None or estimate.high is None:
            continue
        width = estimate.high / estimate.low - 1 if estimate.low > 0 else float("inf")
        told.append((kind, estimate.low <= value <= estimate.high, width))
    return told


def _estimates(fitted: Traffic) -> Iterator[tuple[str, str, Estimate]]:
    for load in fitted.mix:
        yield "share of a route", load.route, load.share
    yield "share of reads", "", fitted.reads
    for one in fitted.visits:
        yield "share of a class of visits", one.name, one.share
        yield "requests of a visit", one.name, one.length
        for step in one.transitions:
            if step.probability.value < 1:  # what is always so has no interval to speak of
                yield "what follows what", f"{one.name}: {step.before} > {step.after}", step.probability
        for pace in one.paces:
            yield "think time, median", f"{one.name}: {pace.route}", pace.median_s
            yield "think time, sigma", f"{one.name}: {pace.route}", pace.sigma
    for popular in fitted.popularity:
        yield "popularity, exponent", popular.route, popular.exponent
        yield "popularity, shift", popular.route, popular.shift
    yield "visits a second", "", fitted.arrivals.visits_per_s
    yield "requests a second", "", fitted.arrivals.requests_per_s
    for each in fitted.arrivals.dispersion:
        yield f"dispersion, {each.window_s:g} s", "", each.index


def _pooled(world: str, every: list[list[tuple[str, bool, float]]]) -> list[Told]:
    rows = []
    for kind in KINDS:
        mine = [each for log in every for each in log if each[0] == kind]
        if mine:
            inside = sum(each[1] for each in mine)
            rows.append(Told(world, kind, inside, len(mine), float(np.median([each[2] for each in mine]))))
    return rows


def section(found: Found) -> str:
    """The page's part: a table, a row a kind, a column a world."""
    worlds = list(dict.fromkeys(row.world for row in found.rows))
    by = {(row.world, row.kind): row for row in found.rows}
    lines = [
        "## Traffic, from logs of known models",
        "",
        f"{found.logs} logs of each of {len(worlds)} worlds (`benches/recovery_worlds.py`), drawn from a model of two "
        "kinds of visits over five routes and fitted again: how many of the intervals of 95 % hold the true number, of "
        "how many, with the exact interval of that share; and in the last column the median width of the intervals of "
        "the first world, high over low.",
        "",
        *(f"- *{name}*: {WORLDS[name].says}." for name in worlds if name in WORLDS),
        "",
        f"| held by its interval | {' | '.join(worlds)} | width |",
        f"|---|{'---|' * len(worlds)}--:|",
    ]
    for kind in KINDS:
        cells = [_cell(by.get((world, kind))) for world in worlds]
        if any(cells):
            first = by.get((worlds[0], kind))
            width = f"{1 + first.width:.2f}" if first is not None and np.isfinite(first.width) else ""
            lines.append(f"| {kind} | {' | '.join(cells)} | {width} |")
    return "\n".join(lines)


def _cell(row: Told | None) -> str:
    if row is None or not row.count:
        return ""
    low, high = clopper_pearson(row.inside, row.count)
    return f"{row.inside / row.count:.1%} of {row.count:,} [{100 * low:.1f}, {100 * high:.1f}]"


if __name__ == "__main__":
    main()
