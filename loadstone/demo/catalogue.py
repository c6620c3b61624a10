"""The catalogue: categories, pages of products, one product, search."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from loadstone.demo.database import Database, Row, Session
from loadstone.demo.replies import ShopError, json_reply, number_in
from loadstone.demo.reviews import newest_reviews

__all__ = ["PAGE", "categories", "category_list", "detail", "page_of_products", "product_list", "search"]

PAGE = 20  # products on a page
_LAST_PAGE = 1_000_000
_WORDS = 8  # of a search; more are left out

_SUMMARY = (
    "product.id, product.name, category.slug, product.price_cents, product.stock, "
    "product.rating_sum, product.rating_count"
)
_FROM = "FROM product JOIN category ON category.id = product.category_id"
_SEARCH = {
    "sqlite": (
        f"SELECT {_SUMMARY} FROM product_text JOIN product ON product.id = product_text.rowid "
        "JOIN category ON category.id = product.category_id "
        "WHERE product_text MATCH ? ORDER BY product_text.rank, product.id LIMIT ?"
    ),
    "postgresql": (
        f"SELECT {_SUMMARY} {_FROM}, to_tsquery('simple', ?) AS query "
        "WHERE product.words @@ query ORDER BY ts_rank(product.words, query) DESC, product.id LIMIT ?"
    ),
}


def category_list(session: Session) -> list[dict[str, object]]:
    """Every category with the number of its products."""
    rows = session.ask("SELECT slug, title, products FROM category ORDER BY title")().fetchall()
    return [{"slug": slug, "title": title, "products": products} for slug, title, products in rows]


def page_of_products(session: Session, page: int, category: str | None) -> dict[str, object]:
    """One page, in the order of popularity: a range of an index, so the last page costs what the first does."""
    return _page(session, page, category, _found(session, category))


def _found(session: Session, category: str | None) -> Row:
    """How many products there are, of which category."""
    if category is None:
        found = session.ask("SELECT sum(products), 0 FROM category")().fetchone()
    else:
        found = session.ask("SELECT products, id FROM category WHERE slug = ?")((category,)).fetchone()
    if found is None:
        raise ShopError(404, "no_category", "There is no such category.")
    return found


def _page(session: Session, page: int, category: str | None, found: Row) -> dict[str, object]:
    first, last = (page - 1) * PAGE + 1, page * PAGE
    total, number = found
    if category is None:
        rows = session.ask(
            f"SELECT {_SUMMARY} {_FROM} WHERE product.position BETWEEN ? AND ? ORDER BY product.position"
        )((first, last)).fetchall()
    else:
        rows = session.ask(
            f"SELECT {_SUMMARY} {_FROM} WHERE product.category_id = ? AND product.category_position BETWEEN ? AND ? "
            "ORDER BY product.category_position"
        )((number, first, last)).fetchall()
    return {"items": [_summary(row) for row in rows], "page": page, "pages": -(-total // PAGE), "total": total}


def _summary(row: Row) -> dict[str, object]:
    number, name, category, price_cents, stock, rating_sum, rating_count = row
    return {
        "id": number,
        "name": name,
        "category": category,
        "price_cents": price_cents,
        "in_stock": stock > 0,
        "rating": round(rating_sum / rating_count, 2) if rating_count else None,
        "reviews": rating_count,
    }


def categories(request: Request) -> Response:
    """``GET /categories``"""
    database: Database = request.app.state.database
    with database.read() as session:
        return json_reply(request, {"items": category_list(session)})


def product_list(request: Request) -> Response:
    """``GET /products?page=1&category=chairs``"""
    database: Database = request.app.state.database
    page = number_in(dict(request.query_params), "page", 1, 1, _LAST_PAGE)
    category = request.query_params.get("category")
    with database.read() as session:
        content = page_of_products(session, page, category)
        if request.app.state.fault == "pool":
            with database.read() as counting:  # fault: pool
                content["total"] = _found(counting, category)[0]
        return json_reply(request, content)


def detail(request: Request) -> Response:
    """``GET /products/17``, with ``?expand=reviews`` for the newest reviews and their authors."""
    database: Database = request.app.state.database
    number = request.path_params["number"]
    with database.read() as session:
        row = session.ask(f"SELECT {_SUMMARY}, product.description, category.title {_FROM} WHERE product.id = ?")(
            (number,)
        ).fetchone()
        if row is None:
            raise ShopError(404, "no_product", "There is no such product.")
        product: dict[str, Any] = _summary(row[:7])
        product |= {"description": row[7], "category_title": row[8], "stock": row[4]}
        if request.query_params.get("expand") == "reviews":
            product["newest_reviews"] = newest_reviews(session, number, request.app.state.fault)
    return json_reply(request, product)


def search(request: Request) -> Response:
    """``GET /search?q=oak+lamp``: products that hold every word, the last one as a beginning."""
    database: Database = request.app.state.database
    words = re.findall(r"\w+", request.query_params.get("q", "").lower())[:_WORDS]
    if not words:
        raise ShopError(400, "bad_q", "q holds at least one word to search for.")
    if database.dialect == "sqlite":
        query = " ".join(f'"{word}"' for word in words) + "*"
    else:
        query = " & ".join(f"'{word}'" for word in words) + ":*"
    with database.read() as session:
        rows = session.ask(_SEARCH[database.dialect])((query, PAGE)).fetchall()
    return json_reply(request, {"query": " ".join(words), "items": [_summary(row) for row in rows]})
