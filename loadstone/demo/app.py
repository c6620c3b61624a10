"""The shop as an ASGI application: its routes, its refusals and what it holds open while it runs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from loadstone.demo.accounts import account, log_in, log_out, login_form
from loadstone.demo.carts import add_item, cart, remove_item
from loadstone.demo.catalogue import categories, category_list, detail, page_of_products, product_list, search
from loadstone.demo.database import THREADS, Busy, Database, SqliteDatabase
from loadstone.demo.faults import named_in_environment, plant
from loadstone.demo.orders import order, order_list, place_order
from loadstone.demo.pages import home_page
from loadstone.demo.replies import ShopError, on_busy, on_http_error, on_shop_error

__all__ = ["DATABASE", "DSN", "application", "from_environment"]

DATABASE = "LOADSTONE_DEMO_DATABASE"
DSN = "LOADSTONE_DEMO_DSN"


_SMALL: dict[str, Any] = {"connections": 2, "patience_s": 0.5}  # the pool of the fault "pool"


def application(database: Database, fault: str = "none") -> Starlette:
    """The shop over a filled database, which it closes when it shuts down; ``fault`` is one of faults.FAULTS."""
    plant(database, fault)
    with database.read() as session:
        row = session.ask("SELECT value FROM setting WHERE name = 'secret'")().fetchone()
    assert row is not None, "a filled shop has a secret"

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        yield
        database.close()

    app = Starlette(
        routes=[
            Route("/", home),
            Route("/healthz", health),
            Route("/categories", categories),
            Route("/products", product_list),
            Route("/products/{number:int}", detail),
            Route("/search", search),
            Route("/login", login_form),
            Route("/login", log_in, methods=["POST"]),
            Route("/logout", log_out, methods=["POST"]),
            Route("/account", account),
            Route("/cart", cart),
            Route("/cart/items", add_item, methods=["POST"]),
            Route("/cart/items/{number:int}", remove_item, methods=["DELETE"]),
            Route("/orders", order_list),
            Route("/orders", place_order, methods=["POST"]),
            Route("/orders/{number:int}", order),
        ],
        exception_handlers={ShopError: on_shop_error, Busy: on_busy, HTTPException: on_http_error},
        lifespan=lifespan,
    )
    app.state.database = database
    app.state.fault = fault
    app.state.secret = bytes.fromhex(row[0])
    return app


def home(request: Request) -> Response:
    """``GET /``"""
    database: Database = request.app.state.database
    with database.read() as session:
        popular = page_of_products(session, 1, None)["items"]
        assert isinstance(popular, list)
        return HTMLResponse(home_page(category_list(session), popular))


def health(request: Request) -> Response:
    """``GET /healthz``: up, and the database answers."""
    database: Database = request.app.state.database
    with database.read() as session:
        session.ask("SELECT 1")().fetchone()
    return JSONResponse({"status": "ok"})


def from_environment() -> Starlette:
    """The shop that the environment names; how each worker process starts it."""
    fault = named_in_environment()
    pool = _SMALL if fault == "pool" else {}
    dsn = os.environ.get(DSN)
    if dsn:
        from loadstone.demo.postgres import PostgresDatabase

        return application(PostgresDatabase(dsn, **pool), fault)
    return application(SqliteDatabase(Path(os.environ[DATABASE]), **pool), fault)
