"""``python -m specimens [NAME…] [--fault 0|1] [--json FILE]``: one line a specimen, and exit 1 unless all is as it
should be."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from specimens.catalogue import Specimen, specimen, specimens
from specimens.neighbours import Absent, Neighbours
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
    arguments = parser.parse_args(argv)
    chosen = [specimen(name) for name in arguments.name] if arguments.name else specimens()
    if arguments.list:
        for sample in chosen:
            print(f"{sample.name:<28} {sample.fault:<20} {sample.service}")
        return 0
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
                    one = _one(sample, neighbours, folder, sick, not arguments.no_diagnosis, 7 + time)
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
