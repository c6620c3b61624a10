"""The newest reviews of a product, each with its author and the badge that the author's thanks have earned.

A badge tells how many customers were thanked more often: fewer than 10, 100 or 1,000.
"""

from __future__ import annotations

from loadstone.demo.database import Session

__all__ = ["NEWEST", "newest_reviews"]

NEWEST = 50  # shown with a product
_BADGES = {10: "top 10", 100: "top 100", 1_000: "top 1,000"}
_NAMES = ("author", "badge", "rating", "body", "written_at")

_REVIEWS = (
    "SELECT customer_id, rating, body, written_at FROM review "
    "WHERE product_id = ? ORDER BY written_at DESC, id DESC LIMIT ?"
)
_AUTHOR = (
    "SELECT name, (SELECT count(*) FROM customer AS ahead WHERE ahead.thanks > customer.thanks) "
    "FROM customer WHERE id = ?"
)
# Whoever has at least the thanks of the tenth has fewer than ten ahead.
_BADGE = "CASE {} END".format(
    " ".join(
        f"WHEN customer.thanks >= (SELECT min(thanks) FROM (SELECT thanks FROM customer "
        f"ORDER BY thanks DESC LIMIT {most}) AS first_{most}) THEN '{badge}'"
        for most, badge in _BADGES.items()
    )
)
_JOINED = (
    f"SELECT customer.name, {_BADGE}, review.rating, review.body, review.written_at "
    "FROM review JOIN customer ON customer.id = review.customer_id "
    "WHERE review.product_id = ? ORDER BY review.written_at DESC, review.id DESC LIMIT ?"
)


def newest_reviews(session: Session, product: int, fault: str) -> list[dict[str, object]]:
    """With one statement for all of them, or with one more for each where ``fault`` is ``reviews``."""
    if fault == "reviews":
        reviews = session.ask(_REVIEWS)((product, NEWEST)).fetchall()
        rows = [(*_author(session, customer), *review) for customer, *review in reviews]
    else:
        rows = session.ask(_JOINED)((product, NEWEST)).fetchall()
    return [dict(zip(_NAMES, row, strict=True)) for row in rows]


def _author(session: Session, customer: int) -> tuple[str, str | None]:
    """Name and badge of one customer: right for one, and asked for each review."""
    row = session.ask(_AUTHOR)((customer,)).fetchone()  # fault: reviews
    assert row is not None, "a review has an author"
    name, ahead = row
    return name, next((badge for most, badge in _BADGES.items() if ahead < most), None)
