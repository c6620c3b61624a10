"""The screen of evidence, whole, against golden files; and in brief, beneath a run's own result."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from loadstone.model.doctor import Doctor, Source
from loadstone.model.evidence import AuditCheck, Coverage, Missing
from loadstone.model.evidence_summary import EvidenceSummary
from loadstone.model.evidence_view import CostRow
from loadstone.model.run import Collector
from loadstone.model.use import Figure, Growth, Use, UseRow
from loadstone.render.doctor_text import doctor_text
from loadstone.render.evidence_text import amount, evidence_text

GOLDEN = Path(__file__).parent / "golden"

BUSY = Figure("cpu_busy_share", "share", 0.61, 0.93)
OBSERVED = EvidenceSummary(
    format=1,
    run="20261125T101530-7f3a",
    kind="load",
    status="complete",
    rows={"spans": 12_345, "stacks": 810, "statements": 12, "waits": 1, "host": 640},
    traces=1_504,
    own_traces=1_500,
    duplicates=3,
    services=("shop", "stock"),
    collectors=(Collector("recorder", "some"), Collector("host", None)),
    cost=(
        CostRow("response p50", "s", 0.0031, 0.0034),
        CostRow("achieved", "/s", 500.0, 499.0),
        CostRow("errors", "count", 0.0, 0.0),
        CostRow("service CPU a request", "s", None, 0.002),
    ),
    audit=(
        AuditCheck("requests", "pass", "1,500 server spans for 1,500 requests.", 1500, 1500),
        AuditCheck("database", "fail", "postgresql counted 900, spans show 300.", 900, 300, ("time in the database",)),
        AuditCheck("clipped", "could not look", "Nobody counted."),
    ),
    coverage=(
        Coverage(7, "django", "5.2", "spans", 1_500),
        Coverage(8, "django", "5.2", "spans", 20),
        Coverage(9, "python", None, "not loaded", note="started with -S"),
        Coverage(7, "pymongo", "4.9", "not covered", note="there is no hook for it yet"),
    ),
    missing=(Missing("waits", "no rights \x1b[31m", "GRANT pg_read_all_stats TO shop"), Missing("perf", "not Linux")),
    use=Use(
        (
            UseRow(
                "host",
                "cpu",
                BUSY,
                (Figure("cpu_pressure_share", "share", 0.2, 0.5), Figure("load_1m", "tasks", 0.0, 0.0)),
                (),
                Figure("cpus", "CPUs", 2, 2),
            ),
            UseRow("service", "memory", Figure("rss_bytes", "bytes", 1 << 26, 1 << 27), (), ()),
            UseRow("service", "threads", None, (), (Figure("processes_ended", "processes", 1, 1),)),
        ),
        (Growth("service", 1000.0, 900.0, 1100.0, 60.0), Growth("generator", 1.0, -5.0, 5.0, 60.0)),
    ),
    notes=("Collected for 6.02 s.",),
    report="runs/7f3a/report.html",
)


@pytest.mark.parametrize("brief", [False, True], ids=["whole", "brief"])
def test_the_whole_screen(brief: bool) -> None:
    golden = GOLDEN / f"evidence{'-brief' if brief else ''}.txt"
    assert evidence_text(OBSERVED, next_step="loadstone serve", brief=brief) + "\n" == golden.read_text()


def test_colour_adds_nothing_but_colour() -> None:
    import re

    plain = evidence_text(OBSERVED)
    coloured = evidence_text(OBSERVED, color=True)
    assert coloured != plain
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain


def test_nothing_is_said_as_such() -> None:
    empty = msgspec.structs.replace(
        OBSERVED, rows={}, traces=0, collectors=(), cost=(), audit=(), coverage=(), missing=(), use=None, notes=()
    )
    assert evidence_text(msgspec.structs.replace(empty, report=None)) == (
        "evidence   nothing; run 20261125T101530-7f3a"
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "s", "-"),
        (0.0124, "s", "12.4 ms"),
        (500.0, "/s", "500/s"),
        (41.0, "count", "41"),
        (3.17, "count", "3.17"),
    ],
)
def test_amounts(value: float | None, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_a_doctor_says_what_is_missing_and_how_to_get_it() -> None:
    doctor = Doctor(
        1,
        "Linux 6.1, 2 cores",
        (1, 2),
        (
            Source("host", "the machine", "ready", "All of it.", cost="little"),
            Source("perf", "stacks", "missing", "perf is not installed.", "apt-get install linux-perf", "99 Hz"),
            Source("sqlite", "plans", "not here", "None is open.", cost="nothing"),
        ),
    )
    assert doctor_text(doctor) == (GOLDEN / "doctor.txt").read_text().rstrip("\n")
