"""The sample shop on a PostgreSQL of its own: the same pages, the same orders, the same care for the stock."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from loadstone.demo.app import application
from loadstone.demo.database import SqliteDatabase
from loadstone.demo.faults import plant
from loadstone.demo.postgres import SCHEMA, PostgresDatabase, fill_once
from loadstone.demo.schema import VERSION
from loadstone.demo.seed import fill
from tests.demo.shopping import CUSTOMERS, PRODUCTS, Shopper, silent, small_shop
from tests.throwaway import postgres

pytestmark = pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The DSN of a throw-away cluster that listens on a Unix socket only."""
    with postgres("shop") as server:
        yield server.dsn


@pytest.fixture(scope="module")
def shop(cluster: str) -> Iterator[TestClient]:
    setup = PostgresDatabase(cluster, connections=1)
    with setup.read() as session:
        session.ask(f"CREATE SCHEMA {SCHEMA}")()
    setup.close()
    with small_shop(PostgresDatabase(cluster)) as client:
        yield client


@pytest.fixture(scope="module")
def sqlite_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with small_shop(SqliteDatabase(tmp_path_factory.mktemp("shop") / "shop.sqlite3")) as client:
        yield client


def test_it_shows_what_the_shop_on_sqlite_shows(shop: TestClient, sqlite_shop: TestClient) -> None:
    paths = ["/categories", "/products?page=2", "/products?category=chairs", "/products?page=999"]
    paths += [f"/products/{number}?expand=reviews" for number in (1, 17, PRODUCTS)]
    for path in paths:
        assert shop.get(path).json() == sqlite_shop.get(path).json(), path
    assert shop.get("/").text == sqlite_shop.get("/").text


@pytest.mark.parametrize("q", ["oak", "OAK la", "steel k", "' OR 1", "a & b | c", "%", "x'y"])
def test_search_finds_the_same(shop: TestClient, sqlite_shop: TestClient, q: str) -> None:
    one, other = (client.get("/search", params={"q": q}) for client in (shop, sqlite_shop))
    assert one.status_code == other.status_code
    found = [[item["id"] for item in reply.json().get("items", [])] for reply in (one, other)]
    if len(found[0]) < 20:  # a full page is cut by rank, and the two rank differently
        assert sorted(found[0]) == sorted(found[1])


@pytest.mark.parametrize("fault", ["reviews", "index", "pool", "locks"])
def test_a_fault_answers_what_health_answers(shop: TestClient, cluster: str, fault: str) -> None:
    paths = ["/products?page=2", *(f"/products/{number}?expand=reviews" for number in range(1, 41))]
    healthy = [shop.get(path).content for path in paths]
    database = PostgresDatabase(cluster, connections=2)
    with TestClient(application(database, fault), follow_redirects=False) as client:
        assert [client.get(path).content for path in paths] == healthy
        shopper = Shopper(client)
        assert shopper.add(3).status_code == 201
        assert shopper.post("/orders", {}).status_code == 201
    plant(database := PostgresDatabase(cluster, connections=1), "none")
    database.close()


def test_two_requests_of_the_sick_pool_starve_each_other(shop: TestClient, cluster: str) -> None:
    database = PostgresDatabase(cluster, connections=1, patience_s=0.1)
    with TestClient(application(database, "pool")) as client:
        assert client.get("/products").status_code == 503
        assert client.get("/products/1").status_code == 200


def test_an_order_is_placed_once_and_whole(shop: TestClient, cluster: str) -> None:
    shopper = Shopper(shop)
    assert shopper.login_status == 303
    assert shopper.add(1, 2).status_code == 201
    assert shopper.add(PRODUCTS).status_code == 201
    with ThreadPoolExecutor(4) as threads:
        placed = list(threads.map(lambda _: shopper.post("/orders", {}), range(4)))
    assert sorted(reply.status_code for reply in placed) == [201, 409, 409, 409]
    location = next(reply.headers["location"] for reply in placed if reply.status_code == 201)
    assert [line["quantity"] for line in shopper.get(location).json()["lines"]] == [2, 1]


def test_the_last_ones_are_sold_once(shop: TestClient, cluster: str) -> None:
    shoppers = [Shopper(shop, 1 + number % CUSTOMERS) for number in range(12)]
    for number, shopper in enumerate(shoppers):
        for product in (7, 8) if number % 2 else (8, 7):
            assert shopper.add(product).status_code == 201
    database = PostgresDatabase(cluster, connections=1)
    with database.write() as session:
        assert session.ask("UPDATE product SET stock = 5 WHERE id IN (7, 8)")().rowcount == 2
    database.close()
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda shopper: shopper.post("/orders", {}).status_code, shoppers))
    assert sorted(statuses) == [201] * 5 + [409] * 7
    assert [shop.get(f"/products/{number}").json()["stock"] for number in (7, 8)] == [0, 0]


def test_a_schema_is_filled_once_and_another_version_is_left_alone(cluster: str, shop: TestClient) -> None:
    told: list[str] = []
    fill_once(cluster, told.append)
    assert told == [], "the small shop's schema stands and is used as it is"
    database = PostgresDatabase(cluster, connections=1)
    try:
        with database.write() as session:
            session.ask("UPDATE setting SET value = '0' WHERE name = 'version'")()
        with pytest.raises(ValueError, match="another version of the shop"):
            fill_once(cluster, silent)
    finally:
        with database.write() as session:
            session.ask(f"UPDATE setting SET value = '{VERSION}' WHERE name = 'version'")()
        database.close()


def test_the_whole_shop_in_a_database_of_its_own(cluster: str) -> None:
    setup = PostgresDatabase(cluster, connections=1)
    with setup.read() as session:
        session.ask("CREATE DATABASE whole")()
    setup.close()
    dsn = cluster.replace("/postgres?", "/whole?")
    with ThreadPoolExecutor(2) as threads:  # two starts at once: one fills, the other waits for it
        told: list[str] = []
        list(threads.map(lambda _: fill_once(dsn, told.append), range(2)))
    assert len([line for line in told if "once" in line]) == 1
    with TestClient(application(PostgresDatabase(dsn))) as client:
        assert client.get("/products").json()["total"] == 10_000


def test_an_unreachable_database_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match="cannot reach the database"):
        fill_once(f"postgresql://shop@/postgres?host={tmp_path}", silent)


def test_a_failed_fill_leaves_no_table(cluster: str) -> None:
    setup = PostgresDatabase(cluster, connections=1)
    with setup.read() as session:
        session.ask("CREATE DATABASE half")()
    setup.close()
    database = PostgresDatabase(cluster.replace("/postgres?", "/half?"), connections=1)
    with database.read() as session:
        session.ask(f"CREATE SCHEMA {SCHEMA}")()

    def interrupt(what: str) -> None:
        if what == "indexes":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fill(database, interrupt, products=20, customers=2)
    with database.read() as session:
        assert session.ask(f"SELECT to_regclass('{SCHEMA}.product')")().fetchone() == (None,)
    database.close()
