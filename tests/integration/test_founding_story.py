"""The demo: an N+1 behind a rare parameter hurts only the p99, and is named with its statement, parameter and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.observing import ROOT, loadstone

REVIEWS = ROOT / "loadstone/demo/reviews.py"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("story")
    ran = loadstone("demo", "--for", "20s", "--seed", "41", "-q", "--json", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return folder, json.loads(loadstone("diagnose", "last", "--json", cwd=folder).stdout)


def test_the_cause_is_named_with_its_statement_its_parameter_and_its_line(told: tuple[Path, dict[str, Any]]) -> None:
    named = [one for one in told[1]["findings"] if one["fault"] == "n-plus-one"]
    assert len(named) == 1
    (cause,) = named
    marked = [n for n, line in enumerate(REVIEWS.read_text().splitlines(), 1) if line.endswith("# fault: reviews")]
    assert [cause["locus"]["line"]] == marked
    assert cause["locus"]["file"].endswith("loadstone/demo/reviews.py")
    assert cause["locus"]["statement"].startswith("SELECT name, (SELECT count(*) FROM customer")
    assert (cause["locus"]["journey"], cause["locus"]["step"]) == ("browse", "detail")
    assert "expand=reviews" in cause["title"]
    assert cause["requests_share"] < 0.06
    assert cause["share"]["p50"]["value"] < 0.05


def test_its_page_and_its_findings_are_kept(told: tuple[Path, dict[str, Any]]) -> None:
    folder, found = told
    (run,) = (folder / ".loadstone/runs").glob("*/findings.json")
    assert json.loads(run.read_text()) == found
    reports = list((folder / ".loadstone/runs").glob("*/report.html"))
    assert len(reports) == 2
    assert all("n-plus-one" in report.read_text() for report in reports)


def test_the_parameter_leads_the_tail(told: tuple[Path, dict[str, Any]]) -> None:
    rows = [row for row in told[1]["tail"] if row["step"] == "detail"]
    assert any(row["attribute"] == "?expand" and row["value"] == "reviews" for row in rows)
