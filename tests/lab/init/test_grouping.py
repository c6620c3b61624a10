"""Ways become journeys: a list before what it lists, a login first, what changes something off."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.drive.compile import compile_plan
from loadstone.lab.init.drafting import login_steps
from loadstone.lab.init.grouping import MOST_STEPS, journeys_of
from loadstone.lab.init.mending import pruned
from loadstone.lab.init.probing import Probing
from loadstone.lab.init.recorded import recorded
from loadstone.lab.init.switched_off import off_journeys
from loadstone.lab.init.ways import Fill, Way, field_keys
from loadstone.model.discovery import Login
from loadstone.model.recording import Message, RecordedExchange, Recording
from loadstone.model.route import Field, Route
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.workload import Extraction, Journey, Step, Workload
from tests.lab.init.pages import Pages


def way(path: str, *, login: bool = False, **fills: Fill) -> Way:
    fields = tuple(Field(name) for name in re.findall(r"\{(\w+)\}", path))
    route = Route("GET", path, fields, ("openapi",))
    keys = dict(zip(field_keys(route), fills.values(), strict=True))
    return Way(route, path, 200, keys, login=login)


def taken(source: str) -> Fill:
    return Fill(("1", "2"), f"GET {source}", Extraction("", "json", "$.items[*].id", "random"))


def steps(journey: Journey) -> list[Step]:
    return [action for action in journey.actions if isinstance(action, Step)]


def runs(journeys: tuple[Journey, ...], feeds: tuple[object, ...] = ()) -> None:
    """The engine's own compiler takes them."""
    secrets = dict.fromkeys(("LOADSTONE_USER", "LOADSTONE_PASSWORD"), "x")
    workload = Workload(journeys, feeds)  # type: ignore[arg-type]
    compile_plan(workload, Shape("once", "once"), Service("http://127.0.0.1:1"), seed=1, environment=secrets)


def test_a_list_comes_before_what_it_lists() -> None:
    grouped = journeys_of([way("/api/books"), way("/api/books/{id}", id=taken("/api/books"))])
    [journey] = grouped.journeys
    assert journey.name == "books"
    assert [step.name for step in steps(journey)] == ["list", "detail"]
    assert steps(journey)[0].extract[0].name == "id"
    assert steps(journey)[1].target == "/api/books/{id}"
    assert grouped.steps == {"GET /api/books": ("books", "list"), "GET /api/books/{id}": ("books", "detail")}
    runs(grouped.journeys)


def test_two_ids_of_one_journey_have_two_names() -> None:
    deep = way("/a/{id}/b/{id}", one=taken("/a"), two=taken("/a/{id}/b"))
    deep = Way(Route("GET", "/a/{id}/b/{id2}", (Field("id"), Field("id2")), ("openapi",)), "", 200, deep.fills)
    grouped = journeys_of([way("/a"), way("/a/{id}/b", id=taken("/a")), deep])
    [journey] = grouped.journeys
    names = [one.name for step in steps(journey) for one in step.extract]
    assert len(names) == len(set(names)) == 2
    runs(grouped.journeys)


def test_pages_that_stand_alone_are_one_journey() -> None:
    grouped = journeys_of([way("/about"), way("/"), way("/terms")])
    assert [journey.name for journey in grouped.journeys] == ["pages"]


def test_no_journey_is_longer_than_it_may_be_and_each_has_what_it_needs() -> None:
    ways = [way("/x"), *(way(f"/x/{{id}}/part{number}", id=taken("/x")) for number in range(14))]
    grouped = journeys_of(ways)
    assert all(len(steps(journey)) <= MOST_STEPS for journey in grouped.journeys)
    assert len(grouped.steps) == len(ways)
    runs(grouped.journeys)


def test_what_is_behind_the_login_begins_with_it() -> None:
    login = Login("json", "/login", token="$.token")
    grouped = journeys_of([way("/orders", login=True), way("/orders/{id}", login=True, id=taken("/orders"))],
                          login_steps(login, "http://127.0.0.1:1"))  # fmt: skip
    [journey] = grouped.journeys
    assert steps(journey)[0].method == "post"
    assert all(step.headers["authorization"] == "Bearer {token}" for step in steps(journey)[1:])
    runs(grouped.journeys)


def test_known_values_stand_in_the_path_or_in_a_file() -> None:
    few, many = Fill(("a b", "c/d")), Fill(tuple(map(str, range(30))))
    grouped = journeys_of([way("/one/{x}", x=Fill(("50%",))), way("/few/{x}", x=few), way("/many/{x}", x=many)])
    targets = {step.target for journey in grouped.journeys for step in steps(journey)}
    assert targets == {"/one/50%25", "/few/{choice(a b, c/d)}", "/many/{many.x}"}
    assert [(feed.source, len(feed.rows)) for feed in grouped.feeds] == [("traffic/many.csv", 30)]
    runs(grouped.journeys, grouped.feeds)


def test_what_changes_something_is_off_with_its_example() -> None:
    add = Route("POST", "/books", (), ("openapi",), body="application/json", example='{"title": "a {b}", "n": 1}')
    remove = Route("DELETE", "/books/{id}", (Field("id"),), ("openapi",))
    other = Route(
        "PUT", "/shelves/{shelf}", (Field("shelf"),), ("openapi",), body="application/json", example='{"a": null}'
    )
    ways = [way("/books"), way("/books/{id}", id=taken("/books"))]
    off = off_journeys([add, remove, other], ways)
    books, shelves = off.grouped.journeys
    assert [step.method for step in steps(books)] == ["get", "post", "delete"]
    added, put = steps(books)[1].body, steps(shelves)[0].body
    assert added is not None
    assert put is not None
    assert added.value == {"title": "a {{b}}", "n": 1}
    assert steps(books)[2].target == "/books/{id}"
    assert steps(shelves)[0].target == "/shelves/{env.SHELVE_SHELF}"
    assert put.kind == "text"
    runs((books,))


def test_many_that_change_something_are_named_and_not_written_out() -> None:
    long = '{"a": "' + "x" * 999 + '"}'
    routes = [
        Route("POST", f"/r{group}/part{number}", (), ("openapi",), body="application/json", example=long)
        for group in range(20)
        for number in range(20)
    ]
    off = off_journeys(routes, ())
    written = [step for journey in off.grouped.journeys for step in steps(journey)]
    assert len(written) <= 24
    assert all(step.body is None for step in written)
    assert set(off.grouped.steps) | off.named == {route.id for route in routes}
    assert "240 more routes" in off.comments["off"][0]
    assert all(len(line) < 1000 for lines in off.comments.values() for line in lines)


@given(st.lists(st.lists(st.sampled_from(["a", "b", "{x}", "{y}"]), min_size=1, max_size=4).map("/".join), max_size=12))
def test_any_service_gives_journeys_that_the_engine_takes(paths: list[str]) -> None:
    routes = []
    for path in dict.fromkeys(paths):
        numbered = iter(range(9))
        made = "/" + re.sub(r"\{\w\}", lambda _: f"{{f{next(numbered)}}}", path)  # noqa: B023
        fields = tuple(Field(name) for name in re.findall(r"\{(\w+)\}", made))
        routes.append(Route("GET", made, fields, ("crawl",)))
    replies = {"/a": {"items": [{"id": 1}, {"id": 2}]}, "/b": [{"name": "q"}], "/a/b": ["r", "s"]}

    class Everything(Pages):
        def get(self, target: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
            self.replies.setdefault(target, replies.get(target, {"items": [{"id": 5}]}))
            return super().get(target)

    seen = Probing(Everything({})).ask(routes)
    grouped = journeys_of(seen.ways)
    if grouped.journeys:
        runs(grouped.journeys, grouped.feeds)
    assert set(grouped.steps) == {one.route.id for one in seen.ways}


def test_a_recording_that_changes_something_is_driven_without_that() -> None:
    page = Message(body="<html></html>", media_type="text/html")
    exchanges = tuple(
        RecordedExchange(method, target, Message(), 200, page, start_s=float(at))
        for at, (method, target) in enumerate([("GET", "/a"), ("POST", "/b"), ("GET", "/c")])
    )
    told = recorded([Recording("x.har", "har", "http://127.0.0.1", exchanges)], allow_unsafe=False)
    assert [[step.target for step in steps(journey)] for journey in told.on] == [["/a", "/c"]]
    assert [[step.method for step in steps(journey)] for journey in told.off] == [["get", "post", "get"]]
    allowed = recorded([Recording("x.har", "har", "http://127.0.0.1", exchanges)], allow_unsafe=True)
    assert not allowed.off


def test_a_graph_that_lost_steps_is_whole_again() -> None:
    def step(name: str, **follows: float) -> Step:
        return Step(name, "get", f"/{name}", next=follows)

    journey = Journey(
        "v", 1.0, (step("a", b=0.5, c=0.5), step("b", a=1.0), step("c"), step("alone")), {"a": 0.5, "gone": 0.5}
    )
    whole = pruned(journey)
    assert whole is not None
    assert whole.start == {"a": 1.0}
    assert [one.name for one in steps(whole)] == ["a", "b", "c"]
    assert pruned(Journey("v", 1.0, (step("a"),), {"gone": 1.0})) is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_a_journey_that_leads_somewhere_is_pruned(method: str) -> None:
    journey = Journey("plain", 1.0, (Step("a", method, "/a"), Step("b", method, "/b")))
    assert pruned(journey) is journey


def test_no_two_groups_of_one_name_lose_each_other() -> None:
    ways = [way("/-/all"), way("/-/v1/search"), way("/-/whoami"), way("/pages"), way("/pages/{id}", id=taken("/pages")),
            way("/about"), way("/a"), way("/a/{id}", id=taken("/a")), way("/a/mine", login=True), way("/home"),
            way("/")]  # fmt: skip
    grouped = journeys_of(ways)
    assert set(grouped.steps) == {one.route.id for one in ways}
    assert len({journey.name for journey in grouped.journeys}) == len(grouped.journeys)
    runs(grouped.journeys, grouped.feeds)
