"""A log's visits as journeys: by the steps that are known, values from its own items, a login in front where one is."""

from __future__ import annotations

import json
from pathlib import Path

from loadstone.archive import Archive
from loadstone.drive.compile import compile_plan
from loadstone.lab.init.drafting import login_steps
from loadstone.lab.init.logged import Visits, visits_of
from loadstone.lab.init.spans import Traces
from loadstone.lab.init.ways import Fill, Way
from loadstone.model.discovery import Login
from loadstone.model.estimate import Estimate
from loadstone.model.log_reading import LogReading
from loadstone.model.route import Field, Route
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.traffic import Arrivals, Pace, Popularity, RouteLoad, Traffic, Transition, VisitClass
from loadstone.model.workload import Extraction, Step, Workload

LIST = Route("GET", "/songs", sources=("log",), requests=60)
ITEM = Route(
    "GET", "/songs/{song}", (Field("song", kind="number", values=("3", "1", "2"), counts=(9, 5, 1)),), ("log",)
)
MINE = Route("GET", "/mine", sources=("log",), requests=10)
ADD = Route("POST", "/songs", sources=("log",), requests=5)


def told(value: float) -> Estimate:
    return Estimate(value, value * 0.9, value * 1.1, source="the log", count=100)


def step(before: str | None, after: str | None, share: float) -> Transition:
    return Transition(before, after, told(share))


TRAFFIC = Traffic(
    reading=LogReading(),
    routes=(LIST, ITEM, MINE, ADD),
    mix=tuple(RouteLoad(route.id, 50, told(0.25)) for route in (LIST, ITEM, MINE, ADD)),
    reads=told(0.9),
    visits=(
        VisitClass(
            "songs", 100, told(1.0), told(3.0),
            (step(None, LIST.id, 1.0), step(LIST.id, ITEM.id, 0.5), step(LIST.id, ADD.id, 0.25),
             step(LIST.id, MINE.id, 0.25), step(ITEM.id, None, 1.0), step(ADD.id, ITEM.id, 1.0),
             step(MINE.id, None, 1.0)),
            (Pace(LIST.id, told(2.0), told(0.5)),),
        ),
    ),
    popularity=(Popularity(ITEM.id, "song", 3, told(1.1), told(0.5), 100),),
    arrivals=Arrivals(0, 3600.0, told(2.0), told(6.0)),
    idle_s=told(1800.0),
)  # fmt: skip

TAKEN = Extraction("", "json", "$[*].id", "random")
WAYS = (
    Way(LIST, "/songs", 200),
    Way(ITEM, "/songs/3", 200, {"/songs/{}": Fill(("1", "2", "3"), LIST.id, TAKEN)}),
    Way(MINE, "/mine", 200, login=True),
)


def compiled(visits: Visits) -> None:
    workload = Workload(visits.grouped.journeys, visits.grouped.feeds)
    secrets = dict.fromkeys(("LOADSTONE_USER", "LOADSTONE_PASSWORD"), "x")
    compile_plan(workload, Shape("once", "once"), Service("http://127.0.0.1:1"), seed=1, environment=secrets)


def test_visits_lead_from_step_to_step_and_draw_from_the_log() -> None:
    visits = visits_of(TRAFFIC, WAYS, None)
    assert visits is not None
    [journey] = visits.grouped.journeys
    steps = {action.name: action for action in journey.actions if isinstance(action, Step)}
    assert steps["songs list"].next == {"songs detail": 0.75}, "what was left out is spliced"
    assert steps["songs list"].pause is not None
    [feed] = visits.grouped.feeds
    assert (feed.order, feed.per, feed.rows) == ("zipf", "request", (("3",), ("1",), ("2",)))
    assert steps["songs detail"].target == f"/songs/{{{feed.name}.song|raw}}"
    assert visits.grouped.steps == {LIST.id: ("songs", "songs list"), ITEM.id: ("songs", "songs detail")}
    assert any("POST /songs is left out" in one.name for one in visits.assumptions)
    compiled(visits)


def test_a_visit_with_something_behind_the_login_begins_with_it() -> None:
    entering = login_steps(Login("json", "/login", token="$.token"), "http://127.0.0.1:1")
    visits = visits_of(TRAFFIC, WAYS, entering)
    assert visits is not None
    [journey] = visits.grouped.journeys
    first, *rest = [action for action in journey.actions if isinstance(action, Step)]
    assert (first.method, first.next, journey.start) == ("post", {"songs list": 1.0}, None)
    assert next(one for one in rest if one.target == "/mine").headers["authorization"] == "Bearer {token}"
    compiled(visits)


def test_nothing_known_is_no_journey() -> None:
    assert visits_of(TRAFFIC, (), None) is None


def test_traces_tell_routes_and_what_they_lead_to(tmp_path: Path) -> None:
    def span(number: int, kind: int, **attributes: str) -> dict[str, object]:
        told = [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()]
        return {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": "x", "kind": kind, "attributes": told,
                "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000001000000"}  # fmt: skip

    spans = [
        span(1, 2, http__request__method="GET", http__route="/users/<int:user_id>", url__path="/users/7"),
        span(2, 2, http__request__method="GET", url__path="/about"),
        span(3, 3, db__system__name="postgresql", server__address="db.local"),
        span(4, 3, http__request__method="GET", server__address="rates.local"),
    ]
    document = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": spans}]}]}
    (tmp_path / "traces.json").write_text(json.dumps(document))
    found = Traces((str(tmp_path / "traces.json"),), Archive(tmp_path / "archive"), lambda _: None).look("http://x")
    assert {route.id for route in found.routes} == {"GET /users/{user_id}", "GET /about"}
    assert all("traces" in route.sources for route in found.routes)
    assert [(one.system, one.host) for one in found.databases] == [("postgresql", "db.local")]
    assert [one.host for one in found.dependencies] == ["rates.local"]
