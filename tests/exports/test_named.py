"""What a diagnosis names in exported traces, without a run: in every format, and through the usual defects."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadstone.diagnose.faults import detectors
from loadstone.diagnose.scene import EvidenceScene
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Suspect
from loadstone.diagnose.traces.reading import digest_of
from loadstone.gather.imports import detect, spans_of
from loadstone.model.evidence import TABLES, Evidence
from loadstone.model.redaction import Redaction
from tests.evidence import MemoryEvidence, columns
from tests.exports.formats import FORMATS
from tests.exports.systems import SYSTEMS
from tests.exports.writing import Export

SUBJECT = Subject(run="import", kind="import")

DEFECTS: dict[str, Callable[[Export], Export]] = {
    "a clock that is off": lambda export: export.skewed(_called(export), 0.05),
    "cut statements": lambda export: export.truncated(40),
    "doubled spans": lambda export: export.doubled(7),
    "a service that sends nothing": lambda export: export.without(_called(export)),
    "half of it sampled": lambda export: export.sampled(export.spans[0].service, 0.5),
}


def _called(export: Export) -> str:
    """The last service that was called, or the only one."""
    return [one.service for one in export.spans if one.kind == "server"][-1]


MATTERS = [
    *((system, "half of it sampled") for system in SYSTEMS),
    *((system, "doubled spans") for system in ("ride", "news", "bank")),
    *(
        (system, defect)
        for system in ("ride", "telescopes")
        for defect in ("a clock that is off", "a service that sends nothing")
    ),
    *((system, "cut statements") for system in ("books", "ride")),
]
"""Defects where they change something."""


def imported(path: Path, export: Export, format: str) -> MemoryEvidence:
    """The export, written, found out and read by the importer."""
    path.write_bytes(FORMATS[format](export))
    assert detect(path) == format
    rows = []
    for batch in spans_of(path, detect(path), Redaction("0" * 32)).columns:
        lists = {name: np.ma.asarray(values).tolist() for name, values in batch.items()}
        rows += [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    assert rows[0].keys() <= TABLES["spans"].keys()
    return MemoryEvidence({"spans": columns("spans", rows)}, batch=20_000)


@cache
def made(system: str, sick: bool) -> Export:
    return SYSTEMS[system][0](sick)


def suspects(evidence: Evidence, *codes: str) -> list[Suspect]:
    """What the detectors (all, or those of some faults) name above information, the costliest first."""
    scene = EvidenceScene(SUBJECT, evidence, digest_of(SUBJECT, evidence))
    found = [
        one
        for fault in detectors()
        if (not codes or fault.CODE in codes) and all(scene.has(need) is None for need in fault.NEEDS)
        for one in fault.detect(SUBJECT, scene, fault.LIMITS)
        if one.ceiling != "info"
    ]
    return sorted(found, key=lambda one: -float(one.cost_ns.sum()))


def guilty(found: list[Suspect], system: str) -> None:
    _, fault, locus = SYSTEMS[system]
    assert [one.fault for one in found[:1]] == [fault]
    told = {name: str(getattr(found[0].locus, name)).lower() for name in locus}
    assert told == {name: value.lower() for name, value in locus.items()}, "Zipkin keeps lower case only"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_planted_fault_is_named_first(tmp_path: Path, system: str, format: str) -> None:
    guilty(suspects(imported(tmp_path / "traces", made(system, True), format)), system)


@pytest.mark.parametrize("format", ["otlp protobuf", "zipkin"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_without_it_nothing_is_named(tmp_path: Path, system: str, format: str) -> None:
    assert [one.title for one in suspects(imported(tmp_path / "traces", made(system, False), format))] == []


@pytest.mark.parametrize(("system", "defect"), MATTERS)
def test_it_is_named_through_defects(tmp_path: Path, system: str, defect: str) -> None:
    format = ("otlp json", "zipkin")[len(system + defect) % 2]
    guilty(suspects(imported(tmp_path / "traces", DEFECTS[defect](made(system, True)), format)), system)


@pytest.mark.parametrize("system", ["ride", "news"])
def test_one_saved_trace_is_judged_with_a_caution(tmp_path: Path, system: str) -> None:
    found = suspects(imported(tmp_path / "traces", made(system, True).only(3), "jaeger"))
    guilty(found, system)
    assert any("one request only" in fact.what for fact in found[0].evidence_against)


@pytest.mark.parametrize("seed", range(1))
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_was_damaged_on_the_way_is_no_crash(tmp_path: Path, system: str, seed: int) -> None:
    whole = imported(tmp_path / "traces", made(system, True), "otlp json")
    damaged = columns("spans", broken(rows_of(whole), np.random.default_rng(seed)))
    with np.errstate(all="raise"):
        for one in suspects(
            MemoryEvidence({"spans": damaged}, batch=20_000), *{fault for _, fault, _ in SYSTEMS.values()}
        ):
            assert np.isfinite(one.cost_ns).all()


def rows_of(evidence: Evidence) -> list[dict[str, Any]]:
    names = tuple(TABLES["spans"])
    return [
        dict(zip(names, values, strict=True))
        for batch in evidence.rows("spans", names)
        for values in zip(*(np.ma.asarray(batch[name]).tolist() for name in names), strict=True)
    ]


def broken(rows: list[dict[str, Any]], random: np.random.Generator) -> list[dict[str, Any]]:
    """Of each column a tenth without its values; some spans end before they start, some last for a century."""
    for row in rows:
        for name in row:
            if name not in ("trace_id", "span_id") and random.random() < 0.1:
                row[name] = None
        if row["end_ns"] is not None and random.random() < 0.05:
            row["end_ns"] += int(random.choice([-(10**12), 3 * 10**18]))
    return rows
