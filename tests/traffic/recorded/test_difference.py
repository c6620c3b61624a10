"""What differs between two recordings is found where it was served, and taken from there in both."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loadstone.model.extraction import expression_problem
from loadstone.model.recording import Recording
from loadstone.model.workload import Extraction
from loadstone.traffic.recorded.difference import differences
from loadstone.traffic.recorded.dynamic import Dynamic
from tests.traffic.recorded.made import exchange, html, recording

Visit = Callable[[str], Recording]


def found(visit: Visit, one: str = "tok-A1b2C3d4e5", other: str = "tok-Z9y8X7w6v5") -> tuple[Dynamic, ...]:
    dynamics = differences(visit(one), visit(other))
    for dynamic in dynamics:
        if dynamic.extraction is not None and dynamic.extraction.source in ("json", "regex"):
            assert expression_problem(dynamic.extraction.source, dynamic.extraction.expression) is None
            assert dynamic.proved
        assert one not in dynamic.says
        assert other not in dynamic.says
    return dynamics


def only(visit: Visit, one: str = "tok-A1b2C3d4e5", other: str = "tok-Z9y8X7w6v5") -> Extraction:
    (dynamic,) = found(visit, one, other)
    assert dynamic.extraction is not None, dynamic.says
    return dynamic.extraction


def posts(page: object, **more: object) -> Visit:
    """A page, then a request with its token in a header; TOKEN in the page is what changes."""

    def visit(token: str) -> Recording:
        filled = page.replace("TOKEN", token) if isinstance(page, str) else filled_in(page, token)
        return recording(exchange("GET /page", filled), exchange("POST /go", headers={"X-CSRF-Token": token}))

    return visit


def filled_in(value: object, token: str) -> object:
    match value:
        case str():
            return value.replace("TOKEN", token)
        case dict():
            return {key: filled_in(inner, token) for key, inner in value.items()}
        case list():
            return [filled_in(inner, token) for inner in value]
    return value


@pytest.mark.parametrize(
    ("page", "expression"),
    [
        ('<input type="hidden" name="csrf" value="TOKEN">', r'name="csrf"[^>]*?\bvalue="([^"]*)"'),
        ('<input value="TOKEN" type="hidden" name="csrf">', r'\bvalue="([^"]*)"[^>]*?name="csrf"'),
        ("<input name='csrf' value='TOKEN'/>", r"name='csrf'[^>]*?\bvalue='([^']*)'"),
        ("<input name='csrf' value=TOKEN>", r"name='csrf'[^>]*?\bvalue=([^\s>]+)"),
        ('<meta name="csrf-token" content="TOKEN">', r'name="csrf-token"[^>]*?\bcontent="([^"]*)"'),
        ('<div data-token="TOKEN"></div>', r'data-token="([^"]+)"'),
        ('<script>window.csrfToken = "TOKEN";</script>', r'window\.csrfToken = "([^"]+)"'),
        ('<script type="application/json">{"csrf":"TOKEN"}</script>', r'"csrf":"([^"]+)"'),
        ("<b>TOKEN</b>", r"<b>([^<]+)<"),
    ],
)
def test_a_token_of_a_page(page: str, expression: str) -> None:
    assert only(posts(html(page))) == Extraction("csrf_token", "regex", expression)


def test_a_token_of_any_letters() -> None:
    page = html('<input name="csrf" value="TOKEN"><div data-token="TOKEN">')
    one, other = "aB3/+dE=..x y", "Zz9/+eF=..q y"
    assert only(posts(page), one, other).expression.startswith('name="csrf"')
    assert only(posts(html('<div data-token="TOKEN">')), one, other).expression == r'data-token="([^"]+)"'


def test_a_token_among_others_is_told_by_its_name() -> None:
    page = html(
        '<input type="hidden" name="nonce" value="same"><input type="hidden" name="csrf" value="TOKEN">'
        '<input type="hidden" name="after" value="TOKEN-not">'
    )
    assert only(posts(page)).expression.startswith('name="csrf"')


def test_a_token_in_json() -> None:
    assert only(posts({"user": {"csrf token": "TOKEN"}})) == Extraction("csrf_token", "json", "$.user['csrf token']")


def test_a_header_and_a_cookie() -> None:
    def visit(token: str) -> Recording:
        got = [("x-token", token), ("set-cookie", f"session={token}-s; HttpOnly")]
        return recording(
            exchange("GET /page", "ok", got=got),
            exchange("POST /a", headers={"X-CSRF-Token": token}),
            exchange("POST /b", headers={"X-Session": f"{token}-s"}),
        )

    first, second = found(visit)
    assert first.extraction == Extraction("csrf_token", "header", "x-token")
    assert second.extraction == Extraction("session", "cookie", "session")


def test_a_bearer_token_keeps_its_scheme() -> None:
    def visit(token: str) -> Recording:
        return recording(
            exchange("POST /token", {"access_token": token, "token_type": "bearer"}),
            exchange("GET /me", headers={"Authorization": f"Bearer {token}"}),
        )

    (dynamic,) = found(visit)
    assert dynamic.extraction == Extraction("token", "json", "$.access_token")
    (use,) = dynamic.uses
    assert (use.start, use.end) == (7, 7 + len("tok-A1b2C3d4e5"))


def test_an_id_of_what_was_made() -> None:
    def visit(number: str) -> Recording:
        return recording(
            exchange("POST /orders", {"id": int(number), "total": 5}, status=201),
            exchange(f"GET /orders/{number}", {"id": int(number)}),
            exchange(f"DELETE /orders/{number}?confirm={number}"),
        )

    (dynamic,) = found(visit, "4711", "4712")
    assert dynamic.extraction == Extraction("order_id", "json", "$.id")
    assert [(use.exchange, use.place.where) for use in dynamic.uses] == [(1, "path"), (2, "path"), (2, "query")]


def items(*numbers: int) -> dict[str, object]:
    return {"items": [{"id": number, "name": f"n{number}"} for number in numbers]}


def test_one_of_a_list_is_any_of_it() -> None:
    def visit(number: str) -> Recording:
        return recording(exchange("GET /items", items(17, 4711, 4712)), exchange(f"GET /items/{number}", {}))

    (dynamic,) = found(visit, "4711", "4712")
    assert dynamic.kind == "listed"
    assert dynamic.extraction == Extraction("item_id", "json", "$.items[*].id", "random")


def test_a_list_of_one_has_a_first() -> None:
    def visit(number: str) -> Recording:
        return recording(exchange("GET /items", items(int(number))), exchange(f"GET /items/{number}", {}))

    assert only(visit, "4711", "4712") == Extraction("item_id", "json", "$.items[0].id")


def test_an_item_that_a_neighbour_marks_is_no_random_one() -> None:
    def visit(token: str) -> Recording:
        links = [{"rel": "self", "href": "/a"}, {"rel": "next", "href": f"/b/{token}"}]
        if token.endswith("5"):
            links.reverse()
        return recording(exchange("GET /a", {"links": links}), exchange(f"GET /b/{token}", {}))

    dynamics = found(visit)
    (dynamic,) = dynamics
    assert dynamic.extraction is not None
    assert dynamic.extraction.expression == "$.links[?@.rel == 'next'].href"
    assert dynamic.uses[0].place.where == "target"


def test_two_values_of_one_item_are_not_drawn_apart() -> None:
    def visit(number: str) -> Recording:
        listed = [{"id": n, "sku": f"S-{n}-{n}"} for n in (4710, 4711, 4712)]
        return recording(
            exchange("GET /items", listed),
            exchange("POST /cart", body={"id": int(number), "sku": f"S-{number}-{number}"}),
        )

    dynamics = found(visit, "4711", "4712")
    assert [one.extraction for one in dynamics] == [
        Extraction("id", "json", "$[*].id", "first"),
        Extraction("sku", "json", "$[*].sku", "first"),
    ]


def test_one_of_many_links() -> None:
    page = html("".join(f'<a href="/products/{n}">n</a><a href="/users/{n}">u</a>' for n in (17, 4711, 4712)))

    def visit(number: str) -> Recording:
        return recording(exchange("GET /", page), exchange(f"GET /products/{number}", {}))

    assert only(visit, "4711", "4712") == Extraction("product_id", "regex", 'href="/products/([0-9]+)"', "random")


def test_a_link_with_two_numbers() -> None:
    def visit(number: str) -> Recording:
        other = int(number) * 3
        page = html(f'<a href="/users/{number}/orders/{other}">o</a>')
        return recording(exchange("GET /", page), exchange(f"GET /users/{number}/orders/{other}", {}))

    first, second = found(visit, "4711", "4712")
    assert first.extraction == Extraction("user_id", "regex", 'href="/users/([0-9]+)/')
    assert second.extraction == Extraction("order_id", "regex", 'href="/users/[0-9]+/orders/([0-9]+)"')


def test_where_a_redirect_led() -> None:
    def visit(token: str) -> Recording:
        location = f"http://shop.example/done?ticket={token}&n=1"
        return recording(
            exchange("POST /go", status=303, got=[("location", location)]),
            exchange(f"GET /done?ticket={token}&n=1", {}),
        )

    (dynamic,) = found(visit)
    assert dynamic.extraction == Extraction("link", "header", "location")
    assert dynamic.uses[0].place.where == "target"


def test_the_reply_must_have_come_before() -> None:
    def visit(token: str) -> Recording:
        return recording(
            exchange("GET /slow", {"token": token}, start_s=1.0, duration_s=5.0),
            exchange("POST /go", headers={"X-CSRF-Token": token}, start_s=2.0),
        )

    (dynamic,) = found(visit)
    assert dynamic.extraction is None
    assert dynamic.kind == "unknown" or dynamic.kind == "secret"


def test_a_value_that_was_served_in_one_recording_alone_is_not_proved() -> None:
    def visit(token: str) -> Recording:
        served = token if token.startswith("tok-A") else "something else"
        return recording(exchange("GET /page", {"token": served}), exchange("GET /go?q=" + token))

    (dynamic,) = found(visit)
    assert dynamic.extraction is None


@pytest.mark.parametrize(
    ("one", "other", "place", "kind"),
    [
        ("123e4567-e89b-42d3-a456-426614174000", "223e4567-e89b-42d3-a456-426614174999", "?request=", "uuid"),
        ("1767225600123", "1767229600456", "?_=", "time"),
        ("1767225600", "1767229600", "?ts=", "time"),
        ("2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", "?since=", "time"),
        ("oak+lamp", "red+chair", "?q=", "typed"),
        ("one@example.com", "two@example.com", "?who=", "secret"),
        ("a8f5f167f44f4964e6c998dee827110c", "b9f5f167f44f4964e6c998dee827110d", "?x=", "unknown"),
    ],
)
def test_what_came_from_nowhere_is_told(one: str, other: str, place: str, kind: str) -> None:
    (dynamic,) = found(lambda value: recording(exchange(f"GET /a{place}{value}")), one, other)
    assert (dynamic.kind, dynamic.extraction, dynamic.served_by) == (kind, None, None)
    assert dynamic.says


def test_walks_that_part_are_aligned() -> None:
    def visit(number: str) -> Recording:
        extra = [exchange("GET /help"), exchange("GET /more")] if number == "4711" else [exchange("GET /other")]
        return recording(
            exchange("GET /"),
            *extra,
            exchange("POST /orders", {"id": int(number)}),
            exchange(f"GET /orders/{number}"),
        )

    (dynamic,) = found(visit, "4711", "4712")
    assert (dynamic.served_by, [use.exchange for use in dynamic.uses]) == (3, [4])


def test_what_is_the_same_stays() -> None:
    visit = recording(exchange("GET /items", items(1, 2)), exchange("GET /items/2", {}))
    assert differences(visit, visit) == ()


def test_values_in_every_kind_of_body() -> None:
    def visit(token: str) -> Recording:
        return recording(
            exchange("GET /page", {"a": token, "b": f"{token}.b", "c": f"{token}.c"}),
            exchange("POST /form", form=f"x=1&a={token}"),
            exchange("POST /json", body={"deep": [{"b": f"{token}.b"}]}),
            exchange(f"GET /query?c={token}.c&c=2"),
        )

    assert [one.extraction.expression for one in found(visit) if one.extraction] == ["$.a", "$.b", "$.c"]


def test_a_part_of_a_value() -> None:
    def visit(token: str) -> Recording:
        return recording(
            exchange("GET /page", {"id": token.replace("-", "")}),
            exchange(f"GET /go?next=/orders/{token.replace('-', '')}?full=1"),
        )

    (dynamic,) = found(visit)
    assert dynamic.extraction is not None
    (use,) = dynamic.uses
    assert use.place.where == "query"
    assert use.start == len("/orders/")


def test_what_was_served_in_other_letters_is_told() -> None:
    def visit(token: str) -> Recording:
        return recording(
            exchange("GET /page", html(""), got=[("set-cookie", f"XSRF-TOKEN={token}%3D")]),
            exchange("POST /go", headers={"X-XSRF-TOKEN": f"{token}="}),
        )

    (dynamic,) = found(visit, "a8f5f167f44f", "b9e6a278a55a")
    assert dynamic.extraction is None
    assert "in the cookie XSRF-TOKEN, percent-encoded: it cannot be taken from there" in dynamic.says


def test_what_html_escapes_at_its_end_is_taken_without_it() -> None:
    def visit(token: str) -> Recording:
        return recording(
            exchange("GET /page", html(f'<input name="a" value="{token}&#x3D;">')),
            exchange("POST /go", headers={"X-XSRF-TOKEN": f"{token}="}),
        )

    (dynamic,) = found(visit, "a8f5f167f44f", "b9e6a278a55a")
    assert dynamic.extraction == Extraction("xsrf_token", "regex", 'value="([0-9a-f]+)&')
    assert (dynamic.uses[0].start, dynamic.uses[0].end) == (0, 12)


def test_a_page_number_is_not_an_item_s_id() -> None:
    def visit(number: str) -> Recording:
        return recording(
            exchange("GET /items", items(1, 2, 3)),
            exchange(f"GET /items?page={number}"),
            exchange("POST /cart", body={"item_id": int(number), "quantity": int(number)}),
        )

    found_here = {one.uses[0].place.name: one for one in found(visit, "2", "3")}
    assert {name: one.kind for name, one in found_here.items()} == {
        "page": "typed",
        "item_id": "listed",
        "quantity": "typed",
    }
    assert found_here["item_id"].extraction == Extraction("item_id", "json", "$.items[*].id", "random")
    assert [use.place.name for use in found_here["item_id"].uses] == ["item_id"]
