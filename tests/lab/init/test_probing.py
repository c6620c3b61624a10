"""Each safe route asked once: values come from lists that hold them, and are tried before they are believed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.lab.init.chaining import candidates, link_pattern, singular
from loadstone.lab.init.probing import Probed, Probing, left_alone
from loadstone.lab.init.ways import field_keys, identifier, literal, normal
from loadstone.model import template
from loadstone.model.route import Field, FieldKind, Route, Source
from loadstone.traffic.crawl.reply import Reply
from tests.lab.init.pages import Pages


def route(path: str, *fields: Field, sources: tuple[Source, ...] = ("openapi",), method: str = "GET") -> Route:
    named = {field.name for field in fields}
    more = tuple(Field(name) for name in re.findall(r"\{(\w+)\}", path) if name not in named)
    return Route(method, path, (*fields, *more), sources)


def probed(pages: Pages, *routes: Route) -> Probed:
    return Probing(pages).ask(routes)


BOOKS = {"items": [{"id": number, "title": f"book {number}"} for number in (7, 8, 9)], "page": 1}


def test_an_id_comes_from_the_list_that_holds_it() -> None:
    pages = Pages({"/books": BOOKS, "/books/7": {}, "/books/8": {}, "/books/9": {}})
    seen = probed(pages, route("/books"), route("/books/{book_id}"))
    way = next(one for one in seen.ways if "{" in one.route.template)
    fill = way.fills["/books/{}"]
    assert (fill.source, fill.extraction and fill.extraction.expression) == ("GET /books", "$.items[*].id")
    assert fill.values == ("7", "8", "9")
    assert pages.asked == ["/books", "/books/7", "/books/8", "/books/9"]


@pytest.mark.parametrize("outer", ["book", "node", "_source"])
def test_an_id_lies_one_level_down_where_a_row_tells_more_than_the_thing(outer: str) -> None:
    hits = {"hits": [{"score": 1 / number, outer: {"id": number}, "author": {"id": 90}} for number in (7, 8, 9)]}
    pages = Pages({"/books": hits, "/books/7": {}, "/books/8": {}, "/books/9": {}})
    seen = probed(pages, route("/books"), route("/books/{book_id}"))
    way = next(one for one in seen.ways if "{" in one.route.template)
    extraction = way.fills["/books/{}"].extraction
    assert extraction and extraction.expression == f"$.hits[*].{outer}.id"


def test_another_things_id_in_a_row_is_not_taken_for_its_own() -> None:
    pages = Pages({"/books": [{"author": {"id": 1}}, {"author": {"id": 2}}], "/books/1": {}, "/books/2": {}})
    seen = probed(pages, route("/books"), route("/books/{id}"))
    assert [way.route.template for way in seen.ways] == ["/books"]


def test_a_list_whose_ids_are_not_taken_is_not_its_list() -> None:
    pages = Pages({"/books": BOOKS, "/books/7": {}})
    seen = probed(pages, route("/books"), route("/books/{id}"))
    assert [way.route.template for way in seen.ways] == ["/books"]
    assert "404" in seen.failed["GET /books/{id}"]


def test_values_of_one_row_stay_together() -> None:
    pages = Pages(
        {"/books": BOOKS, "/books/7": {}, "/books/8": {}, "/books/9": {}, "/books/7/notes": [{"id": "a"}, {"id": "b"}],
         "/books/7/notes/a": {}, "/books/7/notes/b": {}}
    )  # fmt: skip
    routes = [route("/books/{id}/notes/{note}"), route("/books/{id}/notes"), route("/books/{id}"), route("/books")]
    seen = probed(pages, *routes)
    assert {way.route.template for way in seen.ways} == {one.template for one in routes}
    deepest = next(one for one in seen.ways if "note}" in one.route.template)
    assert [fill.source for fill in deepest.fills.values()] == ["GET /books", "GET /books/{id}/notes"]


def test_a_page_that_links_to_it_gives_its_values() -> None:
    pages = Pages(
        {"/": "<a href='/t/one-way/'>1</a><a href=\"/t/two-way/\">2</a>", "/t/one-way/": "x", "/t/two-way/": "y"}
    )
    seen = probed(pages, route("/"), route("/t/{slug}/"))
    way = next(one for one in seen.ways if "{" in one.route.template)
    fill = way.fills["/t/{}"]
    assert fill.raw
    assert fill.values == ("one-way", "two-way")


def test_a_field_is_filled_as_its_namesake() -> None:
    seen_before = Field("project_id", values=("demo",), counts=(3,))
    pages = Pages({"/p/demo": {}, "/api/projects/demo": {}})
    seen = probed(pages, route("/p/{project_id}", seen_before, sources=("crawl",)), route("/api/projects/{project_id}"))
    assert len(seen.ways) == 2
    assert not seen.failed


def test_what_a_document_made_up_is_kept_only_if_it_worked() -> None:
    made_up = Field("id", values=("1", "2"), counts=(0, 0))
    seen = probed(Pages({"/things/2": {}}), route("/things/{id}", made_up))
    assert seen.ways[0].fills["/things/{}"].values == ("2",)


def test_values_of_a_log_stay_all() -> None:
    popular = Field("id", values=("5", "6", "7"), counts=(9, 5, 1))
    seen = probed(Pages({"/things/5": {}}), route("/things/{id}", popular, sources=("log",)))
    assert seen.ways[0].fills["/things/{}"].values == ("5", "6", "7")


def test_what_wants_a_login_is_locked_and_asked_again() -> None:
    pages = Pages({"/orders": 401, "/account": "-> /login?next=/account", "/login": "<form></form>"})
    probing = Probing(pages)
    seen = probing.ask([route("/orders"), route("/account")])
    assert set(seen.locked) == {"GET /orders", "GET /account"}
    pages.replies |= {"/orders": [{"id": 1}], "/account": "hello"}
    seen = probing.ask([route("/orders"), route("/account")], logged_in=True)
    assert not seen.locked
    assert all(way.login for way in seen.ways)


def test_a_search_gets_words_of_things_and_no_name_of_a_person() -> None:
    people = {"items": [{"name": "Margaret Hamilton", "email": "x@example.com"}]}
    things = {"items": [{"id": 1, "name": "Copper kettle"}]}
    query = Field("q", "query", values=())
    pages = Pages({"/people": people, "/things": things, "/find?q=copper": {}})
    seen = probed(pages, route("/people"), route("/things"), route("/find", query))
    way = next(one for one in seen.ways if one.route.template == "/find")
    assert way.query == (("q", ("copper", "kettle")),)


def test_the_end_of_the_look_is_told() -> None:
    seen = probed(Pages({"/a": {}, "/b": {}}, most=1), route("/a"), route("/b"))
    assert [way.route.template for way in seen.ways] == ["/a"]
    assert "ended" in seen.failed["GET /b"]


@pytest.mark.parametrize(
    ("path", "method", "asked"),
    [("/a", "GET", True), ("/a", "POST", False), ("/health", "GET", False), ("/logout", "GET", False),
     ("/app.js", "GET", False), ("/a", "HEAD", False), ("/items/{id}/delete", "GET", False),
     ("/-/static/{value}", "GET", False), ("/assets/{id}/parts", "GET", True)],
)  # fmt: skip
def test_what_is_left_alone(path: str, method: str, asked: bool) -> None:
    assert (left_alone(route(path, method=method)) is None) == asked


KINDS: tuple[FieldKind, ...] = ("number", "text", "slug")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                    max_leaves=20), st.sampled_from(KINDS))  # fmt: skip
def test_any_document_gives_values_that_can_stand_in_a_path(document: object, kind: FieldKind) -> None:
    import json

    body = json.dumps(document).encode()
    reply = Reply("http://a/x", "GET", "/x", 200, (("content-type", "application/json"),), body)
    for extraction, values in candidates(reply, route("/x/{id}", Field("id", kind=kind)), 2):
        assert extraction.pick == "random"
        assert values
        assert all("/" not in value and value.isprintable() and value for value in values)


def test_a_pattern_finds_links_of_its_route_alone() -> None:
    pattern = link_pattern("/shop/{s}/items/{id}", 4)
    text = """<a href="/shop/a/items/17">1</a> <a href='/shop/b/items/18?x=1'>2</a> <a href="/shop/a/items/19/e">"""
    assert re.findall(pattern, text) == ["17", "18"]


@given(st.text())
def test_names_and_texts_fit_a_template(text: str) -> None:
    assert re.fullmatch(template.IDENTIFIER, identifier(text))
    assert identifier(text) not in template.RESERVED
    assert "".join(getattr(part, "text", "{") for part in template.parse(literal(text))) == text


def test_keys_are_shared_whatever_the_names() -> None:
    assert list(field_keys(route("/a/{x}/b/{y}"))) == ["/a/{}", "/a/{}/b/{}"]
    assert normal("/a/{id}/") == "/a/{}"
    assert [singular(word) for word in ("products", "categories", "boxes", "news", "status")] == [
        "product", "category", "box", "new", "status",
    ]  # fmt: skip
