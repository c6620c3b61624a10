"""Any document, however broken, is routes and notes or one error: nothing falls, hangs or eats the memory."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from loadstone.errors import SpecError
from loadstone.traffic.openapi import read_openapi
from tests.traffic.openapi.test_openapi import YAML, swagger


def places(value: object, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(place for key, one in inner for place in places(one, (*above, key)))]


def test_a_value_of_any_type_anywhere() -> None:
    values: tuple[object, ...] = (None, 3, "x", [], {}, [1], True, {"$ref": "#"}, {"$ref": "#/paths"})
    for whole in (yaml.safe_load(YAML), swagger()):
        for where in places(whole)[1:]:
            for value in values:
                changed = copy.deepcopy(whole)
                one = changed
                for part in where[:-1]:
                    one = one[part]
                one[where[-1]] = value
                try:
                    read = read_openapi(changed, at="test")
                except SpecError:
                    continue
                assert all(route.template.startswith("/") for route in read.routes), (where, value)


@given(start=st.integers(0, len(YAML)), length=st.integers(0, 30), put=st.text(max_size=8))
def test_any_damage_to_the_text(start: int, length: int, put: str) -> None:
    try:
        read_openapi(YAML[:start] + put + YAML[start + length :], at="test.yaml")
    except SpecError as error:
        assert error.problems and error.problems[0].line >= 1
        assert str(error).startswith("test.yaml:")


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    try:
        read_openapi(content, at="test")
    except SpecError as error:
        assert str(error).startswith("test")


def test_schemas_that_multiply() -> None:
    """Each refers to the next twice: 2^40 leaves, were they followed."""
    schemas = {
        f"S{n}": {
            "type": "object",
            "properties": {key: {"$ref": f"#/components/schemas/S{n + 1}"} for key in "abcdefgh"},
        }
        for n in range(40)
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}
    document = {
        "openapi": "3.0.0",
        "paths": {"/a": {"post": {"requestBody": body}}},
        "components": {"schemas": schemas},
    }
    (route,) = read_openapi(document, at="test").routes
    assert route.example is None or len(route.example) <= 64 * 1024
