"""The shop's data: drawn from one seed, so that every start, on every machine, sells the same things."""

from __future__ import annotations

import random
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from loadstone.demo.database import Database, Row, Session, SqliteDatabase
from loadstone.demo.passwords import hash_password
from loadstone.demo.schema import INDEXED, VERSION, indexes, tables
from loadstone.demo.words import (
    ADJECTIVES,
    CATEGORIES,
    CLAIMS,
    FIRST_NAMES,
    LAST_NAMES,
    MATERIALS,
    OPENINGS,
    REMARKS,
)

__all__ = ["CUSTOMERS", "PASSWORD", "PRODUCTS", "fill", "sqlite_file", "working_copy"]

PRODUCTS = 10_000
CUSTOMERS = 1_000
AUTHORS = 80  # customers for each that has an account to try: the others wrote reviews, and nobody knows their password
PASSWORD = "loadstone-demo"  # of every seeded account, shopper1@example.com to shopper1000@example.com

_SEED = 20_240
_EPOCH = 1_735_689_600  # the newest review: 1 January 2025, 00:00 UTC
_YEAR_S = 31_536_000
_BESTSELLERS = 10  # one product in so many

Progress = Callable[[str], None]


def fill(database: Database, tell: Progress, *, products: int = PRODUCTS, customers: int = CUSTOMERS) -> None:
    """Create the tables and their rows in one transaction."""
    draw = random.Random(_SEED)
    with database.write() as session:
        for statement in tables(database.dialect):
            session.ask(statement)()
        tell(f"{customers * AUTHORS:,} customers")
        session.load("customer", ("id", "email", "name", "password", "thanks"), _customers(draw, customers))
        tell(f"{products:,} products and their reviews")
        _load_catalogue(session, draw, products, customers * AUTHORS)
        tell("indexes")
        for statement in indexes(database.dialect):
            session.ask(statement)()
        if database.dialect == "postgresql":
            for table in INDEXED:
                session.ask(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")()
        settings = (("version", str(VERSION)), ("secret", secrets.token_hex(32)))
        session.load("setting", ("name", "value"), settings)
        session.load("counter", ("name", "value"), (("orders", 0),))


def _customers(draw: random.Random, accounts: int) -> list[Row]:
    """Those with an account to try, then the other authors."""
    rows: list[Row] = []
    nobody = f"1000${bytes(16).hex()}${bytes(32).hex()}"  # of no password that anybody will find
    for number in range(1, accounts * AUTHORS + 1):
        name = f"{draw.choice(FIRST_NAMES)} {draw.choice(LAST_NAMES)}"
        known = number <= accounts
        password = hash_password(PASSWORD, draw.randbytes(16)) if known else nobody
        email = f"{'shopper' if known else 'author'}{number}@example.com"
        thanks = int(draw.expovariate(1 / 40) * (1 - draw.random()) ** -0.5)  # a few have very many
        rows.append((number, email, name, password, thanks))
    return rows


def _load_catalogue(session: Session, draw: random.Random, products: int, customers: int) -> None:
    positions = list(range(1, products + 1))
    draw.shuffle(positions)
    category_of = [draw.randrange(len(CATEGORIES)) for _ in positions]
    category_positions = _category_positions(positions, category_of)
    rows: list[Row] = []
    reviews: list[Row] = []
    for index, position in enumerate(positions):
        category = category_of[index]
        written = _reviews(draw, index + 1, position * _BESTSELLERS <= products, customers, len(reviews))
        reviews += written
        name = f"{draw.choice(ADJECTIVES)} {draw.choice(MATERIALS)} {draw.choice(CATEGORIES[category][2])}"
        description = " ".join(draw.sample(CLAIMS, 3))
        price_cents = max(150, round(draw.lognormvariate(8.3, 0.8) / 10) * 10 - 5)
        rows.append(
            (
                index + 1, category + 1, position, category_positions[index], name.capitalize(), description,
                price_cents, draw.randrange(500, 5_000), sum(review[3] for review in written), len(written),
            )
        )  # fmt: skip
    counts = [category_of.count(number) for number in range(len(CATEGORIES))]
    categories = [(n + 1, slug, title, counts[n]) for n, (slug, title, _) in enumerate(CATEGORIES)]
    session.load("category", ("id", "slug", "title", "products"), categories)
    session.load(
        "product",
        (
            "id", "category_id", "position", "category_position", "name", "description",
            "price_cents", "stock", "rating_sum", "rating_count",
        ),
        rows,
    )  # fmt: skip
    session.load("review", ("id", "product_id", "customer_id", "rating", "body", "written_at"), reviews)


def _category_positions(positions: list[int], category_of: list[int]) -> list[int]:
    """Each product's place within its own category, from 1, in the order of ``positions``."""
    taken = [0] * len(CATEGORIES)
    result = [0] * len(positions)
    for index in sorted(range(len(positions)), key=positions.__getitem__):
        taken[category_of[index]] += 1
        result[index] = taken[category_of[index]]
    return result


def _reviews(draw: random.Random, product: int, bestseller: bool, customers: int, before: int) -> list[Row]:
    """A product's reviews: about four, and some sixty more for the tenth that sells best."""
    count = int(draw.expovariate(1 / 4)) + (int(draw.gauss(60, 10)) if bestseller else 0)
    return [
        (
            before + number, product, draw.randint(1, customers), draw.choices((1, 2, 3, 4, 5), (1, 1, 3, 8, 9))[0],
            f"{draw.choice(OPENINGS)} {draw.choice(REMARKS)}", _EPOCH - draw.randrange(_YEAR_S),
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


def sqlite_file(path: Path, tell: Progress) -> Path:
    """The seeded file at ``path``, built beside it and moved into place when it is not there yet.

    Raises ValueError when the file exists and is not a shop of this version.
    """
    if path.exists():
        _require_shop(path)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    tell(f"building {path}, once")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".shop-") as folder:
        draft = Path(folder) / "shop.sqlite3"
        database = SqliteDatabase(draft, connections=1)
        try:
            fill(database, tell)
            with database.read() as session:
                session.ask("ANALYZE")()
        finally:
            database.close()  # the last connection folds the write-ahead log into the file
        draft.replace(path)
    return path


def working_copy(folder: Path, cache: Path, tell: Progress) -> Path:
    """A fresh copy of the seeded file in ``folder``, so that every start sells from a full stock."""
    pristine = sqlite_file(cache / f"shop-{VERSION}.sqlite3", tell)
    return Path(shutil.copyfile(pristine, folder / "shop.sqlite3"))


def _require_shop(path: Path) -> None:
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            found = connection.execute("SELECT value FROM setting WHERE name = 'version'").fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        found = None
    if found is None or found[0] != str(VERSION):
        raise ValueError(f"{path} is not a shop of this version; remove it or name another file")
