"""What calls are by their names, and which follow from others."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.diagnose.calls.outgoing import (
    calls_of,
    consumes,
    reads,
    repeated_above,
    side_by_side,
    signs_on,
    verb,
    waited_for,
)
from loadstone.diagnose.digest import Operation
from tests.scenes import Story


def operation(label: str, family: str = "rpc", **more: object) -> Operation:
    told = {"kind": "client", "service": "shop", "name": label} | more
    return Operation(0, family, label=label, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("label", "family", "read"),
    [
        ("GET stock/items/{}", "http", True),
        ("POST stock/items", "http", False),
        ("oteldemo.ProductCatalogService/GetProduct", "rpc", True),
        ("/driver.DriverService/FindNearest", "rpc", True),
        ("getdriver", "rpc", True),
        ("shop.Payment/Charge", "rpc", False),
        ("shop.Settings/Settle", "rpc", False),
        ("shop.Issues/Issue", "rpc", False),
        ("Users::list_all", "rpc", True),
        ("redis.get", "key-value", True),
        ("HGETALL", "key-value", True),
        ("HSET", "key-value", False),
        ("GET /items/{id}", "server", True),
        ("", "rpc", False),
    ],
)
def test_what_changes_nothing(label: str, family: str, read: bool) -> None:
    assert reads(operation(label, family)) is read


def test_statements_go_by_their_first_word() -> None:
    read = operation("SELECT a.b/c FROM d", "database", statement="SELECT a.b/c FROM d")
    assert verb(read) == "SELECT"
    assert reads(read)
    assert not reads(operation("UPDATE a SET b = ?", "database", statement="UPDATE a SET b = ?"))


def test_an_item_follows_its_list_and_all_follow_a_login() -> None:
    listed = operation("GET stock/items", "http", address="stock")
    item = operation("GET stock/items/{}", "http", address="stock")
    other = operation("GET texts/items/{}", "http", address="texts")
    assert consumes(item, listed)
    assert not consumes(listed, item)
    assert not consumes(other, listed)
    assert consumes(other, operation("POST auth/oauth/token", "http", address="auth"))
    assert signs_on(operation("POST sso/login", "http"))
    assert not signs_on(operation("GET blog/inlay", "http"))


@pytest.mark.parametrize(
    ("file", "scope", "way"),
    [
        ("shop/pages.py", "httpx", "a ThreadPoolExecutor's map"),
        (None, "opentelemetry.instrumentation.httpx", "asyncio.gather"),
        ("src/app.ts", None, "Promise.all"),
        (None, "io.opentelemetry.okhttp-3.0", "CompletableFuture.allOf"),
        (None, "go.opentelemetry.io/contrib/otelhttp", "an errgroup"),
        (None, "System.Net.Http", "Task.WhenAll"),
    ],
)
def test_the_callers_language_has_a_way(file: str | None, scope: str | None, way: str) -> None:
    assert side_by_side(operation("GET a", "http", file=file, scope=scope)) == way


def test_a_servers_span_below_another_services_is_a_call() -> None:
    story = Story(own=False, service="web")
    for request in story.requests(3):
        request.span("server", "GET /items", 0.01, service="stock", http_request_method="GET", http_route="/items")
        request.span("consumer", "letters process", 0.01, service="carrier")
        request.span("internal", "render", 0.01)
    digest = story.digest()
    assert [one.service for _, one, _ in calls_of(digest, 0)] == ["stock"]


def test_what_ends_after_the_root_made_nobody_wait() -> None:
    story = Story()
    for request in story.requests(3):
        request.call("GET", "stock", "/items", 0.01)
        request.call("GET", "late", "/items", 0.01, at=60.0)
        request.root["end_s"] = 0.02
    digest = story.digest()
    told = {one.address: waited_for(digest, places).tolist() for _, one, places in calls_of(digest, 0)}
    assert told == {"stock": [True] * 3, "late": [False] * 3}


def test_a_loop_of_calls_is_above_what_each_of_them_does() -> None:
    story = Story(own=False, service="web")
    for request in story.requests(4):
        for _ in range(6):
            with request.inside("shop.Users/Get", kind="client"), request.inside("shop.Users/Get", kind="server"):
                request.sql("SELECT * FROM users WHERE id = ?", 0.001)
        for _ in range(6):
            with request.inside("row"):
                request.sql("SELECT * FROM row WHERE id = ?", 0.001)
    digest = story.digest()
    requests = digest.requests_of(0)
    above = {
        digest.operations[operation].label: repeated_above(digest, 0, parent, requests, 5)
        for parent, operation, _ in digest.groups(0)
        if digest.operations[operation].family == "database"
    }
    assert above == {"SELECT * FROM users WHERE id = ?": True, "SELECT * FROM row WHERE id = ?": False}
    assert not repeated_above(digest, 0, -1, np.empty(0, np.int32), 5)
