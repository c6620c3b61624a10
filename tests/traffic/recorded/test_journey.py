"""A recording becomes a journey: named steps, pauses, checks, values, and nothing that must not be written."""

from __future__ import annotations

import json

import msgspec
import pytest

from loadstone.drive.compile import compile_plan
from loadstone.model.recording import Recording
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.workload import Body, Check, Extraction, Journey, Step, Think, Workload
from loadstone.traffic.recorded.difference import differences
from loadstone.traffic.recorded.journey import journey_of, made_of
from loadstone.traffic.recorded.single import candidates
from tests.traffic.recorded.made import exchange, html, recording


def steps(journey: Journey) -> list[Step]:
    return [action for action in journey.actions if isinstance(action, Step)]


def test_names_say_what_is_asked_for() -> None:
    visit = recording(
        *(
            exchange(asked)
            for asked in (
                "GET /",
                "GET /api/v1/products?page=2",
                "GET /api/v1/products/17",
                "GET /api/v1/products/17/reviews",
                "GET /products/18",
                "POST /cart/items",
                "DELETE /cart/items/17",
                "GET /categories/oak-lamps/",
                "GET /static_pages/about-us.html",
                "GET /%C3%A4/17",
            )
        ),
        exchange("POST /graphql", body={"query": "query Me { me }"}),
    )
    assert [step.name for step in steps(journey_of(visit, (), "visit")[0])] == [
        "home",
        "products",
        "product",
        "product reviews",
        "product 2",
        "post cart items",
        "delete cart item",
        "categories oak lamps",
        "static pages about us",
        "home 2",
        "Me",
    ]


def test_pauses_are_the_gaps() -> None:
    visit = recording(
        exchange("GET /a", start_s=0.0, duration_s=1.0),
        exchange("GET /b", start_s=1.05, duration_s=0.1),
        exchange("GET /c", start_s=5.15, duration_s=0.1),
        exchange("GET /d", start_s=5_000.0),
    )
    journey, notes = journey_of(visit, (), "visit")
    assert [action if isinstance(action, Think) else action.name for action in journey.actions] == [
        "a",
        "b",
        Think("exponential", value_s=4.0),
        "c",
        Think("exponential", value_s=600.0),
        "d",
    ]
    assert any("2 pauses" in note for note in notes)


def test_checks_are_the_statuses_that_were_answered() -> None:
    visit = recording(
        exchange("GET /a", status=200),
        exchange("GET /b", status=304),
        exchange("GET /c", status=404),
        exchange("GET /d", status=0),
    )
    journey, notes = journey_of(visit, (), "visit")
    assert [step.check for step in steps(journey)] == [
        Check(((200, 200),)),
        Check(((200, 200), (304, 304))),
        Check(((404, 404),)),
    ]
    assert "1 request without a reply left out" in notes


def test_nothing_answered_is_no_journey() -> None:
    with pytest.raises(ValueError, match="no request that was answered"):
        journey_of(recording(exchange("GET /", status=0)), (), "visit")


def test_a_slow_reply_is_waited_for() -> None:
    visit = recording(exchange("GET /a", duration_s=5.0), exchange("GET /b", duration_s=50.0), exchange("GET /c"))
    assert [step.timeout_s for step in steps(journey_of(visit, (), "v")[0])] == [15.0, 30.0, 10.0]


def login(token: str, user: str) -> Recording:
    return recording(
        exchange("GET /login", html(f'<input type="hidden" name="csrf" value="{token}">')),
        exchange("POST /login", form=f"csrf={token}&email={user}%40example.com&password=hunter22", status=303),
        exchange("POST /api", body={"phone": "+49 30 1234567", "note": f"for {user}@example.com", "n": 1}),
        exchange("GET /api?api_key=s3cr3t-s3cr3t", headers={"X-Api-Key": "kkkkkkkk", "Authorization": "Basic YTpi"}),
    )


def test_credentials_and_personal_data_are_the_environment_s() -> None:
    one, other = login("tok-A1b2C3d4", "alice"), login("tok-Z9y8X7w6", "bob")
    made = made_of(one, differences(one, other), "visit")
    page, post, api, keyed = steps(made.journey)
    assert page.extract == (Extraction("csrf", "regex", r'name="csrf"[^>]*?\bvalue="([^"]*)"'),)
    fields: dict[str, object] = {
        "csrf": "{csrf}",
        "email": "{env.LOADSTONE_USER}",
        "password": "{env.LOADSTONE_PASSWORD}",
    }
    assert post.body == Body("form", fields)
    assert api.body == Body("json", {"phone": "{env.LOADSTONE_PHONE}", "note": "{env.LOADSTONE_NOTE}", "n": 1})
    assert keyed.target == "/api?api_key={env.LOADSTONE_API_KEY}"
    assert keyed.headers == {
        "x-api-key": "{env.LOADSTONE_API_KEY_2}",
        "authorization": "Basic {env.LOADSTONE_AUTHORIZATION}",
    }
    assert made.secrets["LOADSTONE_PASSWORD"] == "hunter22"
    assert made.secrets["LOADSTONE_AUTHORIZATION"] == "YTpi"
    written = json.dumps(msgspec.to_builtins(made.journey)) + " ".join(made.notes)
    for secret in ("hunter22", "alice", "1234567", "s3cr3t", "kkkkkkkk", "YTpi", "tok-A1b2C3d4"):
        assert secret not in written


def test_a_session_from_before_is_the_environment_s() -> None:
    visit = recording(
        exchange("GET /a", headers={"Cookie": "session=abc"}, got=[("set-cookie", "seen=1")]),
        exchange("GET /b", headers={"Cookie": "session=abc"}),
    )
    made = made_of(visit, (), "visit")
    assert [step.headers for step in steps(made.journey)] == [{"cookie": "{env.LOADSTONE_COOKIE}"}] * 2
    assert made.secrets == {"LOADSTONE_COOKIE": "session=abc"}
    assert any("began with a login" in note for note in made.notes)


def test_cookies_that_were_set_are_the_engine_s() -> None:
    visit = recording(
        exchange("GET /a", got=[("set-cookie", "session=abc; Path=/")]),
        exchange("GET /b", headers={"Cookie": "session=abc"}),
    )
    assert [step.headers for step in steps(made_of(visit, (), "visit").journey)] == [{}, {}]


def test_a_token_is_never_written() -> None:
    served, sent = "WyJkZW1vIl0.FgY4xYz12AbC", "Zm9vYmFyQmF6MTIzNDU2Nzg5MA=="
    visit = recording(
        exchange("GET /", html(f'<a href="/join/{served}">join</a>')),
        exchange(f"GET /join/{served}"),
        exchange(f"GET /files/{sent.rstrip('=')}?q={sent}"),
    )
    for dynamics in (differences(visit, visit), candidates(visit)):
        made = made_of(visit, dynamics, "visit")
        _, join, files = steps(made.journey)
        assert join.target == "/join/{join_id}"
        assert files.target == "/files/{env.LOADSTONE_VALUE}?q={env.LOADSTONE_Q}"


def test_a_uuid_that_a_client_makes_is_made() -> None:
    visits = [
        recording(exchange("POST /a", headers={"X-Request-Id": f"{n}23e4567-e89b-42d3-a456-426614174000"}))
        for n in "12"
    ]
    (step,) = steps(made_of(visits[0], differences(*visits), "visit").journey)
    assert step.headers == {"x-request-id": "{uuid}"}


def test_one_recording_has_likely_values() -> None:
    visit = recording(
        exchange("GET /items", {"page": 2, "items": [{"id": 17, "stock": 3}, {"id": 18, "stock": 3}]}),
        exchange("GET /items/17?page=2", {"id": 17}),
        exchange("POST /cart", {"cart": {"id": "a8f5f167f44f4964"}}, body={"item_id": 17, "quantity": 3}),
        exchange("GET /cart/a8f5f167f44f4964"),
    )
    found = candidates(visit)
    assert [(one.name, one.kind, one.proved) for one in found] == [
        ("item_id", "listed", False),
        ("cart_id", "served", False),
    ]
    made = made_of(visit, found, "visit")
    listing, item, cart, last = steps(made.journey)
    assert listing.extract == (Extraction("item_id", "json", "$.items[*].id", "random"),)
    assert item.target == "/items/{item_id}?page=2"
    assert cart.body == Body("json", {"item_id": "{item_id|raw}", "quantity": 3})
    assert last.target == "/cart/{cart_id}"
    assert made.unproved == ("item", "post cart", "cart")
    assert any("not proved" in note for note in made.notes)


@pytest.mark.parametrize(
    ("value", "drawn"),
    [("kQzRtYbWmNcXvLpAsDfGhJ", True), ("showTheNewestReviewsOnly", False), ("the-newest-reviews-only", False)],
)
def test_one_recording_takes_drawn_letters_for_a_token_and_words_for_words(value: str, drawn: bool) -> None:
    """A token of 22 letters has no digit in one case of forty."""
    page = html(f'<form method="post" action="/login"><input type="hidden" name="one_time" value="{value}"></form>')
    visit = recording(exchange("GET /", page), exchange("POST /login", form=f"one_time={value}&user=anna"))
    assert [one.first for one in candidates(visit)] == ([value] if drawn else [])


def test_one_recording_does_not_take_any_number_for_an_id() -> None:
    visit = recording(
        exchange("GET /report", {"total": 2024, "count": 7}),
        exchange("GET /years/2024", html("<p>7 things</p>")),
        exchange("GET /page/7"),
    )
    assert candidates(visit) == ()


def test_one_recording_takes_links_by_what_leads_to_them() -> None:
    page = html('<a href="/orders/17">17</a><a href="/orders/18">18</a><a href="/users/17">me</a>')
    (found,) = candidates(recording(exchange("GET /", page), exchange("GET /orders/17")))
    assert found.extraction == Extraction("order_id", "regex", 'href="/orders/([0-9]+)"', "random")


def test_a_collection_s_variables_are_the_environment_s() -> None:
    one = exchange("GET /users/{{userId}}?at={{$guid}}", status=0, headers={"Authorization": "Bearer {{token}}"})
    visit = msgspec.structs.replace(recording(one), kind="postman")
    made = made_of(visit, (), "visit")
    (step,) = steps(made.journey)
    assert step.target == "/users/{env.LOADSTONE_USER_ID}?at={uuid}"
    assert step.headers == {"authorization": "Bearer {env.LOADSTONE_TOKEN}"}
    assert step.check == Check()
    assert made.secrets == {}
    assert "set these before it runs: LOADSTONE_USER_ID, LOADSTONE_TOKEN" in made.notes


def test_a_journey_compiles_and_its_secrets_stay_out() -> None:
    one, other = login("tok-A1b2C3d4", "alice"), login("tok-Z9y8X7w6", "bob")
    made = made_of(one, differences(one, other), "visit")
    plan = compile_plan(
        Workload((made.journey,)),
        Shape("once", "once"),
        Service("http://127.0.0.1:1"),
        seed=1,
        environment=made.secrets,
    )
    assert b"hunter22" not in plan.archive


@pytest.mark.parametrize(
    "value",
    [
        'mutation { login(user: "bob", password: "hunter22") { id } }',
        "/next?password=hunter22&x=1",
        "write to alice@example.com, please",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "card 4111 1111 1111 1111",
    ],
)
def test_secrets_within_values(value: str) -> None:
    made = made_of(recording(exchange("POST /a", body={"query": value})), (), "visit")
    (step,) = steps(made.journey)
    assert step.body == Body("json", {"query": "{env.LOADSTONE_QUERY}"})


@pytest.mark.parametrize(
    "value", ["query Log($password: String!) { a }", "at 10:30", "1767225600123", "a token of love", "@home"]
)
def test_what_is_no_secret(value: str) -> None:
    (step,) = steps(made_of(recording(exchange("POST /a", body={"query": value})), (), "visit").journey)
    assert "env." not in str(step.body)


def test_a_body_that_is_no_form_and_holds_a_secret() -> None:
    xml = "<login><user>bob</user><ns:password a='1'>hunter22</ns:password></login>"
    one = exchange("POST /a", body=xml, headers={"content-type": "text/xml"})
    one = msgspec.structs.replace(one, request=msgspec.structs.replace(one.request, media_type="text/xml"))
    made = made_of(recording(one), (), "visit")
    (step,) = steps(made.journey)
    assert step.body == Body("text", "{env.LOADSTONE_BODY}")
    assert made.secrets == {"LOADSTONE_BODY": xml}
    half = exchange("POST /a", body='{"password": "hunter22", "id": {{id}}}', status=0)
    made = made_of(msgspec.structs.replace(recording(half), kind="postman"), (), "visit")
    assert "hunter22" not in str(made.journey)


def test_a_long_value_is_read_in_no_time() -> None:
    """What a quadratic search would take minutes for."""
    for value in ("a" * 200_000, "eyJ" * 70_000, "a@" * 100_000, "1 " * 100_000, "password" * 25_000):
        made_of(recording(exchange("POST /a", body={"x": value})), (), "visit")


def test_over_tls_a_form_says_where_it_stands() -> None:
    visit = recording(
        exchange("GET /a", headers={"Referer": "https://shop.example/x"}),
        exchange("POST /a", headers={"Referer": "https://shop.example/x"}, form="a=1"),
        origin="https://shop.example",
    )
    read, sent = steps(made_of(visit, (), "visit").journey)
    assert (read.headers, sent.headers) == ({}, {"referer": "https://shop.example/"})
