"""Faults of the database on evidence that no sound service writes: silence or a suspect that adds up, never a crash."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest

from loadstone.diagnose.faults import detector
from loadstone.diagnose.scene import EvidenceScene
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.traces.reading import digest_of
from loadstone.model.evidence import Plan
from tests.evidence import START_NS, MemoryEvidence, columns

FAULTS = (
    "n-plus-one",
    "m-n-plus-one",
    "slow-statement",
    "missing-index",
    "offset-pagination",
    "lock-wait",
    "repeated-statement",
    "unbounded-result",
    "over-fetching",
    "row-mapping",
    "connection-churn",
)
TEXTS = (
    *(None, "", "SELECT a FROM t WHERE b = ?", "SELECT a FROM t LIMIT ? OFFSET ?", "GET ?", "BEGIN IMMEDIATE"),
    *("UPDATE t SET a = ? WHERE b = ?", "SELECT " + "(" * 300, "\x00" * 5, "SELECT 1", "SELECT * FROM t"),
)
INSTANTS = (None, 0, 1, -1, 2**63 - 1, 1 - 2**63, START_NS, START_NS + 500_000, START_NS + 100_000_000)
COUNTS = (None, 0, 1, -1, 5_000, 2**62)


def evidence(seed: int) -> MemoryEvidence:
    draw = random.Random(seed)
    one = draw.choice

    def identity() -> bytes:
        return draw.randint(1, 40).to_bytes(8, "big")

    def span(trace: bytes) -> dict[str, Any]:
        return {
            "trace_id": trace, "span_id": one([None, identity()]), "parent_id": one([None, identity()]),
            "start_ns": one(INSTANTS), "end_ns": one(INSTANTS), "kind": one([None, 0, 1, 2, 3, 9]),
            "status": one([None, 0, 2]), "service": one([None, "s"]), "scope": one([None, "django", "psycopg"]),
            "name": one([None, "", "fetch", "connect", "open connection", "x"]),
            "db_system_name": one([None, "postgresql", "sqlite", "redis"]), "db_query_text": one(TEXTS),
            "db_query_parameters_hash": one([None, "a", "b"]), "db_response_returned_rows": one(COUNTS),
            "thread_cpu_ns": one(COUNTS), "step": one([None, 1, 9]), "request": one([None, 1, -4, 2**40]),
            "code_file_path": one([None, "a.py"]), "code_line_number": one([None, -1, 5]),
        }  # fmt: skip

    node: dict[str, Any] = {
        "Node Type": "Seq Scan", "Relation Name": one(["t", None, 5]), "Filter": one(["(b = ?)", None, 7, "(("]),
        "Rows Removed by Filter": one([10**6, "x", None, -3, float("nan"), float("inf")]),
        "Actual Rows": one([0, 1, None, "q"]), "Actual Loops": one([1, 0, None, True]), "Total Cost": one([None, 1e9]),
    }  # fmt: skip
    for _ in range(one([0, 1, 400])):
        node = {"Node Type": one(["Limit", "Sort", "Hash Join", None, 3]), "Plans": [node, one([None, 5, {}])]}
    roots: list[dict[str, Any]] = [node, {}, {"lines": [{"detail": "SCAN t"}, 5, {"x": 1}]}, {"lines": 7}]
    plans = [
        Plan(one(TEXTS) or "", one(["postgresql", "sqlite"]), "auto_explain", "none", one(roots)) for _ in range(6)
    ]
    traces = [draw.randint(1, 8).to_bytes(16, "big") for _ in range(30)]
    tables = {
        "spans": [span(trace) for trace in traces for _ in range(one([1, 3, 9, 30]))],
        "waits": [
            {"at_ns": one(INSTANTS), "duration_ns": one(COUNTS), "kind": one(["postgresql", None, "gc"]),
             "name": one([None, "Lock:x", "Lock", "IO:y"]), "process_pid": one([None, 1]), "blocked_by": one([None, 1]),
             "db_query_text": one(TEXTS), "detail": one([None, "{", "[]", '{"interval_ns": "x", "blocker": 5}'])}
            for _ in range(40)
        ],
        "statements": [
            {"db_query_text": one(TEXTS), "calls": one(COUNTS), "rows": one(COUNTS), "execute_ns": one(COUNTS)}
            for _ in range(20)
        ],
        "stacks": [
            {"at_ns": 1, "state": one(["cpu", "gil", None]), "weight": one(COUNTS), "unit": one(["ns", None]),
             "frames": one([None, "", ";;;", "a (sqlalchemy/orm/loading.py:3)"])}
            for _ in range(80)
        ],
    }  # fmt: skip
    return MemoryEvidence({name: columns(name, rows) for name, rows in tables.items()}, plans=tuple(plans))


@pytest.mark.parametrize("seed", range(8))
def test_hostile_evidence_ends_in_silence_or_in_sound_suspects(seed: int) -> None:
    subject, held = Subject(run="x", steps=(("a", "b"),)), evidence(seed)
    scene = EvidenceScene(subject, held, digest_of(subject, held))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code in FAULTS:
            found = detector(code)
            for suspect in found.detect(subject, scene, found.LIMITS):
                assert len(suspect.cost_ns) == len(suspect.requests)
                assert np.isfinite(suspect.cost_ns).all()
                assert (suspect.cost_ns >= 0).all()
                assert 0 <= suspect.confidence <= 1
                assert all(0 <= cut.share <= 1 for cut in suspect.cuts)
