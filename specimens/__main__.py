"""``python -m specimens [NAME…] [--fault 0|1] [--json FILE]``: one line a specimen, and exit 1 unless all is as it
should be. ``--prove FOLDER`` proves the cures instead, one file a specimen, and leaves out those that have theirs;
``--predict FOLDER`` predicts anew beside what was measured there."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from specimens.catalogue import Specimen, specimen, specimens
from specimens.foretold import foretell
from specimens.neighbours import Absent, Neighbours
from specimens.proof import PAIRS, REQUESTS, prove, read, write
from specimens.run import Judged, diagnosis, drive, judge


def _one(sample: Specimen, neighbours: Neighbours, folder: Path, sick: bool, look: bool, seed: int) -> Judged:
    trouble = drive(sample, neighbours, folder, sick=sick, seed=seed)
    if trouble or not look:
        return Judged(
            sample.name, sample.fault, sick, "failed" if trouble else "missed", note=trouble or "not diagnosed"
        )
    try:
        return judge(sample, diagnosis(sample, neighbours, folder, sick=sick), sick=sick)
    except RuntimeError as error:
        return Judged(sample.name, sample.fault, sick, "failed", note=str(error))


def _open(file: Path, again: bool) -> bool:
    """Whether it is to be proved: there is no file, or, ``again``, one without a decision."""
    if not file.exists():
        return True
    return again and ((told := read(file)).came != "proved" or told.verdict in ("undecided", "invalid"))


def _prove(samples: list[Specimen], into: Path, seed: int, pairs: int, requests: int, again: bool) -> int:
    """Each specimen that has no file there yet; 0 when all that could be had have a verdict."""
    into.mkdir(parents=True, exist_ok=True)
    left = [sample for sample in samples if _open(into / f"{sample.name}.json", again)]
    failed = 0
    with Neighbours.running() as neighbours:
        for sample in left:
            with tempfile.TemporaryDirectory(prefix="specimen-") as folder:
                try:
                    proved = prove(sample, neighbours, Path(folder), seed=seed, pairs=pairs, requests=requests)
                except Absent as absent:
                    print(f"{sample.name:<28} skipped      {absent}", flush=True)
                    continue
            print(proved.line(), flush=True)
            failed += proved.came == "failed"
            if proved.came != "failed":  # what failed is tried again by the next call
                write(into / f"{sample.name}.json", proved)
    print(f"{len(samples) - len(left)} had been proved; {len(left)} were tried, {failed} failed")
    return 1 if failed else 0


def _predict(samples: list[Specimen], into: Path) -> int:
    """Each specimen that was proved there; 0 when all of those could be driven."""
    failed = 0
    with Neighbours.running() as neighbours:
        for sample in samples:
            file = into / f"{sample.name}.json"
            if not file.exists():
                continue
            with tempfile.TemporaryDirectory(prefix="specimen-") as folder:
                try:
                    proved = foretell(sample, neighbours, Path(folder), read(file))
                except (Absent, RuntimeError) as error:
                    print(f"{sample.name:<28} failed       {error}", flush=True)
                    failed += 1
                    continue
            write(file, proved)
            print(proved.line(), flush=True)
    return 1 if failed else 0


def main(argv: list[str] | None = None) -> int:
    """0 when every fault is named first and every cure is silent."""
    parser = argparse.ArgumentParser(
        prog="python -m specimens", description="Drive the specimens and judge the diagnosis."
    )
    parser.add_argument("name", nargs="*", help="which of them (default: all)")
    parser.add_argument("--fault", choices=("0", "1"), help="only sick (1) or only cured (0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcomes there")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="each of them so often, by a seed of its own")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep specs, archives and diagnoses there")
    parser.add_argument("--no-diagnosis", action="store_true", help="stop after the runs")
    parser.add_argument("--list", action="store_true", help="tell names and faults, and drive nothing")
    parser.add_argument("--prove", type=Path, metavar="FOLDER", help="prove the cures; a file for each goes there")
    parser.add_argument("--predict", type=Path, metavar="FOLDER", help="predict anew beside what was proved there")
    parser.add_argument("--again", action="store_true", help="prove anew what came out undecided or invalid")
    parser.add_argument("--pairs", type=int, default=PAIRS, metavar="N", help=f"pairs of a proof (default {PAIRS})")
    parser.add_argument(
        "--requests", type=int, default=REQUESTS, metavar="N", help=f"measured in each run of a proof ({REQUESTS})"
    )
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="the first seed (default 7)")
    arguments = parser.parse_args(argv)
    chosen = [specimen(name) for name in arguments.name] if arguments.name else specimens()
    if arguments.list:
        for sample in chosen:
            print(f"{sample.name:<28} {sample.fault:<20} {sample.service}")
        return 0
    if arguments.prove:
        return _prove(chosen, arguments.prove, arguments.seed, arguments.pairs, arguments.requests, arguments.again)
    if arguments.predict:
        return _predict(chosen, arguments.predict)
    judged: list[Judged] = []
    with Neighbours.running() as neighbours, ExitStack() as stack:
        for sample, time in [(sample, time) for sample in chosen for time in range(arguments.times)]:
            for sick in (True, False) if arguments.fault is None else (arguments.fault == "1",):
                if arguments.keep:
                    folder = arguments.keep.absolute() / sample.name / ("fault" if sick else "cure")
                    folder.mkdir(parents=True, exist_ok=True)
                else:
                    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="specimen-")))
                try:
                    one = _one(sample, neighbours, folder, sick, not arguments.no_diagnosis, arguments.seed + time)
                except Absent as absent:
                    print(f"{sample.name:<28} skipped      {absent}", flush=True)
                    break
                judged.append(one)
                print(one.line(), flush=True)
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"format": 1, "specimens": [one.data() for one in judged]}, indent=2) + "\n"
        )
    sick, cured = ([one for one in judged if one.sick is side] for side in (True, False))
    first = sum(one.outcome == "named first" for one in sick)
    silent = sum(one.outcome == "silent" for one in cured)
    clean = sum(one.outcome == "silent" and not one.named for one in cured)
    print(
        f"{first} of {len(sick)} named first; {silent} of {len(cured)} cures silent, {clean} with nothing named at all"
    )
    return 0 if first + silent == len(judged) else 1


if __name__ == "__main__":
    sys.exit(main())
