from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from loadstone.demo.database import SqliteDatabase
from loadstone.demo.passwords import hash_password, password_matches
from loadstone.demo.seed import PASSWORD
from tests.demo.shopping import Shopper, hidden_token


def test_a_login_leads_to_the_account(shop: TestClient) -> None:
    shopper = Shopper(shop)
    assert shopper.login_status == 303
    page = shopper.get("/account")
    assert page.status_code == 200
    assert "Hello, " in page.text
    assert hidden_token(page.text) == shopper.cookies["csrf"]


def test_the_login_cookie_is_hidden_from_scripts_and_the_token_changes(shop: TestClient) -> None:
    token = hidden_token(shop.get("/login").text)
    data = {"email": "SHOPPER1@example.com ", "password": PASSWORD, "csrf": token}
    reply = shop.post("/login", data=data)
    cookies = reply.headers.get_list("set-cookie")
    assert any(cookie.startswith("shop_login=") and "HttpOnly" in cookie for cookie in cookies)
    assert all("SameSite=lax" in cookie for cookie in cookies)
    assert reply.cookies["csrf"] != token


@pytest.mark.parametrize(("customer", "password"), [(1, "wrong"), (1, ""), (77, PASSWORD)])
def test_a_wrong_login_is_401_and_opens_nothing(
    shop: TestClient, database: SqliteDatabase, customer: int, password: str
) -> None:
    shopper = Shopper(shop, customer, password)
    assert shopper.login_status == 401
    assert shopper.get("/cart").status_code == 401
    with database.read() as session:
        assert session.ask("SELECT count(*) FROM login")().fetchone() == (0,)


def test_without_a_login(shop: TestClient) -> None:
    for path in ("/cart", "/orders", "/orders/1"):
        assert shop.get(path).status_code == 401
    assert shop.get("/account").headers["location"] == "/login"


def test_a_login_without_the_forms_token_is_403(shop: TestClient) -> None:
    token = hidden_token(shop.get("/login").text)
    fields = {"email": "shopper1@example.com", "password": PASSWORD}
    assert shop.post("/login", data=fields).status_code == 403
    assert shop.post("/login", data=fields | {"csrf": token + "0"}).status_code == 403
    shop.cookies.clear()
    assert shop.post("/login", data=fields | {"csrf": token}).status_code == 403, "the cookie is needed too"


def test_a_token_that_the_shop_did_not_sign_is_403(shop: TestClient) -> None:
    forged = "value." + "0" * 64
    fields = {"email": "shopper1@example.com", "password": PASSWORD, "csrf": forged}
    assert shop.post("/login", data=fields, headers={"cookie": f"csrf={forged}"}).status_code == 403


def test_a_token_is_good_for_its_own_login_only(shop: TestClient) -> None:
    one, other = Shopper(shop, 1), Shopper(shop, 2)
    one.cookies["csrf"] = other.cookies["csrf"]
    assert one.add(1).status_code == 403


def test_logging_out_ends_the_login(shop: TestClient) -> None:
    shopper = Shopper(shop)
    reply = shop.post("/logout", data={"csrf": shopper.cookies["csrf"]}, headers=shopper.headers())
    assert reply.status_code == 303
    assert shopper.get("/cart").status_code == 401


def test_an_expired_login_is_no_login(shop: TestClient, database: SqliteDatabase) -> None:
    shopper = Shopper(shop)
    with database.write() as session:
        assert session.ask("UPDATE login SET expires_at = 0")().rowcount == 1
    assert shopper.get("/cart").status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"csrf=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
        (b"\xff=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(100)), "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_form_that_cannot_be_taken(shop: TestClient, body: bytes, kind: str, status: int) -> None:
    assert shop.post("/login", content=body, headers={"content-type": kind}).status_code == status


def test_passwords_are_salted() -> None:
    one, other = hash_password("p", b"salt"), hash_password("p", b"other salt")
    assert one.rpartition("$")[2] != other.rpartition("$")[2]
    assert password_matches("p", one)
    assert not password_matches("q", one)
