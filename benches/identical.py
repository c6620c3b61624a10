"""The healthy sample shop against itself, as ``loadstone prove`` compares two sides: how often it is told to differ.

    python -m benches.identical --comparisons 40 --json FILE

Each comparison has its own seed and takes two minutes: six pairs of runs of 6 s, both shops up, one of them loaded at a
time. FILE is written after each, and another call goes on where the last one ended. Let nothing else run meanwhile:
what disturbs a run is told as a doubt, but a machine that is always busy has no undisturbed ones.
``python -m benches.accuracy identical FILE`` writes it into docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benches.page import machine
from loadstone.model.comparison import Comparison
from loadstone.stats.proportion import clopper_pearson

__all__ = ["Compared", "IdenticalShops", "compared_of"]

ROOT = Path(__file__).parent.parent
PAIRS, MEASURED, WARM_UP, RATE = 6, "6s", "1.5s", "60/s"

SPEC = """\
[service]
url = "http://127.0.0.1:8000"
ready = "/healthz"

[[journey]]
name = "browse"
[[journey.step]]
name = "list"
get = "/products?page={zipf(50)}"
extract.id = "$.items[*].id | random"
check.status = 200
[[journey.step]]
name = "detail"
get = "/products/{id}"
check.status = 200

[shape.steady]
rate = "60/s"
duration = "6s"
"""

SHOP = f"{sys.executable} -m loadstone.demo --port {{port}}"
SIDES = (SHOP, f"{SHOP} --fault none")
"""Two ways to write the same command, since one and the same is refused."""

WITHIN_S = 900.0


class Compared(msgspec.Struct):
    """One comparison. ``metrics`` are ratio or difference, low and high by label; ``judged`` is the label of that
    which the verdict comes from. ``doubts`` are the codes of doubtful caveats, ``left_out`` pairs not judged."""

    seed: int
    verdict: str
    judged: str
    metrics: dict[str, tuple[float | None, float | None, float | None]]
    doubts: list[str]
    vetoed: list[str]
    pairs: int
    left_out: int
    requests: int
    took_s: float


class IdenticalShops(msgspec.Struct):
    """The file."""

    format: int = 1
    machine: str = ""
    pairs: int = PAIRS
    measured: str = MEASURED
    rate: str = RATE
    comparisons: list[Compared] = []


def main() -> None:
    """Compare as often as is asked, less what the file has already."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=40)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    asked = parser.parse_args()
    path: Path = asked.json
    found = msgspec.json.decode(path.read_bytes(), type=IdenticalShops) if path.exists() else IdenticalShops()
    found.machine = machine()
    done = {one.seed for one in found.comparisons}
    for seed in range(asked.first, asked.first + asked.comparisons):
        if seed in done:
            continue
        one = _compare(seed)
        found.comparisons.append(one)
        beside = path.with_suffix(".new")
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
        beside.replace(path)
        ratio, low, high = one.metrics.get(one.judged, (None, None, None))
        told = f"{one.judged} {ratio:.3f}" if ratio is not None else "nothing judged"
        ends = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
        sys.stderr.write(f"{seed}: {one.verdict}, {told}{ends}, {one.left_out} pairs left out, {one.took_s:.0f} s\n")
    count = len(found.comparisons)
    alarms = sum(each.verdict in ("faster", "slower") for each in found.comparisons)
    least, most = clopper_pearson(alarms, count)
    print(f"{alarms} of {count} comparisons were told to differ: {alarms / max(1, count):.1%}", end="")
    print(f" (95 % interval {least:.1%} to {most:.1%})")


def _compare(seed: int) -> Compared:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="loadstone-identical-") as name:
        folder = Path(name)
        (folder / "loadstone.toml").write_text(SPEC)
        sides = ["--a", SIDES[0], "--b", SIDES[1]]
        design = ["--pairs", str(PAIRS), "--for", MEASURED, "--warm-up", WARM_UP, "--rate", RATE, "--seed", str(seed)]
        words = [*sides, *design, "--no-observed", "--quiet", "--json", "--archive", str(folder / "archive")]
        ended = subprocess.run(
            [sys.executable, "-m", "loadstone", "prove", *words],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            timeout=WITHIN_S,
        )
    if ended.returncode not in (0, 1, 3, 4):
        sys.exit(f"prove ended with {ended.returncode}:\n{ended.stderr.decode(errors='replace')[-2000:]}")
    return compared_of(msgspec.json.decode(ended.stdout, type=Comparison), seed, time.perf_counter() - started)


def compared_of(comparison: Comparison, seed: int, took_s: float) -> Compared:
    """What is kept of a comparison."""
    metrics = {}
    for metric in comparison.metrics:
        middle = metric.ratio
        if middle is None and metric.a is not None and metric.b is not None:
            middle = metric.b - metric.a
        metrics[metric.label] = (middle, metric.low, metric.high)
    return Compared(
        seed=seed,
        verdict=comparison.verdict,
        judged=next((metric.label for metric in comparison.metrics if metric.judged), ""),
        metrics=metrics,
        doubts=sorted({one.code for one in comparison.caveats if one.level == "doubt"}),
        vetoed=list(comparison.vetoed),
        pairs=comparison.design.pairs,
        left_out=sum(one.left_out is not None for one in comparison.pairs),
        requests=comparison.design.requests,
        took_s=took_s,
    )


if __name__ == "__main__":
    main()
