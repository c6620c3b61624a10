from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from loadstone.demo.database import SqliteDatabase
from tests.demo.shopping import Shopper


def stock_of(shop: TestClient, product: int) -> int:
    return int(shop.get(f"/products/{product}").json()["stock"])


def test_a_cart_becomes_an_order_and_leaves_the_stock(shop: TestClient) -> None:
    shopper = Shopper(shop)
    before = stock_of(shop, 1), stock_of(shop, 2)
    assert shopper.add(2, 3).status_code == 201
    assert shopper.add(1).status_code == 201
    cart = shopper.add(1).json()
    assert [(item["product_id"], item["quantity"]) for item in cart["items"]] == [(1, 2), (2, 3)]
    assert cart["total_cents"] == sum(item["quantity"] * item["price_cents"] for item in cart["items"])

    placed = shopper.post("/orders", {})
    assert placed.status_code == 201
    order = shopper.get(placed.headers["location"]).json()
    assert order["total_cents"] == cart["total_cents"]
    assert [(line["product_id"], line["quantity"]) for line in order["lines"]] == [(1, 2), (2, 3)]
    assert shopper.get("/orders").json()["items"][0]["id"] == order["id"]
    assert (stock_of(shop, 1), stock_of(shop, 2)) == (before[0] - 2, before[1] - 3)
    assert shopper.get("/cart").json()["items"] == []
    assert f'href="/orders/{order["id"]}"' in shopper.get("/account").text


def test_an_empty_cart_is_409(shop: TestClient) -> None:
    assert Shopper(shop).post("/orders", {}).json()["error"]["code"] == "empty_cart"


def test_what_is_not_in_stock_is_409(shop: TestClient, database: SqliteDatabase) -> None:
    with database.write() as session:
        session.ask("UPDATE product SET stock = 2 WHERE id = 1")()
    shopper = Shopper(shop)
    refused = shopper.add(1, 3)
    assert (refused.status_code, refused.json()["error"]["stock"]) == (409, 2)
    assert shopper.get("/cart").json()["items"] == [], "a refused item is not left in the cart"


def test_an_order_is_placed_whole_or_not_at_all(shop: TestClient, database: SqliteDatabase) -> None:
    shopper = Shopper(shop)
    before = stock_of(shop, 1)
    shopper.add(1)
    shopper.add(2, 2)
    with database.write() as session:
        session.ask("UPDATE product SET stock = 1 WHERE id = 2")()
    refused = shopper.post("/orders", {})
    assert (refused.status_code, refused.json()["error"]["product_id"]) == (409, 2)
    assert stock_of(shop, 1) == before
    assert len(shopper.get("/cart").json()["items"]) == 2
    assert shopper.get("/orders").json()["items"] == []


def test_the_last_ones_are_sold_once(shop: TestClient, database: SqliteDatabase) -> None:
    shoppers = [Shopper(shop, 1 + number % 5) for number in range(12)]
    for shopper in shoppers:
        assert shopper.add(7).status_code == 201
    with database.write() as session:
        session.ask("UPDATE product SET stock = 5 WHERE id = 7")()
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda shopper: shopper.post("/orders", {}).status_code, shoppers))
    assert sorted(statuses) == [201] * 5 + [409] * 7
    assert stock_of(shop, 7) == 0
    assert shop.get("/products/7").json()["in_stock"] is False


def test_a_cart_is_ordered_once(shop: TestClient) -> None:
    shopper = Shopper(shop)
    shopper.add(1)
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(lambda _: shopper.post("/orders", {}).status_code, range(4)))
    assert sorted(statuses) == [201, 409, 409, 409]


def test_an_order_is_its_owners(shop: TestClient) -> None:
    one, other = Shopper(shop, 1), Shopper(shop, 2)
    one.add(1)
    location = one.post("/orders", {}).headers["location"]
    assert other.get(location).status_code == 404
    assert other.get("/orders").json()["items"] == []


def test_an_item_can_be_taken_out(shop: TestClient) -> None:
    shopper = Shopper(shop)
    shopper.add(1)
    assert shopper.delete("/cart/items/1").json()["items"] == []
    assert shopper.delete("/cart/items/1").status_code == 404


def test_a_change_without_the_token_is_403(shop: TestClient) -> None:
    shopper = Shopper(shop)
    shopper.add(1)
    cookies = {"cookie": shopper.headers()["cookie"]}
    assert shop.post("/cart/items", json={"product_id": 2}, headers=cookies).status_code == 403
    assert shop.post("/orders", json={}, headers=cookies).status_code == 403
    assert shop.delete("/cart/items/1", headers=cookies).status_code == 403
    assert len(shopper.get("/cart").json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"product_id": 999_999}, 404),
        ({"product_id": 1, "quantity": 0}, 400),
        ({"product_id": 1, "quantity": 100}, 400),
        ({"product_id": True}, 400),
        ({"product_id": 1.5}, 400),
        ({}, 400),
        ([], 400),
    ],
)
def test_an_item_that_makes_no_sense(shop: TestClient, body: object, status: int) -> None:
    assert Shopper(shop).post("/cart/items", body).status_code == status


def test_more_than_a_cart_holds_is_409(shop: TestClient) -> None:
    shopper = Shopper(shop)
    assert shopper.add(1, 99).status_code == 201
    assert shopper.add(1, 1).json()["error"]["code"] == "too_many"
    assert shopper.get("/cart").json()["items"][0]["quantity"] == 99
