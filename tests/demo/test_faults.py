"""Each fault of the shop changes what the work costs, and not one byte of what is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from loadstone.demo.app import application
from loadstone.demo.database import Busy, SqliteDatabase
from loadstone.demo.faults import CURES, FAULT, FAULTS, named_in_environment, plant
from loadstone.demo.seed import fill
from loadstone.demo.spelling import to_json
from tests.demo.shopping import CUSTOMERS, PRODUCTS, Shopper, silent

Shop = Callable[[str], tuple[TestClient, SqliteDatabase]]
PATHS = [
    "/categories",
    "/products?page=1",
    "/products?page=2&category=chairs",
    "/products?category=nothing",
    *(f"/products/{number}?expand=reviews" for number in range(1, 41)),
    "/search?q=oak",
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.sqlite3"
    database = SqliteDatabase(path)
    fill(database, silent, products=PRODUCTS, customers=CUSTOMERS)
    database.close()
    return path


@pytest.fixture
def shop(filled: Path) -> Iterator[Shop]:
    opened = []

    def open_shop(fault: str) -> tuple[TestClient, SqliteDatabase]:
        database = SqliteDatabase(filled)
        opened.append(database)
        return TestClient(application(database, fault), follow_redirects=False), database

    yield open_shop
    plant(opened[0], "none")
    for database in opened:
        database.close()


def statements_of(client: TestClient, database: SqliteDatabase, path: str) -> list[str]:
    with database.read() as session:
        connection = session._connection  # type: ignore[attr-defined]
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    assert client.get(path).status_code == 200
    connection.set_trace_callback(None)
    return [one for one in seen if one.startswith("SELECT") and "'main'." not in one]  # not what the text search asks


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "none"])
def test_a_fault_answers_what_health_answers(shop: Shop, fault: str) -> None:
    healthy = [shop("none")[0].get(path) for path in PATHS]
    sick = [shop(fault)[0].get(path) for path in PATHS]
    assert [(one.status_code, one.content) for one in sick] == [(one.status_code, one.content) for one in healthy]
    assert any('"badge":"top' in one.text for one in healthy)


@pytest.mark.parametrize("fault", FAULTS)
def test_orders_are_placed_whatever_is_wrong(shop: Shop, fault: str) -> None:
    shopper = Shopper(shop(fault)[0])
    assert shopper.add(3).status_code == 201
    placed = shopper.post("/orders", {})
    assert placed.status_code == 201
    assert shopper.get(f"/orders/{placed.json()['id']}").json()["total_cents"] == placed.json()["total_cents"]


def test_authors_are_looked_up_one_by_one_or_joined(shop: Shop) -> None:
    client, database = shop("reviews")
    item = client.get("/products").json()["items"][0]
    shown = min(50, item["reviews"])
    seen = statements_of(client, database, f"/products/{item['id']}?expand=reviews")
    assert len([one for one in seen if one.startswith("SELECT name, (SELECT count(*)")]) == shown > 20
    assert len(seen) == shown + 2
    client, database = shop("none")
    assert len(statements_of(client, database, f"/products/{item['id']}?expand=reviews")) == 2
    assert len(statements_of(client, database, f"/products/{item['id']}")) == 1


def test_a_healthy_request_repeats_no_statement(shop: Shop) -> None:
    client, database = shop("none")
    for path in PATHS[:3] + PATHS[4:]:
        seen = statements_of(client, database, path)
        assert len(seen) == len(set(seen)), path


def test_the_index_goes_and_comes_back(shop: Shop) -> None:
    _, database = shop("index")
    plan = "EXPLAIN QUERY PLAN SELECT body FROM review WHERE product_id = 1 ORDER BY written_at DESC, id DESC"
    with database.read() as session:
        assert any(row[3].startswith("SCAN review") for row in session.ask(plan)().fetchall())
    _, database = shop("none")
    with database.read() as session:
        assert all("review_by_product" in row[3] for row in session.ask(plan)().fetchall())


def test_two_requests_of_the_sick_pool_starve_each_other(filled: Path) -> None:
    database = SqliteDatabase(filled, connections=1, patience_s=0.05)
    client = TestClient(application(database, "pool"))
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(client.get, ["/products"] * 2))
    assert [reply.status_code for reply in replies] == [503, 503]
    assert replies[0].json()["error"]["code"] == "busy"
    with database.read(), pytest.raises(Busy), database.read():
        pytest.fail("there was one connection")
    database.close()
    database = SqliteDatabase(filled, connections=1, patience_s=0.05)
    assert TestClient(application(database)).get("/products").status_code == 200
    database.close()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_spelt_as_the_library_spells_it(value: object) -> None:
    assert to_json(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_the_environment_names_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FAULT, raising=False)
    assert named_in_environment() == "none"
    monkeypatch.setenv(FAULT, "reviews")
    assert named_in_environment() == "reviews"
    monkeypatch.setenv(FAULT, "gremlins")
    with pytest.raises(ValueError, match="LOADSTONE_DEMO_FAULT is one of none, reviews"):
        named_in_environment()


def test_every_fault_says_what_the_code_does_without_it_and_where() -> None:
    assert CURES.keys() == FAULTS.keys()
    root = Path(__file__).parents[2]
    for fault, cure in CURES.items():
        if fault != "none":
            found = re.search(r"\((?P<name>\w+) in (?P<file>loadstone/demo/\w+\.py)\)$", cure)
            assert found is not None, cure
            assert re.search(rf"^(def )?{found['name']}\b", (root / found["file"]).read_text(), re.MULTILINE), cure
