"""Orders: a cart becomes an order and leaves the stock, all in one transaction or not at all."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from loadstone.demo.accounts import Shopper, require_shopper, require_token
from loadstone.demo.database import Database, Session
from loadstone.demo.passwords import hash_password
from loadstone.demo.replies import ShopError

__all__ = ["order", "order_list", "place_order"]

_SEAL_ROUNDS = 60_000  # of a receipt's seal, with the fault "locks": about 25 ms


def place_order(request: Request) -> Response:
    """``POST /orders``: orders what is in the cart; 409 when it is empty or something has sold out."""
    require_token(request, request.headers.get("x-csrf-token"))
    database: Database = request.app.state.database
    with database.write() as session:
        if request.app.state.fault == "locks":
            _next_number(session)
        placed = _place(session, require_shopper(session, request))
        if request.app.state.fault == "locks":
            hash_password(str(placed), bytes(16), _SEAL_ROUNDS)
    return JSONResponse(placed, 201, {"location": f"/orders/{placed['id']}"})


def _next_number(session: Session) -> None:
    """Whoever comes next waits here until this order commits."""
    session.ask("UPDATE counter SET value = value + 1 WHERE name = 'orders'")()  # fault: locks


def _place(session: Session, shopper: Shopper) -> dict[str, object]:
    # Taking the items out first makes a second checkout of the same cart find it empty; going through the
    # products in the order of their ids keeps two checkouts from waiting for each other's rows.
    taken = session.ask("DELETE FROM cart_item WHERE login_id = ? RETURNING product_id, quantity")(
        (shopper.login,)
    ).fetchall()
    if not taken:
        raise ShopError(409, "empty_cart", "The cart is empty.")
    lines = []
    for product, quantity in sorted(taken):
        sold = session.ask("UPDATE product SET stock = stock - ? WHERE id = ? AND stock >= ? RETURNING price_cents")(
            (quantity, product, quantity)
        ).fetchone()
        if sold is None:
            raise ShopError(409, "out_of_stock", "There are not that many left.", product_id=product)
        lines.append((product, quantity, sold[0]))
    total_cents = sum(quantity * price_cents for _, quantity, price_cents in lines)
    row = session.ask("INSERT INTO purchase (customer_id, placed_at, total_cents) VALUES (?, ?, ?) RETURNING id")(
        (shopper.customer, int(time.time()), total_cents)
    ).fetchone()
    assert row is not None
    for line in lines:
        session.ask("INSERT INTO purchase_line (purchase_id, product_id, quantity, price_cents) VALUES (?, ?, ?, ?)")(
            (row[0], *line)
        )
    return {"id": row[0], "total_cents": total_cents, "lines": len(lines)}


def order_list(request: Request) -> Response:
    """``GET /orders``: the shopper's own, the newest first."""
    database: Database = request.app.state.database
    with database.read() as session:
        rows = session.ask(
            "SELECT id, placed_at, total_cents FROM purchase WHERE customer_id = ? ORDER BY id DESC LIMIT 20"
        )((require_shopper(session, request).customer,)).fetchall()
    names = ("id", "placed_at", "total_cents")
    return JSONResponse({"items": [dict(zip(names, row, strict=True)) for row in rows]})


def order(request: Request) -> Response:
    """``GET /orders/9``: with its lines; 404 when it is somebody else's."""
    database: Database = request.app.state.database
    number = request.path_params["number"]
    with database.read() as session:
        row = session.ask("SELECT id, placed_at, total_cents FROM purchase WHERE id = ? AND customer_id = ?")(
            (number, require_shopper(session, request).customer)
        ).fetchone()
        if row is None:
            raise ShopError(404, "no_order", "There is no such order.")
        lines = session.ask(
            "SELECT product.id, product.name, purchase_line.quantity, purchase_line.price_cents "
            "FROM purchase_line JOIN product ON product.id = purchase_line.product_id "
            "WHERE purchase_line.purchase_id = ? ORDER BY product.id"
        )((number,)).fetchall()
    names = ("product_id", "name", "quantity", "price_cents")
    return JSONResponse(
        {
            "id": row[0],
            "placed_at": row[1],
            "total_cents": row[2],
            "lines": [dict(zip(names, line, strict=True)) for line in lines],
        }
    )
