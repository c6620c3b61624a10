"""Two visits to the sample shop, by a plain client and by Chromium, become a journey that the shop accepts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadstone.lab.replaying import Verified, verify
from loadstone.model.recording import Recording
from loadstone.model.service import Service
from loadstone.model.workload import Extraction, Step
from loadstone.traffic.har import read_har
from loadstone.traffic.recorded.difference import differences
from loadstone.traffic.recorded.journey import Made, made_of
from tests.traffic.walking import Visit


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The URL of the shop, with products and accounts of its own."""
    command = [sys.executable, "-m", "loadstone.demo", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        address = next(line.split()[-1] for line in process.stderr if "listening on" in line)
        yield address
    finally:
        process.terminate()
        process.wait()


def plain(url: str, path: Path, shopper: int, item: int) -> Recording:
    """A visit without a browser: look, log in, buy, look at what was bought."""
    with Visit(url) as visit:
        visit.get("/", accept="text/html,application/xhtml+xml")
        product = visit.get("/products?page=1").json()["items"][item]["id"]
        visit.get(f"/products/{product}")
        token = hidden(visit.get("/login").text)
        form = {"email": f"shopper{shopper}@example.com", "password": "loadstone-demo", "csrf": token}
        account = visit.send("POST", "/login", data=form)
        csrf = {"x-csrf-token": hidden(account.text)}
        visit.send("POST", "/cart/items", json={"product_id": product, "quantity": 1}, headers=csrf)
        order = visit.send("POST", "/orders", json={}, headers=csrf).json()["id"]
        visit.get(f"/orders/{order}")
        return read_har(visit.write(path))


def hidden(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def replayed(
    first: Recording, second: Recording, url: str, *, without: str = "", user: str | None = None
) -> tuple[Made, Verified]:
    dynamics = [one for one in differences(first, second) if one.name != without]
    made = made_of(first, dynamics, "buy")
    secrets = made.secrets | ({"LOADSTONE_USER": user} if user else {})
    return made, verify(made.journey, Service(url), allow_unsafe=True, secrets=secrets)


def test_a_plain_visit(shop: str, tmp_path: Path) -> None:
    first, second = plain(shop, tmp_path / "1.har", 11, 3), plain(shop, tmp_path / "2.har", 12, 7)
    made, verified = replayed(first, second, shop)
    assert verified.works, verified.notes
    taken = {one.name: one for step in made.journey.actions if isinstance(step, Step) for one in step.extract}
    assert taken["product_id"] == Extraction("product_id", "json", "$.items[*].id", "random")
    assert taken["order_id"] == Extraction("order_id", "json", "$.id")
    assert set(made.secrets) == {"LOADSTONE_USER", "LOADSTONE_PASSWORD"}
    for name in ("csrf", "csrf_token", "order_id"):
        assert name in taken
        _, control = replayed(first, second, shop, without=name, user="shopper13@example.com")
        assert not control.works, f"without {name} the shop must refuse"
    _, other = replayed(first, second, shop, user="shopper13@example.com")
    assert other.works, "another shopper's visit is as good"


def chromium() -> str | None:
    return next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)


def browsed(url: str, path: Path, shopper: int, link: int) -> Recording:
    """The same with a browser that writes the archive itself."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        context = browser.new_context(base_url=url, record_har_path=path, record_har_content="embed")
        page = context.new_page()
        page.goto("/")
        page.locator("table a").nth(link).click()
        page.wait_for_url("**/products/*")
        product = int(page.url.rpartition("/")[2])
        page.goto("/login")
        page.fill("[name=email]", f"shopper{shopper}@example.com")
        page.fill("[name=password]", "loadstone-demo")
        page.click("button")
        page.wait_for_url("**/account")
        send = """async ([path, body]) => {
            const token = document.cookie.match(/csrf=([^;]+)/)[1];
            const headers = {"content-type": "application/json", "x-csrf-token": token};
            return await (await fetch(path, {method: "POST", headers, body: JSON.stringify(body)})).json();
        }"""
        page.evaluate(send, ["/cart/items", {"product_id": product, "quantity": 1}])
        placed: Any = page.evaluate(send, ["/orders", {}])
        page.goto(f"/orders/{placed['id']}")
        context.close()
        browser.close()
    return read_har(path)


@pytest.mark.optional("Chromium")
def test_a_visit_of_chromium(shop: str, tmp_path: Path) -> None:
    if chromium() is None:
        pytest.skip("Chromium is not installed: apt-get install --no-install-recommends chromium")
    first, second = browsed(shop, tmp_path / "1.har", 21, 2), browsed(shop, tmp_path / "2.har", 22, 9)
    made, verified = replayed(first, second, shop)
    assert verified.works, verified.notes
    taken = {one.name: one for step in made.journey.actions if isinstance(step, Step) for one in step.extract}
    assert taken["product_id"] == Extraction("product_id", "regex", 'href="/products/([0-9]+)"', "random")
    _, control = replayed(first, second, shop, without="csrf")
    assert not control.works
