"""Collections of format 2.0 and 2.1 become requests in their order, and routes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from loadstone.errors import SpecError
from loadstone.model.recording import RecordedExchange, Recording
from loadstone.model.route import Field, Route
from loadstone.traffic.postman import read_postman

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def write(folder: Path, *items: object, **more: object) -> Path:
    path = folder / "shop.json"
    path.write_text(json.dumps({"info": {"name": "Shop", "schema": SCHEMA}, "item": list(items), **more}))
    return path


def item(url: object, method: str = "GET", name: str = "", **request: object) -> dict[str, Any]:
    return {"name": name, "request": {"method": method, "url": url, **request}}


def only(folder: Path, *items: object, **more: object) -> tuple[RecordedExchange, Route, Recording]:
    recording, routes = read_postman(write(folder, *items, **more))
    (exchange,), (route,) = recording.exchanges, routes
    return exchange, route, recording


def test_folders_variables_and_path_variables(tmp_path: Path) -> None:
    inner = item(
        {
            "raw": "{{base}}/{{version}}/users/:id/orders/{{orderId}}?q=oak lamp&off=1#x",
            "query": [{"key": "q", "value": "oak lamp"}, {"key": "off", "value": "1", "disabled": True}],
            "variable": [{"key": "id", "value": "{{userId}}"}],
        },
        name="An order",
        header=[{"key": "X-One", "value": "{{userId}}"}, {"key": "X-Off", "value": "1", "disabled": True}],
    )
    folder = {"name": "orders", "item": [inner], "variable": [{"key": "userId", "value": "17"}]}
    variables = [
        {"key": "base", "value": "{{host}}/api"},
        {"key": "host", "value": "https://Shop.example:443"},
        {"key": "version", "value": "v1"},
        {"key": "userId", "value": "3"},
        {"key": "gone", "value": "x", "disabled": True},
    ]
    exchange, route, recording = only(tmp_path, folder, variable=variables)
    assert recording.origin == "https://shop.example"
    assert exchange.target == "/api/v1/users/17/orders/{{orderId}}?q=oak%20lamp"
    assert exchange.request.headers == (("x-one", "17"),)
    assert exchange.page == 1
    assert route.id == "GET /api/v1/users/{id}/orders/{orderId}"
    assert route.fields == (
        Field("id", "path", "number", values=("17",), counts=(0,)),
        Field("orderId", "path"),
        Field("q", "query", required=False, values=("oak lamp",), counts=(0,)),
    )
    assert (route.name, route.sources) == ("An order", ("postman",))
    assert any("variables without a value: orderId" in note for note in recording.notes)


def test_format_2_0(tmp_path: Path) -> None:
    auth = {"type": "bearer", "bearer": {"token": "abc"}}
    exchange, route, _ = only(tmp_path, item("http://shop.example/a/:b?c=1", auth=auth))
    assert exchange.target == "/a/{{b}}?c=1"
    assert exchange.request.header("authorization") == "Bearer abc"
    assert (route.template, route.login) == ("/a/{b}", True)


def test_a_request_that_is_an_address_alone(tmp_path: Path) -> None:
    recording, _ = read_postman(write(tmp_path, {"name": "x", "request": "http://shop.example/a"}))
    assert [one.target for one in recording.exchanges] == ["/a"]


def test_an_address_in_pieces(tmp_path: Path) -> None:
    url = {"protocol": "http", "host": ["shop", "example"], "port": "81", "path": ["a", {"value": "b"}, ":c"]}
    exchange, _, recording = only(tmp_path, item(url))
    assert (recording.origin, exchange.target) == ("http://shop.example:81", "/a/b/{{c}}")


@pytest.mark.parametrize(
    ("auth", "headers", "query"),
    [
        (
            {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
            {"authorization": "Bearer {{token}}"},
            "",
        ),
        (
            {"type": "basic", "basic": [{"key": "username", "value": "a"}, {"key": "password", "value": "b"}]},
            {"authorization": f"Basic {base64.b64encode(b'a:b').decode()}"},
            "",
        ),
        (
            {"type": "basic", "basic": [{"key": "username", "value": "{{u}}"}]},
            {"authorization": "Basic {{basic_authorization}}"},
            "",
        ),
        (
            {"type": "apikey", "apikey": [{"key": "key", "value": "X-Key"}, {"key": "value", "value": "k"}]},
            {"x-key": "k"},
            "",
        ),
        (
            {"type": "apikey", "apikey": {"key": "key", "value": "k", "in": "query"}},
            {},
            "?key=k",
        ),
        ({"type": "oauth2", "oauth2": [{"key": "accessToken", "value": "t"}]}, {"authorization": "Bearer t"}, ""),
        ({"type": "noauth"}, {}, ""),
    ],
)
def test_logins(tmp_path: Path, auth: dict[str, Any], headers: dict[str, str], query: str) -> None:
    exchange, _, _ = only(tmp_path, item("http://shop.example/a"), auth=auth)
    assert (dict(exchange.request.headers), exchange.target) == (headers, f"/a{query}")
    exchange, _, _ = only(tmp_path, item("http://shop.example/a", auth=auth), auth={"type": "digest"})
    assert dict(exchange.request.headers) == headers, "its own wins"


def test_a_login_that_signs_is_told(tmp_path: Path) -> None:
    _, _, recording = only(tmp_path, item("http://shop.example/a"), auth={"type": "awsv4", "awsv4": []})
    assert any("kind awsv4" in note for note in recording.notes)


def body(folder: Path, given: dict[str, Any], method: str = "POST") -> tuple[RecordedExchange, Route, Recording]:
    return only(folder, item("http://shop.example/a", method, body=given))


def test_bodies(tmp_path: Path) -> None:
    exchange, route, _ = body(tmp_path, {"mode": "raw", "raw": '{"a": 1}'})
    assert (exchange.request.body, exchange.request.media_type) == ('{"a": 1}', "application/json")
    assert (route.body, route.example) == ("application/json", '{"a": 1}')
    raw = {"mode": "raw", "raw": "<a/>", "options": {"raw": {"language": "xml"}}}
    assert body(tmp_path, raw)[0].request.header("content-type") == "application/xml"
    fields = [
        {"key": "a", "value": "x y"},
        {"key": "b", "value": "{{b}}"},
        {"key": "c", "value": "1", "disabled": True},
    ]
    exchange, route, _ = body(tmp_path, {"mode": "urlencoded", "urlencoded": fields})
    assert exchange.request.body == "a=x+y&b=%7B%7Bb%7D%7D"
    assert route.body == "application/x-www-form-urlencoded"
    form = [{"key": "a", "value": "x", "type": "text"}, {"key": "f", "type": "file", "src": "/x"}]
    exchange, _, recording = body(tmp_path, {"mode": "formdata", "formdata": form})
    assert exchange.request.media_type == "multipart/form-data"
    assert 'name="a"\r\n\r\nx\r\n' in (exchange.request.body or "")
    assert any("a file in a form" in note for note in recording.notes)
    graphql = {"query": "query Me { me }", "variables": '{"n": 1}'}
    exchange, _, _ = body(tmp_path, {"mode": "graphql", "graphql": graphql})
    assert json.loads(exchange.request.body or "") == {"query": "query Me { me }", "variables": {"n": 1}}
    exchange, _, recording = body(tmp_path, {"mode": "file", "file": {"src": "/x"}})
    assert exchange.request.body is None
    assert any("a body that is a file" in note for note in recording.notes)
    assert body(tmp_path, {"mode": "raw", "raw": "x"}, "GET")[0].request.body is None, "as Postman sends it"


def test_secrets_are_no_examples(tmp_path: Path) -> None:
    fields = [{"key": "username", "value": "bob"}, {"key": "password", "value": "hunter22"}]
    _, route, _ = body(tmp_path, {"mode": "urlencoded", "urlencoded": fields})
    assert route.example is None
    _, route, _ = only(tmp_path, item("http://shop.example/a?api_key=hunter22&email=bob@example.com&q=1"))
    assert [field.values for field in route.fields] == [(), (), ("1",)]


def test_a_saved_reply(tmp_path: Path) -> None:
    saved = {
        "code": 201,
        "header": [{"key": "Content-Type", "value": "application/json; charset=utf-8"}],
        "body": '{"id": 17}',
        "responseTime": 40,
    }
    exchange, _, recording = only(tmp_path, {**item("http://shop.example/a"), "response": [{"name": "x"}, saved]})
    assert (exchange.status, exchange.duration_s) == (201, 0.04)
    assert (exchange.reply.media_type, exchange.reply.body) == ("application/json", '{"id": 17}')
    assert recording.notes == ()


def test_scripts_are_not_run_and_told(tmp_path: Path) -> None:
    script = {"listen": "test", "script": {"exec": ["pm.environment.set('token', 1);", 'pm.globals.set("id", 2)']}}
    _, _, recording = only(tmp_path, {**item("http://shop.example/a"), "event": [script]}, event=[script])
    assert "2 scripts were not run; they set token, id" in recording.notes


def test_the_host_is_the_service_s_where_it_is_a_variable(tmp_path: Path) -> None:
    items = [item("{{baseUrl}}/a"), item("https://other.example/b"), item("{{baseUrl}}")]
    path = write(tmp_path, *items)
    recording, _ = read_postman(path, url="http://127.0.0.1:8000")
    assert recording.origin == "http://127.0.0.1:8000"
    assert [one.target for one in recording.exchanges] == ["/a", "/"]
    assert recording.elsewhere == 1
    environment = tmp_path / "environment.json"
    environment.write_text(
        json.dumps({"values": [{"key": "baseUrl", "value": "http://shop.example/v1", "enabled": True}]})
    )
    recording, _ = read_postman(path, environment=environment)
    assert [one.target for one in recording.exchanges] == ["/v1/a", "/v1"]


def test_requests_of_one_route_are_put_together(tmp_path: Path) -> None:
    recording, routes = read_postman(
        write(tmp_path, *(item(f"http://shop.example/a?page={n}") for n in (1, 2)), item("http://shop.example/b"))
    )
    assert [(route.id, route.requests) for route in routes] == [("GET /a", 2), ("GET /b", 1)]
    assert routes[0].fields[0].values == ("1", "2")
    assert len(recording.exchanges) == 3


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('{"item": [', "the end of the file"),
        ('{"item": [}', '"}"'),
        ("[]", "no table"),
        ('{"info": {}}', "no list of items"),
        ('{"item": []}', "a collection without a request"),
        ('{"requests": [], "order": []}', "a collection of format 1"),
        ('{"name": "x", "values": []}', "an environment of Postman"),
        ('{"log": {}}', "a recording (HAR)"),
        ('{"openapi": "3.0.0"}', "an OpenAPI document"),
    ],
)
def test_what_is_no_collection_is_told(tmp_path: Path, content: str, found: str) -> None:
    path = tmp_path / "shop.json"
    path.write_text(content)
    with pytest.raises(SpecError) as caught:
        read_postman(path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.found.startswith(found)) == (1, True), problem.found


def test_a_value_of_any_type_anywhere(tmp_path: Path) -> None:
    whole = {
        "info": {"name": "x"},
        "variable": [{"key": "a", "value": "1"}],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "t"}]},
        "event": [{"script": {"exec": ["x"]}}],
        "item": [
            {
                "name": "n",
                "event": [],
                "response": [{"code": 200, "header": [{"key": "a", "value": "b"}], "body": "x"}],
                "request": {
                    "method": "POST",
                    "header": [{"key": "a", "value": "b"}],
                    "url": {
                        "raw": "http://a.b/c",
                        "query": [{"key": "a", "value": "b"}],
                        "variable": [{"key": "c", "value": "d"}],
                    },
                    "body": {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "b"}]},
                },
            }
        ],
    }

    def places(value: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return [above, *(place for key, one in inner for place in places(one, (*above, key)))]

    path = tmp_path / "shop.json"
    values: tuple[object, ...] = (None, 3, "x", [], {}, [1], True)
    for where in places(whole)[1:]:
        for value in values:
            changed = json.loads(json.dumps(whole))
            one = changed
            for part in where[:-1]:
                one = one[part]
            one[where[-1]] = value
            path.write_text(json.dumps(changed))
            try:
                read_postman(path)
            except SpecError:
                continue
