"""How one logs in, as documents of several makes describe it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

from loadstone.model.discovery import Login
from loadstone.traffic.openapi import read_openapi


def document(paths: dict[str, Any], schemes: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
    return {"openapi": "3.0.0", "paths": paths, "components": {"securitySchemes": schemes or {}}, **more}


def login(paths: dict[str, Any], schemes: dict[str, Any] | None = None, **more: object) -> Login | None:
    return read_openapi(document(paths, schemes, **more), at="test", url="http://127.0.0.1:8000").login


def takes(*fields: str, kind: str = "application/json", gives: dict[str, Any] | None = None) -> dict[str, Any]:
    """An operation with a body of these fields, and a reply of this shape."""
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in fields}}
    reply = {"200": {"content": {"application/json": {"schema": gives}}}} if gives else {}
    return {"post": {"requestBody": {"content": {kind: {"schema": schema}}}, "responses": reply}}


def shape(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


@pytest.mark.parametrize(
    ("url", "action"),
    [
        ("token", "/v1/token"),
        ("./token", "/v1/token"),
        ("/auth/token", "/auth/token"),
        ("http://127.0.0.1:8000/t", "/t"),
        ("https://login.example/t", None),
    ],
)
def test_oauth_with_a_password(url: str, action: str | None) -> None:
    flows = {"password": {"tokenUrl": url, "scopes": {}}}
    found = login({}, {"oauth": {"type": "oauth2", "flows": flows}}, servers=[{"url": "/v1"}])
    if action is None:
        assert found is not None and found.kind == "bearer"
        return
    assert found is not None
    assert (found.kind, found.action, found.fixed, found.token) == (
        "json",
        action,
        {"grant_type": "password"},
        "$.access_token",
    )


def test_fastapi_s_own() -> None:
    app = FastAPI()
    bearer = OAuth2PasswordBearer(tokenUrl="token")

    def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
        return {}

    def item(item_id: int) -> dict[str, str]:
        return {}

    app.post("/token")(token)
    app.get("/items/{item_id}", dependencies=[Depends(bearer)])(item)
    read = read_openapi(app.openapi(), at="/openapi.json")
    assert read.login is not None
    assert (read.login.kind, read.login.action, read.login.user) == ("json", "/token", "username")
    assert {route.id: route.login for route in read.routes} == {"POST /token": False, "GET /items/{item_id}": True}


def test_an_operation_that_takes_a_name_and_a_password() -> None:
    paths = {
        "/users": takes("email", "password", "name", gives=shape("id")),
        "/auth/register": takes("email", "password", gives=shape("token")),
        "/auth/login": takes(
            "email", "password", gives={"type": "object", "properties": {"data": shape("accessToken")}}
        ),
        "/auth/password/reset": takes("email", "new_password"),
    }
    found = login(paths, {"b": {"type": "http", "scheme": "bearer"}})
    assert found is not None
    assert (found.kind, found.action, found.user, found.password) == ("json", "/auth/login", "email", "password")
    assert found.token == "$.data.accessToken"


def test_django_s_token() -> None:
    found = login({"/api-token-auth/": takes("username", "password", gives=shape("token"))})
    assert found is not None
    assert (found.action, found.token) == ("/api-token-auth/", "$.token")


def test_a_form_for_a_cookie() -> None:
    kind = "application/x-www-form-urlencoded"
    found = login(
        {"/login": takes("user", "pass", kind=kind)}, {"c": {"type": "apiKey", "in": "cookie", "name": "sid"}}
    )
    assert found is not None
    assert (found.kind, found.action, found.user, found.password, found.token) == (
        "form",
        "/login",
        "user",
        "pass",
        None,
    )


@pytest.mark.parametrize("scheme", ["bearer", "basic"])
def test_what_goes_with_each_request(scheme: str) -> None:
    paths = {"/open": {"get": {"security": []}}, "/me/{id}": {"get": {}}, "/me": {"get": {}}}
    found = login(paths, {"s": {"type": "http", "scheme": scheme}}, security=[{"s": []}])
    assert found is not None
    assert (found.kind, found.action, found.method) == (scheme, "/me", "GET")


def test_nothing_of_it() -> None:
    assert login({"/a": {"get": {}}}) is None
    read = read_openapi({"openapi": "3.0.0", "paths": {"/a": {"get": {}}}}, at="test")
    assert read.routes[0].login is None


def test_optional_security_needs_no_login() -> None:
    schemes = {"s": {"type": "http", "scheme": "bearer"}}
    paths = {"/a": {"get": {"security": [{"s": []}, {}]}}, "/b": {"get": {"security": [{"s": []}]}}, "/c": {"get": {}}}
    read = read_openapi(document(paths, schemes), at="test")
    assert [route.login for route in read.routes] == [False, True, False]
