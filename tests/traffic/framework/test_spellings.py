"""Every framework's way to spell a path, and expressions against what they match."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadstone.model.route import FieldKind, Route
from loadstone.traffic.framework import read_routes
from loadstone.traffic.framework.patterns import kind_of, parts_of
from loadstone.traffic.framework.spellings import spelt
from loadstone.traffic.framework.written import Parameter


def templates(*path: list[object]) -> list[str]:
    return [one.template for one in spelt(path)]


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"^articles/(?P<year>[0-9]{4})/$", ["/articles/{year}/"]),
        (r"^a\.b/(\d+)/(\w+)\Z", ["/a.b/{id}/{value}"]),
        (r"^users/(?P<pk>[^/.]+)/?$", ["/users/{pk}"]),
        (r"^(?:en|de)/x$", ["/en/x", "/de/x"]),
        (r"^a|b$", ["/a", "/b"]),
        (r"^list(?:/page(?P<page>\d+))?/$", ["/list/", "/list/page{page}/"]),
        (r"^(?P<a>(x|y)[(]z)/[a]$", ["/{a}/a"]),
        (r"^x/\d+-\d+/$", ["/x/{id}-{id2}/"]),
        (r"^(?!admin)(?i)shop/$", ["/shop/"]),
        (r"^(?<name>[a-z]+)\/$", ["/{name}/"]),
        (r"^b{2}a{1,3}$", ["/bba"]),
        (r"", ["/"]),
        (r"^x/(?P<a>\d+)/(?P<a>\d+)$", ["/x/{a}/{a2}"]),
    ],
)
def test_expressions(regex: str, expected: list[str]) -> None:
    assert templates(["plain", "/"], ["regex", regex]) == expected


@pytest.mark.parametrize("regex", ["(", ")", "(?P<a", "a\\", "(?Xa)"])
def test_what_is_no_expression_is_refused(regex: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(parts_of(regex))


ATOMS: dict[str, str] = {  # what it takes: an expression
    "shop": "shop",
    ".": r"\.",
    "/": "/",
    "-": "[-]",
    "7": r"(\d+)",
    "42": r"(?P<{}>[0-9]+)",
    "blue-shoes": r"(?P<{}>[-\w]+)",
    "x": "(?:x)",
    "": r"(?:[.](?:json|xml))?",
}


@given(st.lists(st.sampled_from(sorted(ATOMS)), max_size=8))
def test_a_template_filled_in_is_what_the_expression_takes(names: list[str]) -> None:
    regex = "".join(ATOMS[name].format(f"f{number}") for number, name in enumerate(names))
    for row in parts_of(f"^{regex}$"):
        text = "".join(part if pattern is None else "7" * 8 for part, pattern in row)
        assert re.fullmatch(regex, text), (regex, text)


@given(st.text(alphabet="()[]{}|\\?*+^$.P<>:=!abc/-0,d", max_size=24))
def test_whatever_is_written_ends(regex: str) -> None:
    try:
        for row in parts_of(regex):
            assert all(isinstance(text, str) for text, _ in row)
    except ValueError:
        pass
    kind_of(regex)


@pytest.mark.parametrize(
    ("regex", "kind"),
    [
        (r"\d+", "number"),
        (r"[0-9]{4}", "number"),
        (r"-?\d+", "number"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "uuid"),
        (r"\d{4}-\d{2}-\d{2}", "date"),
        (r"[0-9a-f]{40}", "hash"),
        (r"[-a-zA-Z0-9_]+", "slug"),
        (r"[a-z]{2}", "word"),
        (r"[^/]+", "text"),
        (r".*", "text"),
        (r"(a+)+b", "text"),
        (r"([0-9a-f]|[0-9a-f][0-9a-f])+Z", "text"),
        (r"[", "text"),
    ],
)
def test_kinds(regex: str, kind: FieldKind) -> None:
    assert kind_of(regex)[0] == kind


def test_listed_words_are_values() -> None:
    assert kind_of("json|xml") == ("word", ("json", "xml"))
    assert kind_of("(?:1|2)") == ("word", ("1", "2"))


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        (["flask", "/<int:id>/<any(a, b):kind>/<rest>"], ["/{id}/{kind}/{rest}"]),
        (["flask", '/<regex("[a-z]{2}"):code>'], ["/{code}"]),
        (["django", "items/<int:id>-<slug:name>/"], ["/items/{id}-{name}/"]),
        (["braces", "/items/{id:int}/{rest:path}"], ["/items/{id}/{rest}"]),
        (["aiohttp", "/items/{id}"], ["/items/{id}"]),
        (["express4", "/users/:id(\\d+)"], ["/users/{id}"]),
        (["express4", "/users/:id?"], ["/users", "/users/{id}"]),
        (["express4", "/-/all(/since)?"], ["/-/all", "/-/all/since"]),
        (["express4", "/flights/:from-:to"], ["/flights/{from}-{to}"]),
        (["express4", "*"], ["/{value}"]),
        (["express4", "/files/*"], ["/files/{value}"]),
        (["express4", "/:a(x|y)/(.*)"], ["/{a}/{value}"]),
        (["express5", "/files/*path"], ["/files/{path}"]),
        (["express5", "/items{/:id}"], ["/items", "/items/{id}"]),
        (["express5", "/{*splat}"], ["/", "/{splat}"]),
        (["express5", '/a\\:b/:"a name"'], ["/a:b/{a_name}"]),
    ],
)
def test_spellings(segment: list[object], expected: list[str]) -> None:
    assert templates(segment) == expected


def test_a_slash_where_segments_meet_stands_once() -> None:
    assert templates(["express4", "/api/"], ["express4", "/users"]) == ["/api/users"]


def test_kinds_come_from_converters_and_from_types() -> None:
    (one,) = spelt([["flask", '/<uuid:a>/<regex("[0-9]+"):b>/<float:c>/<custom:d>']])
    assert [field.kind for field in one.fields] == ["uuid", "number", "number", "text"]
    assert not any(field.many for field in one.fields)
    (one,) = spelt(
        [["braces", "/{a}/{b}"]], {"a": Parameter(type="date"), "b": Parameter(type="Colour", values=("red",))}
    )
    assert [(field.kind, field.values) for field in one.fields] == [("date", ()), ("word", ("red",))]


def test_an_unknown_spelling_is_refused() -> None:
    with pytest.raises(ValueError, match="not known"):
        list(spelt([["sanic", "/"]]))


@pytest.mark.parametrize(
    "segment",
    [
        ["django", "<path:rest>/edit/"],
        ["flask", "/<path:rest>"],
        ["braces", "/{rest:path}"],
        ["regex", "(?P<rest>.*)$"],
        ["express4", "/:rest(.*)"],
        ["express5", "/*rest"],
        ["aiohttp", "/{rest:.+}"],
    ],
)
def test_a_field_that_takes_slashes_is_told(segment: list[object]) -> None:
    for one in spelt([segment]):
        assert [(field.name, field.many) for field in one.fields] == [("rest", True)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="/<int:a>{}()[]*?+", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("nameregx", max_size=5), inner, max_size=3),
)
ROW = st.dictionaries(
    st.sampled_from(
        [
            *("path", "methods", "guessed", "name", "aside", "login", "fields", "types", "query", "body", "host"),
            *("websocket", "unknown"),
        ]
    ),
    VALUES | st.just([["flask", "/<int:a>"]]) | st.just([["regex", "^(?P<a>.*)$"]]) | st.just(["GET", "POST"]),
)
TABLE = st.dictionaries(
    st.sampled_from(["rows", "databases", "caches", "login_path", "openapi_path", "version", "product", "login_wall"]),
    VALUES | st.lists(ROW, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=TABLE, framework=st.sampled_from(["django", "flask", "koa"]))
def test_whatever_a_service_writes_is_read(table: dict[str, object], framework: str, tmp_path: Path) -> None:
    """The file is written by the service: a service that lies is data."""
    file = tmp_path / "routes"
    file.write_text(json.dumps({**table, "format": 1, "framework": framework}) + "\n")
    read = read_routes(file)
    if read is None:
        return  # no table
    assert all(route.method.isupper() and route.template.startswith("/") for route in read.routes)
    msgspec.json.decode(msgspec.json.encode(read.routes), type=tuple[Route, ...])
