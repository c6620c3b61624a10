from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model import template
from loadstone.model.template import Choice, Column, Counter, Integer, Secret, TemplateError, Text, Variable, Zipf

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True)
VALUES = NAMES.filter(lambda name: name not in template.RESERVED)
RAW = st.booleans()
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
OPTIONS = st.lists(st.text(max_size=8), min_size=1, max_size=4).map(tuple)
EXPRESSIONS = st.one_of(
    st.builds(Variable, VALUES, RAW),
    st.builds(Column, NAMES.filter(lambda name: name != "env"), NAMES, RAW),
    st.builds(Secret, NAMES, RAW),
    st.builds(Zipf, st.integers(1, 10**7), st.floats(0, 10), st.just(0.0) | st.floats(0, 1e6), RAW),
    st.builds(lambda a, b, raw: Integer(min(a, b), max(a, b), raw), INTEGERS, INTEGERS, RAW),
    st.builds(Choice, OPTIONS, RAW),
    st.builds(Counter, st.sampled_from(["uuid", "arrival", "user"]), RAW),
)  # fmt: skip


@st.composite
def templates(draw: st.DrawFn) -> tuple[template.Part, ...]:
    parts: list[template.Part] = []
    for part in draw(st.lists(st.one_of(EXPRESSIONS, st.builds(Text, st.text('{}ab"', min_size=1))), max_size=6)):
        if isinstance(part, Text) and parts and isinstance(parts[-1], Text):
            parts[-1] = Text(parts[-1].text + part.text)
        else:
            parts.append(part)
    return tuple(parts)


@given(templates())
def test_what_is_shown_is_read_back(parts: tuple[template.Part, ...]) -> None:
    assert template.parse(template.show(parts)) == parts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab ,:[]", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.sampled_from([(",", ":"), (", ", ": ")]), st.sampled_from([None, 2]))
def test_json_needs_no_escaping(value: object, separators: tuple[str, str], indent: int | None) -> None:
    text = json.dumps(value, separators=separators, indent=indent)
    assert template.parse(text) == ((Text(text),) if text else ())


@given(st.text('{}()|.,"\\ abzipfnt150_-', max_size=24))
def test_any_text_is_a_template_or_a_sentence(text: str) -> None:
    try:
        parts = template.parse(text)
    except TemplateError as error:
        assert str(error)
    else:
        assert template.parse(template.show(parts)) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("/products?page={zipf(50)}", (Text("/products?page="), Zipf(50))),
        ("{zipf(50, 1.2)}", (Zipf(50, 1.2),)),
        ("{zipf(50, 1, 2.7)|raw}", (Zipf(50, 1.0, 2.7, raw=True),)),
        ("{int(1,9)}-{choice(a, \"b, c\")}", (Integer(1, 9), Text("-"), Choice(("a", "b, c")))),
        ("{users.email}{env.TOKEN}", (Column("users", "email"), Secret("TOKEN"))),
        ("{uuid}{arrival}{user|raw}", (Counter("uuid"), Counter("arrival"), Counter("user", raw=True))),
        ("{next | raw}", (Variable("next", raw=True),)),
        ("{{name}}", (Text("{name}"),)),
        ('{"a":{"b":"{id}"}}', (Text('{"a":{"b":"'), Variable("id"), Text('"}}'))),
        ("{ x } { 1 }", (Text("{ x } { 1 }"),)),
        ("a}b", (Text("a}b"),)),
    ],
)  # fmt: skip
def test_templates_are_read(text: str, parts: tuple[template.Part, ...]) -> None:
    assert template.parse(text) == parts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{zip(50)}", 'did you mean "zipf"'),
        ("{zipf}", "for example"),
        ("{zipf(0)}", "from 1 to"),
        ("{zipf(5, x)}", "exponent"),
        ("{zipf(5, 1, -1)}", "shift of zipf is a number from 0 to 1,000,000"),
        ("{zipf(5, 1, 1, 1)}", "perhaps an exponent and a shift"),
        ("{int(9, 1)}", r"did you mean \{int\(1, 9\)\}"),
        ("{int(1)}", "both ends"),
        ("{choice}", "with its options"),
        ("{choice(a,,b)}", "empty value"),
        ("{choice(a", "not closed"),
        ("{env}", "env.TOKEN"),
        ("{uuid(3)}", "takes no arguments"),
        ("{id|upper}", "only filter"),
        ("{id", "literal brace"),
        ("query {user{id}}", "literal brace"),
    ],
)
def test_what_is_no_template_is_told(text: str, says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        template.parse(text)


def test_the_plan_has_parts_as_data() -> None:
    parts = template.parse("x{id}{users.email}{env.T}{zipf(5)}{int(1, 2)}{choice(a, b)}{uuid}{user|raw}")
    assert template.data(parts, "url", {("users", "email"): (0, 1)}) == [
        {"text": "x"},
        {"var": "id", "encode": "url"},
        {"feed": 0, "column": 1, "encode": "url"},
        {"secret": "T", "encode": "url"},
        {"zipf": {"n": 5, "exponent": 1.0}, "encode": "url"},
        {"int": {"low": 1, "high": 2}, "encode": "url"},
        {"choice": ["a", "b"], "encode": "url"},
        {"uuid": {}, "encode": "url"},
        {"user": {}, "encode": "none"},
    ]
