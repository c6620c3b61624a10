"""How often a diagnosis is right: every case of every fault before the whole diagnosis, written into docs/accuracy.md.

    python -m benches.accuracy                 the cases, with their gains predicted: some ten minutes
    python -m benches.accuracy --quick         without predictions

The specimens write their own part (``python -m specimens --accuracy``), and so does the simulator of predictions
(``python -m benches.gain_accuracy``); ``make bench-accuracy`` runs all three.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from benches.parts import put
from loadstone.diagnose.diagnosis import PREDICTED
from loadstone.model.finding import Diagnosis
from loadstone.stats.proportion import wilson
from tests.cases.matrix import Case, Score, cases, diagnosed, scores

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"


def main() -> None:
    """Judge all cases and write the part "faults"."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without predicting gains")
    chosen = parser.parse_args()
    every = list(cases())
    found = scores(_told(every, 0 if chosen.quick else PREDICTED))
    put("faults", table(found, len(every)), PAGE)
    sys.stdout.write(f"{PAGE}\n")


def _told(every: list[Case], predictions: int) -> Iterator[tuple[Case, Diagnosis]]:
    for place, case in enumerate(every, 1):
        sys.stderr.write(f"\r\x1b[K{place} of {len(every)}  {case.name}")
        sys.stderr.flush()
        yield case, diagnosed(case, predictions=predictions)
    sys.stderr.write("\r\x1b[K")


def table(found: dict[str, Score], stories: int) -> str:
    """The part as Markdown."""
    guilty = sum(score.guilty for score in found.values())
    named = sum(score.named for score in found.values())
    first = sum(score.first for score in found.values())
    wolf = sum(len(score.wolf) for score in found.values())
    lines = [
        "## Faults, over hand-written cases",
        "",
        f'{stories} stories, each before the whole diagnosis with all {len(found)} faults. A finding above "info" is a'
        " claim. Precision: of the claims of a fault, how many stories have it. Recall: of the stories that have it, in"
        " how many it is claimed.",
        "",
        "| fault | guilty | named | named first | innocent | cried wolf | precision | recall |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| [{fault}](faults/{fault}.md) | {score.guilty} | {score.named} | {score.first} | {score.innocent} |"
        f" {len(score.wolf)} | {_share(score.precision)} | {_share(score.recall)} |"
        for fault, score in found.items()
    ]
    low, high = wilson(named, guilty)
    lines += [
        "",
        f"In all: {named} of {guilty} guilty stories named (95 % interval {low:.1%} to {high:.1%}), {first} of them"
        f" first; {wolf} claims in stories that do not have the fault.",
    ]
    if wolf:
        told = (f"{fault} in {', '.join(score.wolf)}" for fault, score in found.items() if score.wolf)
        lines += ["", f"Cried wolf: {'; '.join(told)}."]
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


if __name__ == "__main__":
    main()
