"""The served pages in a real browser: what their policy must allow, and a run that is going."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page, expect

from loadstone.archive import Archive
from tests.browser.conftest import browser as browser  # the fixture
from tests.browser.conftest import missing
from tests.evidence import trace_id
from tests.web.test_live import Going, archive, going, running, url  # noqa: F401  # the fixtures
from tests.web.test_pages import made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that complains of nothing: no error, no refusal by the policy."""
    if not (files("loadstone.render") / "bundle" / "report.html").is_file():
        missing("the report's page is not built: cd ui && npm ci && npm run build")
    said: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def test_a_running_run_is_found_and_followed_to_its_end(archive: Archive, url: str, going: Going, page: Page) -> None:  # noqa: F811
    run = running(archive)
    going.let()
    page.goto(url)
    page.get_by_role("link", name=run).click()
    pulse = page.locator("output.pulse")
    expect(pulse).to_contain_text("live", timeout=30_000)
    told = page.locator("h1").inner_text()
    going.end()
    expect(pulse).to_contain_text("ended", timeout=30_000)
    expect(page.locator("h1")).not_to_have_text(told)
    assert going.trial is not None
    assert page.url == f"{url}/runs/{run}"


def test_a_trace_that_the_page_does_not_carry_is_fetched(archive: Archive, url: str, page: Page) -> None:  # noqa: F811
    run = made(archive)
    page.goto(f"{url}/runs/{run.id}")
    page.locator("h1").wait_for()
    status, text = page.evaluate(
        "async (path) => { const reply = await fetch(path); return [reply.status, await reply.text()]; }",
        f"/runs/{run.id}/trace/{trace_id(1).hex()}",
    )
    assert status == 200
    assert trace_id(1).hex() in text


def test_another_origin_is_not_asked(archive: Archive, url: str, browser: Browser) -> None:  # noqa: F811
    run = made(archive)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{url}/runs/{run.id}")
        page.locator("h1").wait_for()
        outside = url.replace("127.0.0.1", "localhost")
        refused = page.evaluate("(url) => fetch(url).then(() => 'answered', () => 'refused')", outside)
    assert refused == "refused"
