"""How often a diagnosis and a comparison are right, part by part into docs/accuracy.md.

    python -m benches.accuracy cases                     every story of every fault before the whole diagnosis
    python -m benches.accuracy cases --quick             the same without predicting gains
    python -m benches.accuracy specimens FILE...         what `python -m specimens --json FILE` has found
    python -m benches.accuracy gain FILE                 what `python -m benches.gain_accuracy --json FILE` has found
    python -m benches.accuracy comparisons FILE...       what `python -m benches.comparisons --json FILE` has found
    python -m benches.accuracy identical FILE            what `python -m benches.identical --json FILE` has found
    python -m benches.accuracy plus-one FILE...          what `python -m benches.plus_one --json FILE` has found
    python -m benches.accuracy recovery FILE             what `python -m benches.recovery --json FILE` has found
    python -m benches.accuracy likeness FILE             what `python -m benches.likeness --json FILE` has found
    python -m benches.accuracy newcomer FOLDER           what `python -m benches.newcomer FOLDER` has found

``make bench-accuracy`` measures the first three: two hours on two cores. The ledger of predicted and measured gains is
``benches/ledger_accuracy.py``'s, which writes its part itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from benches import likeness, recovery
from benches.comparison_section import comparisons_section, identical_section, plus_one_section
from benches.comparisons import Found
from benches.gain_accuracy import section
from benches.identical import IdenticalShops
from benches.newcomer.section import newcomer_section
from benches.newcomer.section import read as newcomers
from benches.parts import put
from benches.plus_one import PlusOne
from loadstone.diagnose.diagnosis import PREDICTED
from loadstone.model.finding import Diagnosis
from loadstone.stats.proportion import wilson
from specimens.run import Judged
from tests.cases.matrix import Case, Score, cases, diagnosed, scores

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
PARTS = ("cases", "specimens", "gain", "comparisons", "identical", "plus-one", "recovery", "likeness", "newcomer")


class _Specimens(msgspec.Struct):
    format: int
    specimens: list[dict[str, Any]]


class _Gains(msgspec.Struct):
    format: int
    rows: list[dict[str, Any]]


def main() -> None:
    """Write one part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--quick", action="store_true", help="cases without predicted gains")
    chosen = parser.parse_args()
    match chosen.part:
        case "cases":
            every = list(cases())
            told = _cases(scores(_told(every, 0 if chosen.quick else PREDICTED)), len(every))
        case "specimens":
            read = [msgspec.json.decode(path.read_bytes(), type=_Specimens) for path in chosen.files]
            told = _specimens([Judged(**one) for each in read for one in each.specimens])
        case "comparisons":
            parts = [msgspec.json.decode(path.read_bytes(), type=Found) for path in chosen.files]
            told = comparisons_section({name: rows for part in parts for name, rows in part.studies.items()})
        case "identical":
            told = identical_section(msgspec.json.decode(chosen.files[0].read_bytes(), type=IdenticalShops))
        case "plus-one":
            gates = [msgspec.json.decode(path.read_bytes(), type=PlusOne) for path in chosen.files]
            told = plus_one_section(gates)
        case "recovery":
            told = recovery.section(msgspec.json.decode(chosen.files[0].read_bytes(), type=recovery.Found))
        case "likeness":
            told = likeness.section(msgspec.json.decode(chosen.files[0].read_bytes(), type=likeness.Found))
        case "newcomer":
            told = newcomer_section(newcomers(chosen.files[0]))
        case _:
            told = section(msgspec.json.decode(chosen.files[0].read_bytes(), type=_Gains).rows)
    put(chosen.part, told, PAGE)
    sys.stdout.write(f"{PAGE}\n")


def _told(every: list[Case], predictions: int) -> Iterator[tuple[Case, Diagnosis]]:
    for place, case in enumerate(every, 1):
        sys.stderr.write(f"\r\x1b[K{place} of {len(every)}  {case.name}")
        sys.stderr.flush()
        yield case, diagnosed(case, predictions=predictions)
    sys.stderr.write("\r\x1b[K")


def _cases(found: dict[str, Score], stories: int) -> str:
    guilty = sum(score.guilty for score in found.values())
    named = sum(score.named for score in found.values())
    first = sum(score.first for score in found.values())
    wolf = [f"{fault} in {name}" for fault, score in found.items() for name in score.wolf]
    lines = [
        "## Faults, over written cases",
        "",
        f'{stories} stories, each before the whole diagnosis of {len(found)} faults. A finding above "info" is a claim.'
        " Precision: of a fault's claims, how many stories have it. Recall: of the stories that have it, in how many it"
        " is claimed. The stories were written with the judges and the test suite fails when one is judged wrongly, so"
        " these figures can hardly be other than they are; the specimens hold the judges to more.",
        "",
        "| fault | guilty | named | first | innocent | cried wolf | precision | recall |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| [{fault}](faults/{fault}.md) | {score.guilty} | {score.named} | {score.first} | {score.innocent} |"
        f" {len(score.wolf)} | {_share(score.precision)} | {_share(score.recall)} |"
        for fault, score in found.items()
    ]
    lines += [
        "",
        f"{_of(named, guilty)} guilty stories named, {first} of them first or behind another fault that is truly"
        f" there; {sum(score.marked for score in found.values())} further claims are of faults that a story's author"
        f" marked as there too, most of them when the diagnosis had named them; {len(wolf)} claims in stories without"
        f" the fault{': ' + '; '.join(wolf) if wolf else ''}.",
    ]
    return "\n".join(lines)


def _specimens(judged: Iterable[Judged]) -> str:
    told = list(judged)
    sick, cured = ([one for one in told if one.sick is side] for side in (True, False))
    first = sum(one.outcome == "named first" for one in sick)
    named = sum(one.outcome in ("named first", "named") for one in sick)
    silent = sum(one.outcome == "silent" for one in cured)
    nothing = sum(one.outcome == "silent" and not one.named for one in cured)
    lines = [
        "## Faults, over specimens",
        "",
        "Real services, driven, observed and diagnosed by the command line"
        " ([what they are](specimens.md)). Sick: the fault is named first, named, or missed. Cured: silent, or false.",
        "",
        "| specimen | fault | sick | cured | what was named, sick |",
        "|---|---|---|---|---|",
    ]
    names = sorted({one.name for one in told})
    for name in names:
        mine = [one for one in told if one.name == name]
        fault = mine[0].fault
        codes = next((", ".join(one.named) for one in mine if one.sick), "")
        lines.append(f"| {name} | {fault} | {_outcomes(mine, True)} | {_outcomes(mine, False)} | {codes} |")
    lines += [
        "",
        f"{_of(first, len(sick))} sick runs had their fault named first, {_of(named, len(sick))} had it named."
        f" {_of(silent, len(cured))} cured runs were silent of it, {nothing} of them named nothing at all.",
    ]
    control = [one for one in cured if one.name == "shop_reviews"]
    if len(control) > 1:
        quiet = sum(not one.named for one in control)
        lines.append(f"The healthy shop named nothing in {_of(quiet, len(control))} runs.")
    return "\n".join(lines)


def _outcomes(judged: list[Judged], sick: bool) -> str:
    found = [one.outcome for one in judged if one.sick is sick]
    if len(found) < 2:
        return found[0] if found else "not run"
    return ", ".join(f"{outcome} {found.count(outcome)} x" for outcome in dict.fromkeys(found))


def _of(count: int, whole: int) -> str:
    """``18 of 20 (90 %; 95 % interval 70 to 97)``."""
    if not whole:
        return "0 of 0"
    low, high = wilson(count, whole)
    return f"{count} of {whole} ({count / whole:.0%}; 95 % interval {low * 100:.0f} to {high * 100:.0f})"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


if __name__ == "__main__":
    main()
