"""One factor varied, the rest as it was, and never beyond twice the spec's load."""

from __future__ import annotations

import msgspec
import pytest

from loadstone.errors import SpecError
from loadstone.lab.varied import default_levels, factor_of, loads, order_of, varied
from loadstone.model.shape import Phase, Shape
from loadstone.model.workload import Body, Journey, Step, Think, Workload

OPEN = Shape(
    "steady", "poisson", (Phase("warm-up", 5, rate_per_s=90, measured=False), Phase("steady", 60, rate_per_s=40))
)
CLOSED = Shape("people", "closed", (Phase("people", 60, users=10),))


def workload(target: str = "/products?limit={int(1, 9)}&page=2", body: Body | None = None) -> Workload:
    actions = (Step("list", "get", target, body=body), Think("uniform", 0.0, 1.0, 3.0), Step("home", "get", "/"))
    return Workload((Journey("browse", 1.0, actions), Journey("bare", 1.0, (Step("ping", "get", "/ping"),))))


def targets(made: Workload) -> list[str]:
    return [action.target for journey in made.journeys for action in journey.actions if isinstance(action, Step)]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/products?limit={int(1, 9)}&page=2", "/products?limit=40&page=2"),
        ("/products?page=2&limit=10", "/products?page=2&limit=40"),
        ("/products?limit=&x={feed.limit}", "/products?limit=40&x={feed.limit}"),
        ("/limit=3?nolimit=3&limit=x{a}{b}y#limit=9", "/limit=3?nolimit=3&limit=40#limit=9"),
    ],
)
def test_a_parameter_of_a_query_is_set(target: str, expected: str) -> None:
    made, shape = varied(workload(target), OPEN, "limit", 40.0, 8.0)
    assert targets(made) == [expected, "/", "/ping"]
    assert [(phase.duration_s, phase.rate_per_s, phase.measured) for phase in shape.phases] == [
        (1.6, 40, False),
        (8.0, 40, True),
    ]


def test_a_parameter_of_a_body_is_set() -> None:
    held = workload("/search", Body("json", {"filter": {"limit": 10}, "q": "a"}))
    (step, *_), _ = varied(held, OPEN, "limit", 40.0, 8.0)[0].journeys[0].actions, None
    assert isinstance(step, Step)
    assert step.body == Body("json", {"filter": {"limit": 40}, "q": "a"})
    form = workload("/search", Body("form", {"limit": "10"}))
    changed = varied(form, OPEN, "limit", 2.5, 8.0)[0].journeys[0].actions[0]
    assert isinstance(changed, Step)
    assert changed.body == Body("form", {"limit": "2.5"})


def test_a_parameter_that_no_step_has_is_an_error_with_those_there_are() -> None:
    with pytest.raises(SpecError, match=r'no step has a parameter "rows"; there are limit, page'):
        varied(workload(), OPEN, "rows", 5.0, 8.0)


@pytest.mark.parametrize(
    ("shape", "factor", "value"),
    [(OPEN, "rate", 80.1), (CLOSED, "concurrency", 21), (OPEN, "rate", 0), (OPEN, "rate", -1)],
)
def test_load_is_never_above_twice_the_specs(shape: Shape, factor: str, value: float) -> None:
    with pytest.raises(SpecError, match="out of bounds"):
        varied(workload(), shape, factor, value, 8.0)


def test_what_a_shape_has_not_is_told() -> None:
    with pytest.raises(SpecError, match="probe its rate"):
        varied(workload(), OPEN, "concurrency", 5, 8.0)
    with pytest.raises(SpecError, match="probe its concurrency"):
        varied(workload(), CLOSED, "rate", 5, 8.0)
    with pytest.raises(SpecError, match="think times are multiplied"):
        varied(workload(), CLOSED, "think", 0.0, 8.0)
    with pytest.raises(SpecError, match="runs each journey once"):
        varied(workload(), Shape("once", "once"), "rate", 1, 8.0)
    silent = msgspec.structs.replace(workload(), journeys=workload().journeys[1:])
    with pytest.raises(SpecError, match="no journey has a think time"):
        varied(silent, CLOSED, "think", 1.0, 8.0)


def test_think_times_are_multiplied() -> None:
    made, shape = varied(workload(), CLOSED, "think", 0.5, 8.0)
    assert made.journeys[0].actions[1] == Think("uniform", 0.0, 0.5, 1.5)
    assert [phase.users for phase in shape.phases] == [10, 10]


def test_pauses_are_multiplied_and_the_ways_stay() -> None:
    pause = Think("lognormal", value_s=4.0, sigma=1.1)
    steps = (Step("list", "get", "/", next={"list": 0.5}, pause=pause), Step("home", "get", "/"))
    journey = Journey("visit", 2.0, steps, start={"list": 0.5, "home": 0.5}, most=9)
    (made,) = varied(Workload((journey,)), CLOSED, "think", 0.5, 8.0)[0].journeys
    listed = msgspec.structs.replace(steps[0], pause=Think("lognormal", value_s=2.0, sigma=1.1))
    assert made == msgspec.structs.replace(journey, actions=(listed, steps[1]))


def test_levels_of_their_own() -> None:
    assert loads("concurrency", OPEN) == "rate"
    assert loads("concurrency", CLOSED) == "concurrency"
    assert default_levels("rate", OPEN) == (10, 20, 40, 60)
    assert default_levels("concurrency", CLOSED) == (2, 5, 10, 15)
    assert default_levels("think", CLOSED) == (0.5, 1, 2)
    assert default_levels("limit", OPEN) == ()
    one = Shape("one", "closed", (Phase("one", 9, users=1),))
    assert default_levels("concurrency", one) == (1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("rate", ("rate", ())), ("think=.5,2", ("think", (0.5, 2))), ("limit=10,20,40", ("limit", (10, 20, 40)))],
)
def test_a_factor_is_read(text: str, expected: tuple[str, tuple[float, ...]]) -> None:
    assert factor_of(text) == expected


@pytest.mark.parametrize("text", ["", "=1,2", "limit=", "limit=a,b", "limit=1,,2", "limit=nan,1", "limit=inf,1"])
def test_what_is_no_factor_says_what_is(text: str) -> None:
    with pytest.raises(SpecError, match="write rate, concurrency, think or NAME=10,20,40"):
        factor_of(text)


def test_the_order_is_drawn_and_turned_round() -> None:
    order = order_of((1, 2, 3, 4), 2, 5)
    assert sorted(order) == sorted((level, replicate) for level in (1, 2, 3, 4) for replicate in (0, 1))
    assert [level for level, _ in order[4:]] == [level for level, _ in order[:4]][::-1]
    assert order == order_of((1, 2, 3, 4), 2, 5)
    assert {tuple(order_of((1, 2, 3, 4), 1, seed)) for seed in range(9)} != {tuple(order[:4])}
