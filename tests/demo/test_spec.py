"""The shop's own spec against the shop: what it asks for is there."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from loadstone.demo.app import application
from loadstone.demo.database import SqliteDatabase
from loadstone.demo.seed import CUSTOMERS, PASSWORD, PRODUCTS, working_copy
from loadstone.spec import load
from tests.demo.shopping import Shopper, silent

SPEC = Path(str(files("loadstone.demo") / "loadstone.toml"))


@pytest.fixture(scope="module")
def whole_shop(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("shop")
    database = SqliteDatabase(working_copy(folder, folder / "cache", silent))
    return TestClient(application(database), follow_redirects=False)


def test_it_is_a_spec_of_three_journeys() -> None:
    spec = load(SPEC)
    assert [journey.name for journey in spec.workload.journeys] == ["browse", "search", "buy"]
    assert len(spec.slos) == 3


def test_every_search_finds_something(whole_shop: TestClient) -> None:
    choices = re.search(r"q=\{choice\(([^)]*)\)", SPEC.read_text())
    assert choices is not None
    for words in choices[1].split(","):
        assert whole_shop.get("/search", params={"q": words.strip()}).json()["items"], words


def test_the_rare_parameter_is_in_three_of_a_hundred(whole_shop: TestClient) -> None:
    choices = re.search(r"expand=\{choice\(([^)]*)\)", SPEC.read_text())
    assert choices is not None
    options = [option.strip() for option in choices[1].split(",")]
    assert set(options) == {"none", "reviews"}
    assert 0.028 < options.count("reviews") / len(options) < 0.032
    assert tomllib.loads(SPEC.read_text())["service"]["start"].endswith("--fault reviews")
    assert "newest_reviews" not in whole_shop.get("/products/1?expand=none").json()


def test_the_deepest_page_is_full(whole_shop: TestClient) -> None:
    assert len(whole_shop.get("/products?page=50").json()["items"]) == 20


def test_the_drawn_accounts_and_products_exist(whole_shop: TestClient) -> None:
    text = SPEC.read_text()
    assert f"shopper{{int(1, {CUSTOMERS})}}@example.com" in text
    assert f'product_id = "{{int(1, {PRODUCTS})}}"' in text
    assert f'password = "{PASSWORD}"' in text
    shopper = Shopper(whole_shop, CUSTOMERS)
    assert shopper.post("/cart/items", {"product_id": str(PRODUCTS), "quantity": 1}).status_code == 201


def test_its_steps_are_routes_of_the_shop(whole_shop: TestClient) -> None:
    for journey in tomllib.loads(SPEC.read_text())["journey"]:
        for step in journey["step"]:
            for method in ("get", "post"):
                if method in step:
                    path = step[method].partition("?")[0].replace("{id}", "1")
                    assert whole_shop.request(method, path).status_code not in (404, 405), path
