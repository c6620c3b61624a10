"""An order that is meant: what one answers the next one asks with, or changes what it reads."""

from __future__ import annotations

from tests.scenes import Story


def a_token_first() -> Story:
    story = Story()
    for request in story.requests(200):
        request.call("POST", "auth", "/oauth/token", 0.03)
        request.call("GET", "stock", "/items", 0.05)
    return story


def an_item_of_the_list() -> Story:
    story = Story()
    for request in story.requests(200):
        request.call("GET", "stock", "/items", 0.03)
        request.call("GET", "stock", f"/items/{request.number * 17}", 0.05)
    return story


def made_then_read() -> Story:
    story = Story()
    for request in story.requests(200):
        request.call("POST", "orders", "/orders", 0.03)
        request.call("GET", "orders", f"/orders/{request.number * 31}", 0.05)
    return story


def ids_out_of_the_answer() -> Story:
    """Another service, asked with ids that nobody knew before: they must be the first answer's."""
    story = Story()
    for request in story.requests(200, url_path="/start"):
        request.call("GET", "users", "/me", 0.04)
        request.call("GET", "stock", f"/baskets/{90_000 + 7 * request.number}", 0.05)
    return story


def charge_then_ship() -> Story:
    story = Story(own=False, service="checkout")
    for request in story.requests(100):
        for name in ("shop.Payment/Charge", "shop.Shipping/ShipOrder", "shop.Cart/EmptyCart", "shop.Email/Send"):
            request.span("client", name, 0.03)
    return story


def statements_of_one_transaction() -> Story:
    story = Story()
    for request in story.requests(100, rate_per_s=2):
        request.sql("BEGIN", 0.0005)
        request.sql("SELECT total FROM account WHERE id = ?", 0.2, parameters=request.number, rows=1)
        request.sql("SELECT balance FROM ledger WHERE account_id = ?", 0.2, parameters=request.number, rows=1)
        request.sql("COMMIT", 0.0005)
    return story


def small_beside_the_work() -> Story:
    story = Story()
    for request in story.requests(200):
        request.call("GET", "flags", "/flags", 0.004)
        request.call("GET", "texts", "/texts", 0.004)
        request.spend(0.2)
    return story


def written_between() -> Story:
    story = Story()
    for request in story.requests(200):
        request.call("GET", "stock", "/stock", 0.03)
        request.call("PUT", "stock", "/stock", 0.03)
        request.call("GET", "totals", "/totals", 0.03)
    return story


CASES = (
    a_token_first,
    an_item_of_the_list,
    made_then_read,
    ids_out_of_the_answer,
    charge_then_ship,
    statements_of_one_transaction,
    small_beside_the_work,
    written_between,
)
ALSO = {
    "statements_of_one_transaction": ("slow-statement",),
}
