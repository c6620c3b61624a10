"""What ``loadstone prove`` says of simulated sides whose difference is known: false alarms, power, when it stops.

    python -m benches.comparisons --json FILE                       all studies: two hours on a core
    python -m benches.comparisons --json FILE --only identical      one of them; the others in FILE stay
    python -m benches.comparisons --json FILE --comparisons 50      a quick look

A study that FILE already has with as many comparisons is not made again; of one that was cut short it has the rows so
far. ``python -m benches.accuracy comparisons FILE`` writes them into docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from benches.comparison_rows import Row
from benches.comparison_studies import STUDIES

__all__ = ["Found"]


class Found(msgspec.Struct):
    """The file: each study's rows, and how many comparisons a row was asked to have."""

    format: int = 1
    asked: dict[str, int] = {}
    took_s: dict[str, float] = {}
    studies: dict[str, list[Row]] = {}


def main() -> None:
    """Measure what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, required=True, help="read and write what was found here")
    parser.add_argument("--only", nargs="+", choices=tuple(STUDIES), help="these studies alone")
    parser.add_argument("--comparisons", type=int, help="of each row, instead of each study's own number")
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    found = msgspec.json.decode(asked.json.read_bytes(), type=Found) if asked.json.exists() else Found()
    with ProcessPoolExecutor(asked.processes) as pool:

        def mapped(function: Callable[..., Any], each: Sequence[tuple[Any, ...]]) -> Iterable[Any]:
            return pool.map(function, *zip(*each, strict=True))

        for name in asked.only or STUDIES:
            study, usual = STUDIES[name]
            count = asked.comparisons or usual
            if found.asked.get(name) == count:
                continue
            started = time.perf_counter()
            rows: list[Row] = []
            found.studies[name] = rows
            found.asked.pop(name, None)
            for row in study(count, mapped):
                rows.append(row)
                _replace(asked.json, found)
                sys.stderr.write(
                    f"{name}: {row['scene']}, {row['pairs']} pairs ({time.perf_counter() - started:.0f} s)\n"
                )
            found.asked[name] = count
            found.took_s[name] = time.perf_counter() - started
            _replace(asked.json, found)


def _replace(path: Path, found: Found) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    beside.replace(path)


if __name__ == "__main__":
    main()
