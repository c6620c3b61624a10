"""Experiments and the ledger as rows, for SQL over the archive: what was compared, foretold, measured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from loadstone.archive.process import is_alive
from loadstone.model.comparison import Comparison, LedgerEntry
from loadstone.model.experiment import ExperimentManifest

__all__ = ["EXPERIMENT_COLUMNS", "LEDGER_COLUMNS", "experiment_rows", "ledger_rows"]

EXPERIMENT_COLUMNS: dict[str, str] = {
    "experiment": "VARCHAR",
    "kind": "VARCHAR",
    "status": "VARCHAR",
    "started_ns": "BIGINT",
    "a": "VARCHAR",
    "b": "VARCHAR",
    "a_runs": "VARCHAR[]",
    "b_runs": "VARCHAR[]",
    "load": "VARCHAR",
    "seed": "UBIGINT",
    "pairs": "INTEGER",
    "spent_s": "DOUBLE",
    "verdict": "VARCHAR",
    "reason": "VARCHAR",
    "sentence": "VARCHAR",
    "judged": "VARCHAR",
    "ratio": "DOUBLE",
    "low": "DOUBLE",
    "high": "DOUBLE",
    "finding": "VARCHAR",
    "found_in": "VARCHAR",
}

_BOUNDED = ("before_s", "predicted_s", "measured_s", "predicted_ratio", "measured_ratio")

LEDGER_COLUMNS: dict[str, str] = {
    "experiment": "VARCHAR",
    "at_ns": "BIGINT",
    "service": "VARCHAR",
    "fault": "VARCHAR",
    "fingerprint": "VARCHAR",
    "journey": "VARCHAR",
    "step": "VARCHAR",
    "at": "VARCHAR",
    **{name + end: "DOUBLE" for name in _BOUNDED for end in ("", "_low", "_high")},
    "refused": "VARCHAR",
    "verdict": "VARCHAR",
    "reason": "VARCHAR",
    "pairs": "INTEGER",
    "same_load": "BOOLEAN",
}


def experiment_rows(root: Path) -> list[dict[str, Any]]:
    """A row an experiment of the archive at ``root``; one that this version does not read is left out."""
    try:
        names = sorted(entry.name for entry in os.scandir(root / "experiments"))
    except FileNotFoundError:
        return []
    rows = []
    for name in names:
        with suppress(OSError, msgspec.DecodeError):
            rows.append(_experiment(root / "experiments" / name))
    return rows


def ledger_rows(root: Path) -> list[dict[str, Any]]:
    """A row a line of the ledger; what is torn or of another format is left out."""
    try:
        lines = (root / "ledger.jsonl").read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return list(_entries(lines))


def _experiment(directory: Path) -> dict[str, Any]:
    manifest = msgspec.json.decode((directory / "manifest.json").read_bytes(), type=ExperimentManifest)
    crashed = manifest.status == "running" and not is_alive(manifest.pid, manifest.pid_start_ticks, manifest.boot_id)
    a, b = manifest.sides
    row: dict[str, Any] = {
        "experiment": manifest.experiment,
        "kind": manifest.kind,
        "status": "crashed" if crashed else manifest.status,
        "started_ns": manifest.started_ns,
        "a": a.label,
        "b": b.label,
        "a_runs": a.runs,
        "b_runs": b.runs,
        "load": manifest.design.load,
        "seed": manifest.design.seed,
        "finding": manifest.finding,
        "found_in": manifest.found_in,
    }
    with suppress(OSError, msgspec.DecodeError):
        told = msgspec.json.decode((directory / "verdict.json").read_bytes(), type=Comparison)
        judged = next((one for one in told.metrics if one.judged), None)
        row |= {
            "pairs": told.design.pairs,
            "spent_s": told.design.spent_s,
            "verdict": told.verdict,
            "reason": told.reason,
            "sentence": told.sentence,
        }
        if judged is not None:
            row |= {"judged": judged.label, "ratio": judged.ratio, "low": judged.low, "high": judged.high}
    return row


def _entries(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        with suppress(msgspec.DecodeError):
            entry = msgspec.json.decode(line, type=LedgerEntry) if line else None
            if entry is None:
                continue
            row = {name: getattr(entry, name) for name in LEDGER_COLUMNS if name in entry.__struct_fields__}
            for name in _BOUNDED:
                told = row[name]
                row[name] = None if told is None else told.value
                row[f"{name}_low"] = None if told is None else told.low
                row[f"{name}_high"] = None if told is None else told.high
            yield row
