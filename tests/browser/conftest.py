"""Chromium and the built page; a check that needs what is missing says so, and fails where CI asks for all of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, NoReturn

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from loadstone.model.proof_view import ExperimentView
from loadstone.model.run_view import RunView
from loadstone.model.traffic_view import TrafficView
from loadstone.render.html import experiment_html, report_html, traffic_html
from tests.browser.causes_specimens import CAUSES_SPECIMENS
from tests.browser.evidence_specimens import EVIDENCE_SPECIMENS
from tests.browser.proof_specimens import PROOF_SPECIMENS
from tests.browser.specimens import SPECIMENS
from tests.browser.traffic_specimens import TRAFFIC_SPECIMENS

GROUPS: tuple[Mapping[str, Callable[[], RunView | ExperimentView | TrafficView]], ...] = (
    SPECIMENS,
    EVIDENCE_SPECIMENS,
    CAUSES_SPECIMENS,
    PROOF_SPECIMENS,
    TRAFFIC_SPECIMENS,
)
"""A name is one specimen's alone."""

DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

Open = Callable[..., Page]


def missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def runs(program: str) -> bool:
    """Whether it starts: Ubuntu has a ``chromium-browser`` that only points to a snap."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=60).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        installed = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
        candidates = [*filter(None, installed), playwright.chromium.executable_path]
        found = next(filter(runs, candidates), None)
        if found is None:
            missing("Chromium is not installed: apt-get install --no-install-recommends chromium")
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The report of a specimen as a file on the disk, written once."""
    if not (files("loadstone.render") / "bundle" / "report.html").is_file():
        missing("the report's page is not built: cd ui && npm ci && npm run build")
    folder = tmp_path_factory.mktemp("reports")

    @cache
    def write(name: str) -> Path:
        path = folder / f"{name}.html"
        (made,) = (group[name] for group in GROUPS if name in group)
        view = made()
        path.write_text(_page(view), encoding="utf-8")
        return path

    return write


def _page(view: RunView | ExperimentView | TrafficView) -> str:
    if isinstance(view, TrafficView):
        return traffic_html(view)
    return experiment_html(view) if isinstance(view, ExperimentView) else report_html(view)


@pytest.fixture
def opened(browser: Browser, report: Callable[[str], Path]) -> Iterator[Open]:
    """Opens a specimen's report; at the end, nothing may have been complained of or fetched."""
    said: list[str] = []
    contexts = []

    def open_report(
        name: str, viewport: ViewportSize = DESK, scheme: Literal["light", "dark"] = "light", link: str = ""
    ) -> Page:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, offline=True, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        address = report(name).as_uri()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: None if request.url == address else said.append(request.url[:200]))
        page.goto(address + link)
        page.locator("h1").wait_for()
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert said == []
