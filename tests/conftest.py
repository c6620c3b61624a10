"""What every test shares: a skip is a failure where CI is set, unless the test says that it is optional."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")

# The same examples every time in CI, new ones elsewhere. A property is true on a busy machine too: no deadline.
settings.register_profile("loadstone", deadline=None, derandomize=IN_CI, print_blob=True)
settings.load_profile("loadstone")

ReportT = TypeVar("ReportT", pytest.TestReport, pytest.CollectReport)


def _refuse(report: ReportT) -> ReportT:
    """Turn a skip into a failure that keeps its reason."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid} is a required check and CI is set, so it may not be skipped: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    return _refuse(report) if IN_CI and skipped and item.get_closest_marker("optional") is None else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return _refuse(report) if IN_CI and report.skipped else report
