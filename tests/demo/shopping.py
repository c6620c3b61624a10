"""A small shop in memory of its own, and a shopper who uses it as a browser would."""

from __future__ import annotations

import re

from httpx2 import Response
from starlette.testclient import TestClient

from loadstone.demo.app import application
from loadstone.demo.database import Database
from loadstone.demo.seed import PASSWORD, fill

PRODUCTS = 400
CUSTOMERS = 5


def silent(_what: str) -> None:
    """Progress that nobody reads."""


def small_shop(database: Database) -> TestClient:
    """The shop over this empty database, filled with a small catalogue; a context manager that runs its lifespan."""
    fill(database, silent, products=PRODUCTS, customers=CUSTOMERS)
    return TestClient(application(database), follow_redirects=False)


def hidden_token(page: str) -> str:
    """The token in a page's form."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


class Shopper:
    """One browser: its cookies, logged in as the given customer."""

    def __init__(self, shop: TestClient, customer: int = 1, password: str = PASSWORD) -> None:
        self._shop = shop
        form = shop.get("/login", headers={"cookie": ""})
        token = hidden_token(form.text)
        reply = shop.post(
            "/login",
            data={"email": f"shopper{customer}@example.com", "password": password, "csrf": token},
            headers={"cookie": f"csrf={token}"},
        )
        self.login_status = reply.status_code
        self.cookies = {"csrf": token} | dict(reply.cookies)
        shop.cookies.clear()

    def headers(self) -> dict[str, str]:
        """The cookies, and the token as scripts send it."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"cookie": cookie, "x-csrf-token": self.cookies["csrf"]}

    def get(self, path: str) -> Response:
        """A reply."""
        return self._shop.get(path, headers=self.headers())

    def post(self, path: str, body: object) -> Response:
        """A reply to a JSON body."""
        return self._shop.post(path, json=body, headers=self.headers())

    def delete(self, path: str) -> Response:
        """A reply."""
        return self._shop.delete(path, headers=self.headers())

    def add(self, product: int, quantity: int = 1) -> Response:
        """A reply to an item put into the cart."""
        return self.post("/cart/items", {"product_id": product, "quantity": quantity})
