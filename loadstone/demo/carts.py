"""Carts: a login's own, gone with it."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from loadstone.demo.accounts import require_shopper, require_token
from loadstone.demo.database import Database, Session
from loadstone.demo.replies import ShopError, json_of, number_in

__all__ = ["add_item", "cart", "remove_item"]

_MOST = 99  # of one product in a cart
_HIGHEST = 2**31 - 1


def _contents(session: Session, login: int) -> dict[str, object]:
    rows = session.ask(
        "SELECT product.id, product.name, cart_item.quantity, product.price_cents "
        "FROM cart_item JOIN product ON product.id = cart_item.product_id "
        "WHERE cart_item.login_id = ? ORDER BY product.id"
    )((login,)).fetchall()
    names = ("product_id", "name", "quantity", "price_cents")
    return {
        "items": [dict(zip(names, row, strict=True)) for row in rows],
        "total_cents": sum(row[2] * row[3] for row in rows),
    }


def cart(request: Request) -> Response:
    """``GET /cart``"""
    database: Database = request.app.state.database
    with database.read() as session:
        return JSONResponse(_contents(session, require_shopper(session, request).login))


async def add_item(request: Request) -> Response:
    """``POST /cart/items`` with ``{"product_id": 17, "quantity": 1}``; 409 when there are not that many."""
    require_token(request, request.headers.get("x-csrf-token"))
    body = await json_of(request)
    product = number_in(body, "product_id", None, 1, _HIGHEST)
    quantity = number_in(body, "quantity", 1, 1, _MOST)
    return JSONResponse(await run_in_threadpool(_add, request, product, quantity), 201)


def _add(request: Request, product: int, quantity: int) -> dict[str, object]:
    database: Database = request.app.state.database
    with database.write() as session:
        shopper = require_shopper(session, request)
        row = session.ask("SELECT stock FROM product WHERE id = ?")((product,)).fetchone()
        if row is None:
            raise ShopError(404, "no_product", "There is no such product.")
        held = session.ask(
            "INSERT INTO cart_item (login_id, product_id, quantity) VALUES (?, ?, ?) "
            "ON CONFLICT (login_id, product_id) DO UPDATE SET quantity = cart_item.quantity + excluded.quantity "
            "RETURNING quantity"
        )((shopper.login, product, quantity)).fetchone()
        assert held is not None
        if held[0] > _MOST:
            raise ShopError(409, "too_many", f"A cart holds at most {_MOST} of a product.", product_id=product)
        if held[0] > row[0]:
            raise ShopError(409, "out_of_stock", "There are not that many left.", product_id=product, stock=row[0])
        return _contents(session, shopper.login)


def remove_item(request: Request) -> Response:
    """``DELETE /cart/items/17``"""
    require_token(request, request.headers.get("x-csrf-token"))
    database: Database = request.app.state.database
    with database.write() as session:
        shopper = require_shopper(session, request)
        removed = session.ask("DELETE FROM cart_item WHERE login_id = ? AND product_id = ?")(
            (shopper.login, request.path_params["number"])
        ).rowcount
        if not removed:
            raise ShopError(404, "not_in_cart", "The cart does not hold this product.")
        return JSONResponse(_contents(session, shopper.login))
