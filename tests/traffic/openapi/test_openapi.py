"""Documents become routes: paths and bases, parameters in every style, bodies, security, logins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loadstone.errors import SpecError
from loadstone.model.route import Field, Route
from loadstone.traffic.openapi import OpenApi, read_openapi

YAML = """\
openapi: 3.1.0
info: {title: Shop, version: 2024-01-01}
servers:
  - url: https://{region}.shop.example/{base}/v1/
    variables:
      region: {default: eu}
      base: {default: api, enum: [api, beta]}
  - url: http://127.0.0.1:8000/dev
paths:
  /products/{id}:
    parameters:
      - $ref: '#/components/parameters/Id'
      - {name: lang, in: query, schema: {type: string, enum: [en, de]}}
    get:
      operationId: readProduct
      parameters:
        - {name: lang, in: query, required: true, example: fr, schema: {type: string}}
        - {name: X-Request-Id, in: header, schema: {type: string}}
      security: []
      responses: {200: {description: ok}}
    put:
      deprecated: true
      requestBody:
        required: true
        content:
          application/xml: {schema: {type: string}}
          application/json: {schema: {$ref: '#/components/schemas/Product'}}
      callbacks: {done: {'{$request.body#/url}': {post: {responses: {200: {description: ok}}}}}}
  /old:
    servers: [{url: /legacy}]
    get: {responses: {yes: {description: on}}}
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {type: integer, minimum: 7}}
  schemas:
    Product:
      type: object
      required: [name, kind, price]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string, examples: [Oak lamp]}
        kind: {enum: [chair, lamp]}
        price: {type: [number, 'null'], exclusiveMinimum: 10}
        made: {type: string, format: date, default: 2024-02-03}
        parent: {$ref: '#/components/schemas/Product'}
  securitySchemes:
    token: {type: http, scheme: bearer}
security: [{token: []}]
"""


def by_id(document: OpenApi) -> dict[str, Route]:
    return {route.id: route for route in document.routes}


def one(parameter: dict[str, Any], version: str = "3.0.3", path: str = "/a/{x}") -> tuple[Field, ...]:
    """The fields of an operation with one parameter."""
    document = {"openapi": version, "paths": {path: {"get": {"parameters": [parameter]}}}}
    if version == "2.0":
        document = {"swagger": "2.0", "paths": document["paths"]}
    (route,) = read_openapi(document, at="test").routes
    return route.fields


@pytest.mark.parametrize("as_json", [False, True])
def test_a_whole_document(as_json: bool) -> None:
    text = YAML
    if as_json:
        import yaml

        text = json.dumps(yaml.load(YAML, Loader=yaml.BaseLoader)).replace('"7"', "7").replace('"10"', "10")
        text = text.replace('"true"', "true")
    read = read_openapi(text, at="shop.yaml")
    routes = by_id(read)
    assert (read.title, read.version, read.base_path) == ("Shop", "3.1.0", "/api/v1")
    assert list(routes) == ["GET /api/v1/products/{id}", "PUT /api/v1/products/{id}", "GET /legacy/old"]
    product = routes["GET /api/v1/products/{id}"]
    assert product.fields == (
        Field("id", "path", "number", values=("7",), counts=(0,)),
        Field("lang", "query", "text", values=("fr",), counts=(0,)),
    )
    assert (product.name, product.login, product.sources, product.safe) == ("readProduct", False, ("openapi",), True)
    change = routes["PUT /api/v1/products/{id}"]
    assert change.body == "application/json"
    assert json.loads(change.example or "") == {
        "name": "Oak lamp",
        "kind": "chair",
        "price": 10.5,
    }
    assert change.login is True
    assert change.fields[1] == Field("lang", "query", "word", False, values=("en", "de"), counts=(0, 0))
    assert read.deprecated == ("PUT /api/v1/products/{id}",)
    assert read.guessed == ("GET /api/v1/products/{id} id", "PUT /api/v1/products/{id} id")
    assert read.login is not None and read.login.kind == "bearer"


def test_the_server_at_the_service_s_own_address() -> None:
    read = read_openapi(YAML, at="shop.yaml", url="http://127.0.0.1:8000/docs")
    assert read.base_path == "/dev"


def test_a_server_relative_to_the_document() -> None:
    text = "openapi: 3.0.0\nservers: [{url: ./v2}]\npaths: {/a: {get: {}}}"
    assert read_openapi(text, at="http://127.0.0.1:1/api/openapi.yaml").base_path == "/api/v2"
    assert read_openapi(text, at="openapi.yaml").base_path == "/v2"


@pytest.mark.parametrize(
    ("style", "explode", "value", "text"),
    [
        ("simple", False, [3, 4], "3,4"),
        ("simple", True, {"r": 1, "g": 2}, "r=1,g=2"),
        ("simple", False, {"r": 1, "g": 2}, "r,1,g,2"),
        ("label", True, [3, 4], ".3.4"),
        ("matrix", False, [3, 4], ";x=3,4"),
        ("matrix", True, [3, 4], ";x=3;x=4"),
        ("matrix", False, 5, ";x=5"),
    ],
)
def test_styles_in_a_path(style: str, explode: bool, value: object, text: str) -> None:
    (field,) = one({"name": "x", "in": "path", "style": style, "explode": explode, "example": value})
    if style == "simple" and isinstance(value, dict) and not explode:
        text = "r,1,g,2"
    assert field.values == (text,)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"example": [1, 2]}, {"q": ("1", "2")}),
        ({"example": [1, 2], "explode": False}, {"q": ("1,2",)}),
        ({"example": ["a", "b"], "style": "pipeDelimited"}, {"q": ("a|b",)}),
        ({"example": ["a", "b"], "style": "spaceDelimited"}, {"q": ("a b",)}),
        ({"example": {"a": 1, "b": "x"}, "style": "deepObject", "explode": True}, {"q[a]": ("1",), "q[b]": ("x",)}),
        ({"example": {"a": 1, "b": "x"}}, {"a": ("1",), "b": ("x",)}),
        ({"example": {"a": 1}, "explode": False}, {"q": ("a,1",)}),
        ({"content": {"application/json": {"schema": {"type": "object", "example": {"a": 1}}}}}, {"q": ('{"a":1}',)}),
        ({"examples": {"one": {"value": "x"}, "two": {"value": "y"}}}, {"q": ("x", "y")}),
        ({"schema": {"type": "string", "default": "d", "enum": ["c", "d"]}}, {"q": ("d", "c")}),
        ({"schema": {"type": "boolean"}, "required": True}, {"q": ("true",)}),
        ({"schema": {"type": "string"}}, {"q": ()}),
        ({"example": 2.0}, {"q": ("2",)}),
    ],
)
def test_styles_in_a_query(given: dict[str, Any], fields: dict[str, tuple[str, ...]]) -> None:
    found = one({"name": "q", "in": "query", **given}, path="/a")
    assert {field.name: field.values for field in found} == fields


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (
            {"type": "array", "items": {"type": "string", "enum": ["x"]}, "collectionFormat": "csv", "required": True},
            ("x",),
        ),
        ({"type": "array", "default": ["a", "b"], "collectionFormat": "pipes"}, ("a|b",)),
        ({"type": "array", "default": ["a", "b"], "collectionFormat": "multi"}, ("a", "b")),
        ({"type": "array", "default": ["a", "b"]}, ("a,b",)),
        ({"type": "string", "enum": ["a", "b"]}, ("a", "b")),
    ],
)
def test_styles_of_swagger(given: dict[str, Any], values: tuple[str, ...]) -> None:
    (field,) = one({"name": "q", "in": "query", **given}, "2.0", "/a")
    assert field.values == values


def test_values_that_must_not_be_kept() -> None:
    (field,) = one({"name": "x", "in": "path", "schema": {"type": "string", "format": "email"}, "example": "a@b.c"})
    assert (field.kind, field.values) == ("personal", ())


def test_a_part_of_the_path_that_nobody_describes() -> None:
    document = {"openapi": "3.0.0", "paths": {"/a/{b}/{c}": {"get": {"parameters": [{"name": "c", "in": "path"}]}}}}
    read = read_openapi(document, at="test")
    assert [field.name for field in read.routes[0].fields] == ["b", "c"]
    assert read.guessed == ("GET /a/{b}/{c} c", "GET /a/{b}/{c} b")


def swagger() -> dict[str, Any]:
    return {
        "swagger": "2.0",
        "info": {"title": "Old", "version": "1"},
        "host": "shop.example",
        "basePath": "/v2",
        "consumes": ["application/json"],
        "paths": {
            "/pets": {
                "post": {
                    "parameters": [{"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Pet"}}],
                    "security": [{"key": []}],
                }
            },
            "/form": {
                "post": {
                    "consumes": ["application/x-www-form-urlencoded"],
                    "parameters": [
                        {"name": "a", "in": "formData", "type": "string", "required": True, "default": "x y"},
                        {"name": "b", "in": "formData", "type": "integer"},
                    ],
                }
            },
            "/file": {"post": {"parameters": [{"name": "f", "in": "formData", "type": "file"}]}},
        },
        "definitions": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "example": "Rex"}},
            }
        },
        "securityDefinitions": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "basic": {"type": "basic"},
        },
    }


def test_swagger() -> None:
    read = read_openapi(swagger(), at="swagger.json")
    routes = by_id(read)
    assert read.base_path == "/v2"
    assert (routes["POST /v2/pets"].example, routes["POST /v2/pets"].login) == ('{"name": "Rex"}', True)
    assert routes["POST /v2/form"].example == "a=x+y"
    assert (routes["POST /v2/file"].body, routes["POST /v2/file"].example) == ("multipart/form-data", None)
    assert read.keys == ("header X-Key",)
    assert read.login is not None and read.login.kind == "basic"


def test_a_reference_in_a_circle_and_one_to_nowhere() -> None:
    text = """\
openapi: 3.0.0
paths:
  /a:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}
  /b:
    post:
      requestBody:
        $ref: '#/components/nowhere'
  /c:
    get:
      parameters:
        - $ref: other.yaml#/Id
  /d: {$ref: '#/paths/~1e'}
  /e: {$ref: '#/paths/~1d'}
components:
  schemas:
    A: {type: object, required: [name, b], properties: {name: {example: x}, b: {$ref: '#/components/schemas/B'}}}
    B: {type: object, required: [n], properties: {n: {example: 1}, a: {$ref: '#/components/schemas/A'}}}
"""
    read = read_openapi(text, at="a.yaml")
    assert json.loads(by_id(read)["POST /a"].example or "") == {"name": "x", "b": {"n": 1}}
    told = "\n".join(read.notes)
    assert 'a.yaml:8: "#/components/nowhere" points at nothing' in told
    assert 'a.yaml:13: "other.yaml#/Id" is in another document' in told
    assert "a.yaml:14: references that lead in a circle" in told


def test_faults_are_told_with_their_lines() -> None:
    text = (
        "openapi: 3.0.0\npaths:\n  a: {get: {}}\n  /b:\n    get: 3\n  /c:\n    get:\n      parameters: 7\n  x-own: 1\n"
    )
    read = read_openapi(text, at="a.yaml")
    assert [route.id for route in read.routes] == ["GET /c"]
    assert [note.partition(" ")[0] for note in read.notes] == ["a.yaml:3:", "a.yaml:5:", "a.yaml:8:"]


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("openapi: 3.0.0\npaths:\n  - a\n", 2, "paths"),
        ("openapi: 3.0.0\npaths:\n  a: [\n", 4, "the end of the file"),
        ("openapi: 3.0.0\npaths: {\n  'a': x: y\n", 3, "'a': x: y"),
        ('{"openapi": "3.0.0",\n "paths": {,}}', 2, '"paths": {,}}'),
        ("openapi: 1.2\n", 1, "openapi: 1.2"),
        ("a: 1\n", 1, "a document with a"),
        ("- 1\n", 1, "no table"),
        ("", 1, "an empty document"),
        ("<!doctype html>\n<p>", 1, "<!doctype html>"),
        ("swagger: '1.2'", 1, "swagger: 1.2"),
        ('{"log": {}}', 1, "log"),
        ('{"info": {}, "item": []}', 1, "info, item"),
        ("a: &x [*x]\n", 1, "an alias within itself"),
        ("\t- a: b\n", 1, "- a: b"),
    ],
)
def test_what_is_no_document_is_told_with_its_line(text: str, line: int, found: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_openapi(text, at="a.yaml")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.found) == ("a.yaml", line, found)


def test_aliases_of_aliases_cost_nothing() -> None:
    lines = ["openapi: 3.0.0", "paths: {}", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert read_openapi("\n".join(lines), at="bomb.yaml").routes == ()


def test_yaml_1_2_and_merged_tables() -> None:
    text = """\
openapi: 3.0.0
common: &common
  parameters:
    - {name: on, in: query, example: yes}
    - {name: at, in: query, example: 2024-01-02}
    - {name: t, in: query, example: 12:30}
paths:
  /a:
    get: {<<: *common, operationId: no}
"""
    (route,) = read_openapi(text, at="a.yaml").routes
    assert route.name == "no"
    assert [field.values for field in route.fields] == [("yes",), ("2024-01-02",), ("12:30",)]


def test_a_tab_in_an_empty_line() -> None:
    text = "openapi: 3.0.0\ninfo:\n  description: |-\n    \t\n    Words.\npaths: {/a: {get: {}}}\n"
    assert [route.id for route in read_openapi(text, at="a.yaml").routes] == ["GET /a"]
