"""What the terminal shows after init, whole."""

from __future__ import annotations

from pathlib import Path

from loadstone.model.assumption import Unknown
from loadstone.model.discovery import Database, Dependency, Discovery, Login, Obstacle
from loadstone.model.introduction import Covered, Introduction
from loadstone.model.route import Route
from loadstone.render.init_text import init_text

GOLDEN = Path(__file__).parent / "golden" / "init.txt"

TOLD = Introduction(
    spec="loadstone.toml",
    sentence="4 routes found at http://127.0.0.1:8000, 2 of them driven by 1 journey.",
    discovery=Discovery(
        url="http://127.0.0.1:8000",
        routes=(
            Route("GET", "/products", sources=("openapi", "log")),
            Route("GET", "/products/{id}", sources=("openapi",)),
            Route("POST", "/products", sources=("openapi",)),
            Route("GET", "/reports/{name}", sources=("django",)),
        ),
        login=Login("form", "/login", page="/login"),
        databases=(
            Database("postgresql", "DATABASE_URL", "127.0.0.1", 5432, "shop", readable=False, problem="no role"),
        ),
        dependencies=(Dependency("Redis", "an open connection", "127.0.0.1", 6379),),
        obstacles=(Obstacle("rate-limited", "It answers 429.", "Raise the limit while you measure."),),
        unknowns=(
            Unknown("values for GET /reports/{name}", "loadstone init http://127.0.0.1:8000 --log access.log"),
            Unknown("who uses it"),
        ),
        framework="Django 5.2",
        looked=("the OpenAPI document openapi.json: 3 routes", "a look around: 12 requests sent, 2\x1b[31m routes"),
    ),
    covered=(
        Covered("GET /products", "journey", "products", "list"),
        Covered("GET /products/{id}", "journey", "products", "detail"),
        Covered("POST /products", "off", "change products", "post list", "POST may change something"),
        Covered("GET /reports/{name}", "left out", why="no value is known for {name}"),
    ),
    journeys=("products",),
    off=("change products",),
    feeds=("traffic/products.csv",),
    objectives=("products.list: p95 < 44ms", "errors < 1%"),
    rate_per_s=5.0,
    rate="a tenth of what one user alone can do (50.1/s, run 20261126T030508-590b), within bounds",
    notes=("The spec reads the password from LOADSTONE_PASSWORD: export LOADSTONE_PASSWORD=…",),
)


def test_the_whole_text() -> None:
    assert init_text(TOLD, width=100) + "\n" == GOLDEN.read_text()


def test_nothing_from_outside_steers_the_terminal_and_lines_keep_their_width() -> None:
    for width in (60, 80, 120):
        text = init_text(TOLD, width=width)
        assert "\x1b" not in text
        assert text.endswith("next    loadstone check")
        prose = [line for line in text.splitlines() if not line.startswith("      ")]
        assert all(len(line) <= max(width, 70) for line in prose), max(prose, key=len)
