"""What the shop can be told to do wrong, one thing at a time. With none of them it is healthy.

Each is what such code truly does: nothing sleeps, nothing is counted that is not done.
"""

from __future__ import annotations

import os

from loadstone.demo.database import Database

__all__ = ["CURES", "FAULT", "FAULTS", "named_in_environment", "plant"]

FAULT = "LOADSTONE_DEMO_FAULT"

FAULTS: dict[str, str] = {
    "none": "healthy",
    "reviews": "the author of each review is looked up by a statement of its own, when ?expand=reviews is set",
    "index": "reviews have no index by product, so ?expand=reviews reads all of them",
    "serialiser": "the catalogue's replies are copied deeply and spelt out as JSON letter by letter in Python",
    "pool": "GET /products holds one connection of a pool of two while it asks for a second",
    "locks": "each order takes the next order number first and seals its receipt before it commits",
}

CURES: dict[str, str] = {
    "none": "there is nothing to cure",
    "reviews": "one statement joins the reviews with their authors and tells the badges by three thresholds "
    "(_JOINED in loadstone/demo/reviews.py)",
    "index": "an index of the reviews by product and date (plant in loadstone/demo/faults.py)",
    "serialiser": "the catalogue's replies are written by the standard library's encoder, uncopied "
    "(json_reply in loadstone/demo/replies.py)",
    "pool": "GET /products does all it needs on one connection, of as many as there are threads "
    "(product_list in loadstone/demo/catalogue.py)",
    "locks": "an order holds no row that other orders want (place_order in loadstone/demo/orders.py)",
}
"""What the code does instead where the fault is not planted."""


def named_in_environment() -> str:
    """The fault that the environment names; raises ValueError where it names none of them."""
    fault = os.environ.get(FAULT) or "none"
    if fault not in FAULTS:
        raise ValueError(f"{FAULT} is one of {', '.join(FAULTS)}; found {fault}")
    return fault


def plant(database: Database, fault: str) -> None:
    """Bring the tables into the state that the fault needs, and out of it again."""
    with database.write() as session:
        if fault == "index":
            session.ask("DROP INDEX IF EXISTS review_by_product")()
        else:
            session.ask(
                "CREATE INDEX IF NOT EXISTS review_by_product ON review (product_id, written_at DESC, id DESC)"
            )()
