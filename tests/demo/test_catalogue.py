from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from loadstone.demo.database import SqliteDatabase
from tests.demo.shopping import PRODUCTS

# The text search, and the badges' first few along their index.
_ORDERED = re.compile("VIRTUAL TABLE|customer USING COVERING INDEX|SCAN first_")


def test_the_pages_hold_every_product_once(shop: TestClient) -> None:
    first = shop.get("/products").json()
    pages = [shop.get(f"/products?page={page}").json()["items"] for page in range(1, first["pages"] + 1)]
    assert pages[0] == first["items"]
    assert [len(page) for page in pages] == [20] * (PRODUCTS // 20)
    assert {item["id"] for page in pages for item in page} == set(range(1, PRODUCTS + 1))


def test_a_category_holds_its_own_products_only(shop: TestClient) -> None:
    listed = {entry["slug"]: entry["products"] for entry in shop.get("/categories").json()["items"]}
    assert sum(listed.values()) == PRODUCTS
    slug, count = next((slug, count) for slug, count in listed.items() if count)
    page = shop.get(f"/products?category={slug}").json()
    assert page["total"] == count
    assert len(page["items"]) == min(20, count)
    assert {item["category"] for item in page["items"]} == {slug}


def test_past_the_last_page_is_empty(shop: TestClient) -> None:
    assert shop.get("/products?page=1000").json()["items"] == []


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "", "１", "99999999999999999999"])
def test_a_page_that_is_no_number_is_refused(shop: TestClient, page: str) -> None:
    reply = shop.get("/products", params={"page": page})
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "bad_page"


def test_the_detail_agrees_with_the_list(shop: TestClient) -> None:
    for item in shop.get("/products").json()["items"]:
        detail = shop.get(f"/products/{item['id']}").json()
        assert item.items() <= detail.items()
        assert "newest_reviews" not in detail


def test_reviews_come_on_request_newest_first(shop: TestClient) -> None:
    item = max(shop.get("/products").json()["items"], key=lambda item: int(item["reviews"]))
    reviews = shop.get(f"/products/{item['id']}?expand=reviews").json()["newest_reviews"]
    assert len(reviews) == min(50, item["reviews"])
    assert [review["written_at"] for review in reviews] == sorted((r["written_at"] for r in reviews), reverse=True)
    assert all(review["author"] and 1 <= review["rating"] <= 5 for review in reviews)


def test_the_rating_is_the_mean_of_the_reviews(shop: TestClient, database: SqliteDatabase) -> None:
    item = shop.get("/products").json()["items"][0]
    with database.read() as session:
        row = session.ask("SELECT avg(rating), count(*) FROM review WHERE product_id = ?")((item["id"],)).fetchone()
    assert row is not None
    assert (item["rating"], item["reviews"]) == (round(row[0], 2), row[1])


@pytest.mark.parametrize("path", ["/products/999999", "/products?category=nothing", "/nowhere", "/products/x"])
def test_what_is_not_there_is_404(shop: TestClient, path: str) -> None:
    reply = shop.get(path)
    assert reply.status_code == 404
    assert reply.json()["error"]["message"]


def test_search_finds_every_word_and_the_last_ones_beginning(shop: TestClient) -> None:
    name = shop.get("/products/1").json()["name"].lower()
    found = shop.get("/search", params={"q": name[:-1]}).json()["items"]
    assert 1 in [item["id"] for item in found]
    assert all(item["name"].lower().startswith(name.split()[0]) for item in found)


@pytest.mark.parametrize("q", ['"', "' OR 1=1 --", "NEAR(", "a*b", "lamp AND", "% _", "kettle:name", "ünïcode"])
def test_search_takes_whatever_is_typed(shop: TestClient, q: str) -> None:
    assert shop.get("/search", params={"q": q}).status_code in (200, 400)


def test_search_for_nothing_is_refused(shop: TestClient) -> None:
    assert shop.get("/search?q=+").status_code == 400


def test_every_read_goes_through_an_index(shop: TestClient, database: SqliteDatabase) -> None:
    statements: list[str] = []
    with database.read() as session:
        connection = session._connection  # type: ignore[attr-defined]
        connection.set_trace_callback(statements.append)
    for path in ("/products?page=7", "/products?category=chairs", "/products/3?expand=reviews", "/search?q=oak"):
        assert shop.get(path).status_code == 200
    connection.set_trace_callback(None)
    reads = [
        statement for statement in statements if statement.startswith("SELECT") and "sum(products)" not in statement
    ]
    assert len(reads) == 6
    with database.read() as session:
        for statement in reads:
            for row in session.ask(f"EXPLAIN QUERY PLAN {statement}")().fetchall():
                assert not row[3].startswith("SCAN") or _ORDERED.search(row[3]), (statement, row[3])


def test_pages_and_health(shop: TestClient) -> None:
    assert shop.get("/healthz").json() == {"status": "ok"}
    home = shop.get("/")
    assert home.headers["content-type"].startswith("text/html")
    assert home.text.count('href="/products/') == 20
    refused = shop.post("/healthz")
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}
