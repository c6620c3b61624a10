"""Tables of routes: found in targets, matched and reversed, and several made one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.errors import SpecError
from loadstone.model.route import Field, Route, Source
from loadstone.traffic.routes import RouteTable, expand, merge


def table(*targets: str) -> RouteTable:
    found = RouteTable()
    for target in targets:
        found.observe("GET", target)
    return found


def products() -> list[str]:
    return [f"/products/{number}" for number in range(20)]


def declared(template: str, *fields: Field, source: Source = "openapi", method: str = "GET") -> Route:
    return Route(method, template, fields, (source,))


def test_routes_are_found_with_their_fields() -> None:
    found = table(*products(), "/products", "/products/7?page=2")
    assert [route.id for route in found.routes()] == ["GET /products", "GET /products/{product_id}"]
    detail = found.routes()[1]
    assert (detail.requests, detail.sources) == (21, ("log",))
    assert [(field.name, field.where, field.kind) for field in detail.fields] == [
        ("product_id", "path", "number"),
        ("page", "query", "number"),
    ]
    assert detail.fields[0].values[0] == "7"
    assert detail.fields[0].counts[0] == 2


def test_a_route_gives_its_values_and_they_give_the_path() -> None:
    found = table(*products())
    matched = found.match("GET", "https://shop.example/products/4711?x=1")
    assert matched is not None
    route, values = matched
    assert (route.template, values) == ("/products/{product_id}", ("4711",))
    assert expand(route, values) == "/products/4711"
    assert found.match("POST", "/products/1") is None
    assert found.match("GET", "/elsewhere") is None


@given(st.lists(st.text(max_size=8), max_size=5))
def test_every_path_that_was_seen_comes_back_in_its_normal_form(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    found = RouteTable()
    found.observe("GET", path.partition("?")[0])
    matched = found.match("GET", path.partition("?")[0])
    assert matched is not None
    normal = expand(*matched)
    again = found.match("GET", normal)
    assert again is not None
    assert expand(*again) == normal


def test_what_was_only_missing_is_no_route() -> None:
    found = RouteTable()
    found.observe("GET", "/nothing", status=404)
    assert found.routes() == ()


def test_counts_and_sources_are_kept() -> None:
    found = RouteTable(source="har")
    found.observe("POST", "/cart", 5)
    assert [(route.id, route.requests, route.sources) for route in found.routes()] == [("POST /cart", 5, ("har",))]


def test_declared_routes_are_there_although_nobody_asked() -> None:
    found = RouteTable([declared("/users/{id}", Field("id", kind="number"))])
    found.observe("GET", "/users/me")
    assert [route.id for route in found.routes()] == ["GET /users/{id}", "GET /users/me"]
    matched = found.match("GET", "/users/3")
    assert matched is not None
    assert matched[0].sources == ("openapi",)


def test_a_value_of_many_segments_is_one() -> None:
    found = RouteTable([declared("/files/{path}/raw", Field("path", many=True))])
    matched = found.match("GET", "/files/a/b/c.txt/raw")
    assert matched is not None
    assert matched[1] == ("a/b/c.txt",)
    assert expand(*matched) == "/files/a/b/c.txt/raw"


def test_a_declared_route_that_is_none_is_refused() -> None:
    with pytest.raises(SpecError, match="no path"):
        RouteTable([declared("users")])


def test_values_must_be_as_many_as_the_variables() -> None:
    with pytest.raises(SpecError, match="2 variables, and 1"):
        expand(declared("/a/{b}/{c}"), ["x"])


def test_secrets_are_not_kept() -> None:
    found = table(
        *(f"/reset-password/{number:032x}" for number in range(2**60, 2**60 + 20)),
        "/search?q=x&api_key=abcdef&email=ann%40example.org",
    )
    text = repr(found.routes())
    assert not any(secret in text for secret in ("abcdef", "ann", "10000000000"))
    kinds = {field.name: field.kind for route in found.routes() for field in route.fields}
    assert kinds == {"token": "token", "q": "text", "api_key": "token", "email": "personal"}


def test_the_same_route_of_two_sources_is_one() -> None:
    log = table(*products(), "/products/3?page=1").routes()
    document = (declared("/products/{id}", Field("id", kind="number"), Field("sort", "query", required=False)),)
    for merged in (merge(document, log), merge(log, document)):
        assert [route.id for route in merged] == ["GET /products/{id}"]
        (route,) = merged
        assert (route.sources, route.requests) == (("openapi", "log"), 21)
        assert [field.name for field in route.fields] == ["id", "sort", "page"]
        assert route.fields[0].values[0] == "3"
        assert route.fields[0].distinct == 20


def test_a_slash_at_the_end_makes_no_second_route() -> None:
    merged = merge(
        [declared("/users/{id}/", source="django")], [Route("GET", "/users/{id}", sources=("log",), requests=3)]
    )
    assert [(route.id, route.requests) for route in merged] == [("GET /users/{id}/", 3)]
    both = [declared("/a"), declared("/a/")]
    assert len(merge(both)) == 2


def test_a_path_of_a_declared_route_goes_to_it() -> None:
    document = (declared("/users/{name}"), declared("/users/{name}/posts/{id}"))
    log = (
        Route("GET", "/users/me", sources=("log",), requests=7),
        Route(
            "GET",
            "/users/me/posts/{post_id}",
            (Field("post_id", kind="number", values=("4",), counts=(2,)),),
            ("log",),
            requests=2,
        ),
        Route("GET", "/other", sources=("log",), requests=1),
    )
    merged = {route.id: route for route in merge(document, log)}
    assert set(merged) == {"GET /users/{name}", "GET /users/{name}/posts/{id}", "GET /other"}
    assert merged["GET /users/{name}"].requests == 7
    assert merged["GET /users/{name}"].fields[0].values == ("me",)
    posts = merged["GET /users/{name}/posts/{id}"]
    assert [(field.name, field.values) for field in posts.fields] == [("name", ("me",)), ("id", ("4",))]


def test_a_guessed_variable_gives_way_to_the_names_that_it_held() -> None:
    document = (declared("/pages/about"), declared("/pages/contact"))
    guessed = Route(
        "GET", "/pages/{page}", (Field("page", values=("about", "contact"), distinct=2),), ("log",), requests=9
    )
    assert [route.id for route in merge(document, [guessed])] == ["GET /pages/about", "GET /pages/contact"]
    more = Route("GET", "/pages/{page}", (Field("page", values=("about", "team"), distinct=2),), ("log",), requests=9)
    assert [route.id for route in merge(document, [more])][-1] == "GET /pages/{page}"


def test_what_one_source_closes_stays_closed() -> None:
    first = Route("GET", "/a/{x}", (Field("x", kind="word", values=("ann",), counts=(1,)),), ("log",))
    second = Route("GET", "/a/{y}", (Field("y", kind="personal"),), ("har",))
    (route,) = merge([first], [second])
    assert (route.fields[0].kind, route.fields[0].values) == ("personal", ())


def test_merging_nothing_and_one_changes_nothing() -> None:
    assert merge() == ()
    routes = table(*products(), "/a", "/b/c").routes()
    assert merge(routes) == routes
    again = merge(routes, routes)
    assert [route.id for route in again] == [route.id for route in routes]
    assert sum(route.requests for route in again) == 2 * sum(route.requests for route in routes)
