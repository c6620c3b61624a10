"""How near predicted gains come to measured ones: the ledger over the specimens, into docs/accuracy.md.

python -m specimens --prove FOLDER            prove every cure, a file for each; goes on where it was stopped
python -m benches.ledger_accuracy FOLDER      the part of the page, on standard output
python -m benches.ledger_accuracy FOLDER --put --json FILE    into the page; the rows that it rests on into FILE
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benches.parts import put
from loadstone.model.comparison import LedgerEntry
from loadstone.model.finding import Bounded
from loadstone.model.quantity import format_duration
from loadstone.stats.proportion import clopper_pearson
from specimens.proof import Proved, read

__all__ = ["BINS", "rows_in", "section"]

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"

BINS = (0.0, 0.1, 0.25, 0.5, 0.8, math.inf)
"""Edges of predicted ratios: what a fix leaves of the quantile."""


def rows_in(folder: Path) -> list[Proved]:
    """Every specimen that has a file there, by name. Raises ValueError for a format that is not known."""
    return [read(path) for path in sorted(folder.glob("*.json"))]


def section(rows: Sequence[Proved]) -> str:
    """The Markdown of what was predicted and measured."""
    entries = [(row, row.entry) for row in rows if row.entry is not None]
    told = [(row, entry) for row, entry in entries if _both(entry)]
    refused = [entry for _, entry in entries if entry.refused is not None]
    lines = [
        "## What was predicted, and what was measured",
        "",
        f"{len(rows)} specimens ([what they are](specimens.md)): driven sick, diagnosed, then sick and cured measured "
        f"in {_range(entry.pairs for _, entry in entries)} interleaved pairs of "
        f"{_range(row.measured_s for row in rows)} s a run. The prediction is made on one observed run of the sick "
        f"side {_of_load(entries)}; the measurement is of bare runs. Ratios are of the judged quantile, cured over "
        "sick.",
        "",
        *_counts(rows, entries, told, refused),
    ]
    if told:
        lines += ["", *_curve([entry for _, entry in told])]
    lines += ["", *_table(rows)]
    return "\n".join(lines)


def _of_load(entries: Sequence[tuple[Proved, LedgerEntry]]) -> str:
    other = sum(not entry.same_load for _, entry in entries)
    if not other:
        return "under the load of the pairs"
    return f"under the load of the pairs, in {other} of {len(entries)} a run of its own at the spec's length"


def _both(entry: LedgerEntry) -> bool:
    return entry.predicted_ratio is not None and entry.measured_ratio is not None


def _counts(
    rows: Sequence[Proved],
    entries: Sequence[tuple[Proved, LedgerEntry]],
    told: Sequence[tuple[Proved, LedgerEntry]],
    refused: Sequence[LedgerEntry],
) -> list[str]:
    verdicts = _each(row.verdict for row in rows if row.came == "proved")
    reasons = _each(
        {"confirmed": "for the stated reason", "refuted": "not for the stated reason", "no-effect": "no effect"}[
            row.reason
        ]
        for row in rows
        if row.reason is not None
    )
    unproved = _each(row.came for row in rows if row.came != "proved")
    lines = [f"Verdicts: {verdicts or 'none'}. Of those with a reason: {reasons or 'none'}." + (
        f" Without a proof: {unproved}." if unproved else ""
    )]  # fmt: skip
    if entries:
        lines.append(
            f"Of {len(entries)} predictions {len(refused)} gave no number after the fix; {len(told)} stand beside a "
            "measurement."
        )
    if told:
        errors = np.array([_error(entry) for _, entry in told])
        within = sum(_within(entry) for _, entry in told)
        meet = sum(_meet(entry) for _, entry in told)
        median, high = np.quantile(np.abs(np.expm1(np.abs(errors))), [0.5, 0.9])
        lines.append(
            f"The measured ratio is off the predicted one by {median:.0%} in the median and {high:.0%} at the 90th "
            f"percentile, {math.exp(float(errors.mean())):.2f} times it in the geometric mean. It lies within the "
            f"predicted interval in {_of(within, len(told))}; the two intervals meet in {_of(meet, len(told))}."
        )
        points = np.array([_fall_off(entry) for _, entry in told])
        lines.append(
            f"The fall, as a share of what was before, is off by {np.median(points):.1f} points in the median and "
            f"{np.quantile(points, 0.9):.1f} at the 90th percentile."
        )
        lines.append(_in_seconds([entry for _, entry in told]))
    return lines


def _in_seconds(entries: Sequence[LedgerEntry]) -> str:
    """After the cure alone: the level before it is of an observed run where it is predicted, and of bare ones where it
    is measured."""
    off = [
        math.log(entry.measured_s.value / entry.predicted_s.value)
        for entry in entries
        if entry.measured_s is not None and entry.predicted_s is not None
    ]
    if not off:
        return ""
    median, high = np.quantile(np.expm1(np.abs(off)), [0.5, 0.9])
    return (
        f"In seconds after the cure, measured is off predicted by {median:.0%} in the median and {high:.0%} at the "
        f"90th percentile of {len(off)}, {math.exp(math.fsum(off) / len(off)):.2f} times it in the geometric mean."
    )


def _curve(entries: Sequence[LedgerEntry]) -> list[str]:
    """Predicted against measured, by what was predicted."""
    lines = [
        "| predicted ratio | n | predicted, median | measured, median | least to most | within the interval |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for low, high in pairwise(BINS):
        here = [
            (entry, entry.predicted_ratio.value, entry.measured_ratio.value)
            for entry in entries
            if entry.predicted_ratio is not None
            and entry.measured_ratio is not None
            and low <= entry.predicted_ratio.value < high
        ]
        if not here:
            continue
        name = f"{low:g} to {high:g}" if math.isfinite(high) else f"from {low:g}"
        predicted = float(np.median([value for _, value, _ in here]))
        measured = [value for _, _, value in here]
        within = sum(_within(entry) for entry, _, _ in here)
        lines.append(
            f"| {name} | {len(here)} | {predicted:.2f} | {float(np.median(measured)):.2f} | "
            f"{min(measured):.2f} to {max(measured):.2f} | {within} of {len(here)} |"
        )
    return lines


def _table(rows: Sequence[Proved]) -> list[str]:
    lines = [
        "| specimen | proved | at | before | predicted | measured | ratio predicted | ratio measured | verdict |",
        "|---|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        entry = row.entry
        verdict = ", ".join(word for word in (row.verdict or row.came, row.reason) if word)
        if entry is None:
            lines.append(f"| {row.name} | {row.named} | | | | | | | {verdict} |")
            continue
        cells = [
            entry.at,
            _seconds(entry.before_s),
            _seconds(entry.predicted_s) if entry.refused is None else "refused",
            _seconds(entry.measured_s),
            _ratio(entry.predicted_ratio),
            _ratio(entry.measured_ratio),
        ]
        lines.append(f"| {row.name} | {row.named} | {' | '.join(cells)} | {verdict} |")
    return lines


def _error(entry: LedgerEntry) -> float:
    """Log of measured over predicted ratio."""
    assert entry.measured_ratio is not None and entry.predicted_ratio is not None
    return math.log(entry.measured_ratio.value / entry.predicted_ratio.value)


def _fall_off(entry: LedgerEntry) -> float:
    """Points of a hundred that lie between the predicted fall and the measured one."""
    assert entry.measured_ratio is not None and entry.predicted_ratio is not None
    return 100 * abs(entry.measured_ratio.value - entry.predicted_ratio.value)


def _within(entry: LedgerEntry) -> bool:
    assert entry.measured_ratio is not None and entry.predicted_ratio is not None
    return entry.predicted_ratio.low <= entry.measured_ratio.value <= entry.predicted_ratio.high


def _meet(entry: LedgerEntry) -> bool:
    assert entry.measured_ratio is not None and entry.predicted_ratio is not None
    return (
        entry.predicted_ratio.low <= entry.measured_ratio.high
        and entry.measured_ratio.low <= entry.predicted_ratio.high
    )


def _of(count: int, whole: int) -> str:
    """``18 of 20 (90 %; 95 % interval 68 to 99)``."""
    low, high = clopper_pearson(count, whole)
    return f"{count} of {whole} ({count / whole:.0%}; 95 % interval {low * 100:.0f} to {high * 100:.0f})"


def _each(words: Iterable[str]) -> str:
    found = list(words)
    return ", ".join(f"{found.count(word)} {word}" for word in sorted(set(found), key=lambda one: -found.count(one)))


def _range(values: Iterable[float]) -> str:
    found = sorted(set(values))
    if not found:
        return "no"
    return f"{found[0]:g}" if len(found) == 1 else f"{found[0]:g} to {found[-1]:g}"


def _seconds(value: Bounded | None) -> str:
    return "" if value is None else format_duration(value.value)


def _ratio(value: Bounded | None) -> str:
    return "" if value is None else f"{value.value:.2f} [{value.low:.2f}, {value.high:.2f}]"


def main(argv: list[str] | None = None) -> None:
    """Read, and print or put."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what `python -m specimens --prove FOLDER` left")
    parser.add_argument("--put", action="store_true", help="write the part of docs/accuracy.md")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    asked = parser.parse_args(argv)
    rows = rows_in(asked.folder)
    if asked.json:
        told: dict[str, Any] = {"format": 1, "specimens": msgspec.to_builtins(rows)}
        asked.json.write_text(json.dumps(told, indent=1) + "\n")
    text = section(rows)
    if asked.put:
        put("ledger", text, PAGE)
    sys.stdout.write(f"{PAGE}\n" if asked.put else f"{text}\n")


if __name__ == "__main__":
    main()
