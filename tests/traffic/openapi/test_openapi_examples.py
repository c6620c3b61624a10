"""Examples fit their schemas: jsonschema is the judge."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.traffic.openapi.document import Document
from loadstone.traffic.openapi.examples import example_of
from loadstone.traffic.openapi.patterns import text_of_pattern


def example(schema: object, components: dict[str, Any] | None = None) -> object:
    return example_of(Document({"components": components or {}}, "test", {}, ""), schema).value


NUMBERS = st.builds(
    lambda kind, low, span, step: {
        "type": kind,
        **({} if low is None else {"minimum": low}),
        **({} if low is None or span is None else {"maximum": low + span}),
        **({} if step is None or span is not None else {"multipleOf": step}),
    },
    st.sampled_from(["integer", "number"]),
    st.none() | st.integers(-50, 50),
    st.none() | st.integers(0, 20),
    st.none() | st.integers(1, 7),
)
TEXTS = st.builds(
    lambda least, form: {
        "type": "string",
        **({"minLength": least} if least else {}),
        **({"format": form} if form else {}),
    },
    st.integers(0, 30),
    st.just(None),
) | st.sampled_from(["date", "date-time", "uuid", "email", "uri", "ipv4", "ipv6"]).map(
    lambda form: {"type": "string", "format": form}
)
LEAVES = (
    NUMBERS
    | TEXTS
    | st.sampled_from([{"type": "boolean"}, {"enum": ["a", 3]}, {"const": 5}, {"type": ["null", "integer"]}])
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(
            lambda properties, required: {
                "type": "object",
                "properties": properties,
                "required": [name for name, wanted in zip(properties, required, strict=False) if wanted],
            },
            st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
            st.lists(st.booleans(), min_size=4, max_size=4),
        )
        | st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 3))
        | st.builds(lambda one, other: {"oneOf": [one], "description": other}, inner, st.just("x"))
        | st.builds(lambda one: {"anyOf": [{"type": "null"}, one]}, inner)
    ),
    max_leaves=8,
)


@given(SCHEMAS)
def test_an_example_fits_its_schema(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(
        example(schema)
    )


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 6),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "number", "minimum": 0.25, "maximum": 0.5}, 0.5),
        ({"type": "string", "maxLength": 3}, "exa"),
        ({"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"}, "AAA-1111"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"key": 1}),
        (
            {"allOf": [{"required": ["a"], "properties": {"a": {"example": 1}}}, {"example": {"b": 2}}]},
            {"a": 1, "b": 2},
        ),
        ({"properties": {"a": {"default": 3}}}, {}),
        ({"type": "array", "prefixItems": [{"const": 1}, {"const": "x"}]}, [1, "x"]),
        ({"example": None, "type": "integer"}, 1),
        (True, "example"),
    ],
)
def test_examples(schema: object, value: object) -> None:
    assert example(schema) == value


def test_a_schema_that_holds_itself_is_cut() -> None:
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"const": "n"}, "kids": {"type": "array", "items": {"$ref": "#/components/Tree"}}},
    }
    assert example({"$ref": "#/components/Tree"}, {"Tree": tree}) == {"name": "n"}
    tree["required"] = ["name", "kids"]
    assert example({"$ref": "#/components/Tree"}, {"Tree": tree}) == {"name": "n", "kids": []}


@given(
    st.sampled_from(
        [
            r"^\d{3}$",
            r"[a-f0-9]{8}",
            r"^(foo|bar)-[A-Z]+$",
            r"^\+?[1-9]\d{1,14}$",
            r"a{2,}b?c*d+",
            r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
            r"^(?:[0-9]{2}:){2}[0-9]{2}$",
            r"^#[0-9a-fA-F]{6}$",
            r"",
        ]
    )
)
def test_a_text_fits_its_pattern(pattern: str) -> None:
    text = text_of_pattern(pattern)
    assert text is not None
    assert re.search(pattern, text)


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1", "[", "(", "a{99999}b{99999}", r"\p{L}+"])
def test_what_is_not_followed_is_none(pattern: str) -> None:
    assert text_of_pattern(pattern) is None


@given(st.text(max_size=30))
def test_any_pattern_is_a_match_or_none(pattern: str) -> None:
    text = text_of_pattern(pattern)
    assert text is None or re.search(pattern, text)
