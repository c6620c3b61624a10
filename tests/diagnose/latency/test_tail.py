"""The tail finds what is rare and slow, is silent where nothing is, and names the parameter before its statements."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest, Requests, Step, Visits
from loadstone.diagnose.latency.tail import FALSE_SHARE, slow_of, tail
from loadstone.diagnose.latency.telling import explain
from loadstone.diagnose.latency.traits import Trait, Traits, traits_of
from loadstone.diagnose.subject import Judged, Subject
from loadstone.diagnose.suspect import Suspect
from loadstone.diagnose.traces.root_facts import MOST_NAMES, root_facts
from loadstone.model.finding import Locus, Roles
from tests.scenes import Story

AUTHOR = "SELECT name FROM author WHERE id = ?"


def rare_parameter(
    *, seed: int = 1, count: int = 2000, share: float = 0.01, value: str = "reviews", own: bool = True
) -> Story:
    story = Story(seed, steps=(("browse", "detail"),), own=own)
    chance = np.random.default_rng(seed + 1000)
    rare = chance.random(count) < share

    def query(number: int) -> str:
        other = ("&expand=#00000000", "&expand=images", "")[number % 3]
        return f"page={number % 7}" + (f"&expand={value}" if rare[number - 1] else other)

    for request in story.requests(
        count, url_query=query, attributes=lambda number: f'{{"tier": "{"gold" if number % 5 else "free"}"}}'
    ):
        request.spend(0.01 * chance.lognormal(0, 0.5))
        if rare[request.number - 1]:
            for row in range(20):
                request.sql(AUTHOR, 0.003, parameters=row)
    return story


def test_a_parameter_in_one_of_a_hundred_requests_is_named_first() -> None:
    (row,) = tail(*rare_parameter().made())
    assert (row.journey, row.step, row.attribute, row.value) == ("browse", "detail", "?expand", "reviews")
    assert row.slow_share == pytest.approx(0.24)
    assert row.normal_share == 0
    assert row.lift.low > 50
    assert row.effect_s == pytest.approx(0.06, rel=0.1)
    assert row.q < 1e-15
    assert row.requests == 24
    assert len(row.trace_ids) == 5
    assert row.goes_with == (f"{AUTHOR}: 20 times or more",)


def test_traces_without_a_run_tell_it_too() -> None:
    (row,) = tail(*rare_parameter(own=False).made())
    assert (row.journey, row.step, row.attribute, row.value) == ("shop", "GET /1", "?expand", "reviews")


def test_a_masked_value_is_one_of_several() -> None:
    (row,) = tail(*rare_parameter(value="#1a2b3c4d").made())
    assert row.value == "one value of 3 (#1a2b3c4d)"


def bad_process(*, sticky: int = 1) -> Story:
    story = Story(4)
    chance = np.random.default_rng(4)
    process = np.repeat(chance.integers(200, 204, 2000 // sticky), sticky)
    for request in story.requests(2000, process_pid=lambda number: int(process[number - 1])):
        request.spend(0.01 * chance.lognormal(0, 0.3) * (3 if process[request.number - 1] == 203 else 1))
    return story


@pytest.mark.parametrize("sticky", [1, 10])
def test_a_bad_process_is_found_where_it_serves_runs_of_requests_too(sticky: int) -> None:
    (row,) = tail(*bad_process(sticky=sticky).made())
    assert (row.attribute, row.value) == ("process", "203")
    assert row.effect_s > 0.01


def test_two_causes_are_two_rows() -> None:
    story = Story(6)
    chance = np.random.default_rng(6)
    for request in story.requests(
        3000,
        url_query=lambda number: "sort=price" if number % 50 == 0 else "sort=name",
        http_route="/p/{id}",
        url_path=lambda number: f"/p/{number % 71}",
    ):
        request.spend(0.01 * chance.lognormal(0, 0.3))
        if request.number % 50 == 0:
            request.sql("SELECT * FROM p ORDER BY price", 0.08)
        if request.number % 71 == 7:
            request.sql("SELECT * FROM review", 0.08, rows=9000)
    rows = tail(*story.made())
    assert {(row.attribute, row.value) for row in rows} == {("?sort", "price"), ("path {id}", "7")}


def test_a_failed_objective_says_what_is_slow() -> None:
    subject, scene = rare_parameter(count=1000).made()
    failed = Judged("fast", "browse", "detail", 0.99, 0.05, 0.09, "fail")
    requests = scene.digest.requests_of(0)
    assert slow_of(subject, scene.digest, 0, requests).sum() == 50
    told = msgspec.structs.replace(subject, objectives=(failed,))
    assert slow_of(told, scene.digest, 0, requests).sum() == (scene.digest.requests.duration_s[requests] > 0.0499).sum()


def test_the_trait_that_tells_a_suspects_requests() -> None:
    _, scene = rare_parameter(share=0.03).made()
    digest = scene.digest
    (number,) = (one.number for one in digest.operations if one.statement == AUTHOR)
    affected = digest.visits.request[digest.visits.operation == number]
    suspect = Suspect("n-plus-one", "", 0, Locus(), Roles(), "", 0.9, (), affected, np.ones(len(affected)))
    found = explain(traits_of(scene), suspect)
    assert found is not None
    assert found.sentence.startswith("when ?expand=reviews, 3.")
    assert (found.precision, found.recall) == (1, 1)
    chosen = np.random.default_rng(1).choice(len(digest.requests), 60, replace=False)
    other = Suspect("x", "", 0, Locus(), Roles(), "", 0.9, (), np.sort(chosen).astype(np.int32), np.ones(60))
    assert explain(traits_of(scene), other) is None
    everything = Suspect("x", "", 0, Locus(), Roles(), "", 0.9, (), digest.requests_of(0), np.ones(2000))
    assert explain(traits_of(scene), everything) is None
    assert explain(traits_of(scene), Suspect("x", "", None, Locus(), Roles(), "", 0.9, ())) is None


class Bare:
    """A scene of requests alone."""

    def __init__(self, digest: Digest) -> None:
        self.digest = digest


def bare(duration_s: NDArray[np.float64]) -> Bare:
    count = len(duration_s)
    start = np.arange(count) * 10_000_000
    columns: dict[str, Any] = {
        "step": np.zeros(count, np.int32),
        "start_ns": start,
        "end_ns": start + (duration_s * 1e9).astype(np.int64),
        "sent_ns": start,
        "done_ns": start,
        "measured": np.ones(count, np.bool_),
        "trace_id": np.zeros(count, "V16"),
    }
    blank: Any = np.zeros(count, np.int64)
    empty: Any = np.empty(0, np.int64)
    requests = Requests(**{name: columns.get(name, blank) for name in Requests.__dataclass_fields__})
    visits = Visits(**dict.fromkeys(Visits.__dataclass_fields__, empty))
    return Bare(Digest((), (Step(0, "shop", "page", True),), requests, visits))


def queue(random: np.random.Generator, count: int, load: float) -> NDArray[np.float64]:
    """Response times of M/M/1: slow requests come in clumps."""
    service, gaps = random.exponential(load, count), random.exponential(1.0, count)
    wait = np.zeros(count)
    for place in range(1, count):
        wait[place] = max(0.0, wait[place - 1] + service[place - 1] - gaps[place])
    return (wait + service) / 100


def runs(random: np.random.Generator, count: int, length: float, share: float) -> NDArray[np.bool_]:
    """A mark that comes in runs of about ``length``."""
    lengths = random.geometric(1 / length, count)
    return np.repeat(random.random(count) < share, lengths)[:count]


def meaningless(random: np.random.Generator, count: int, clumped: bool) -> Traits:
    """A hundred traits that have nothing to do with time: of all shares; ``clumped`` ones come in runs of 3 to 300."""
    marks = [random.random(count) < share for share in np.geomspace(0.005, 0.6, 50)]
    values = random.integers(0, 40, count)
    marks += [values == value for value in range(40)]
    if clumped:
        marks += [runs(random, count, length, 0.25) for length in (3, 10, 30, 100, 300)]
        edge = int(random.integers(count // 4, count // 2))
        marks += [np.arange(count) >= edge, np.arange(count) < edge]
    traits = tuple(
        Trait(0, "attribute", f"a{place}", "x", "", np.flatnonzero(mark).astype(np.int32))
        for place, mark in enumerate(marks)
        if 5 <= mark.sum() <= count - 5
    )
    return Traits({0: traits}, {0: np.arange(count, dtype=np.int32)}, {})


@pytest.mark.parametrize(("clumped", "load"), [(False, 0.7), (True, 0.5), (True, 0.8)])
def test_meaningless_traits_are_told_in_at_most_one_run_of_twenty(clumped: bool, load: float) -> None:
    """200 runs of a queue each; of a true 5 % a binomial gives more than 15 in 5 % of such tests."""
    random = np.random.default_rng(17)
    told = 0
    for _ in range(200):
        scene = bare(queue(random, 1500, load))
        told += bool(tail(Subject(), scene, traits=meaningless(random, 1500, clumped)))  # type: ignore[arg-type]
    assert told <= 200 * FALSE_SHARE


def test_a_slow_trait_of_one_percent_is_told_in_a_queue() -> None:
    """At least 95 of 100 runs name it, among a hundred meaningless ones."""
    random = np.random.default_rng(23)
    told = 0
    for _ in range(100):
        duration = queue(random, 1500, 0.5)
        rare = np.sort(random.choice(1500, 15, replace=False)).astype(np.int32)
        duration[rare] += 0.08
        held = meaningless(random, 1500, True)
        trait = Trait(0, "parameter", "?expand", "reviews", "", rare)
        traits = Traits({0: (*held.of_step[0], trait)}, held.looked, {})
        rows = tail(Subject(), bare(duration), traits=traits)  # type: ignore[arg-type]
        told += any(row.attribute == "?expand" for row in rows)
    assert told >= 95


@pytest.mark.filterwarnings("error")
def test_hostile_roots_are_read_over() -> None:
    story = Story(own=False)
    odd = ("{", "[]", "null", '{"a": 1e999}', '{"a": NaN}', f'{{"n": {10**400}}}', '{"b": {"c": [1]}}', None)
    for request in story.requests(
        200,
        url_query=lambda number: "&&=1&" + "a" * 300 + "&x=%ff%zz" if number % 2 else None,
        url_path=lambda number: "/" * (number % 5),
        http_route="/{a}/{b}",
        attributes=lambda number: odd[number % len(odd)],
    ):
        request.spend(-1.0 if request.number % 3 else 0.0, exact=True)
    assert tail(*story.made()) == ()


def test_values_without_number_are_dropped_and_counted() -> None:
    story = Story()
    for request in story.requests(3100, url_query=lambda number: f"id=x{number % 310}"):
        request.spend(0.001)
    traits = traits_of(story.made()[1])
    assert traits.dropped == {"?id": 10}
    assert sum(trait.attribute == "?id" for trait in traits.of_step[0]) == 300
    for request in (story := Story()).requests(1000, url_query=lambda number: f"id=x{number}"):
        request.spend(0.001)
    assert not [trait for trait in traits_of(story.made()[1]).of_step[0] if trait.attribute == "?id"]


def test_names_made_up_for_each_request_are_bounded() -> None:
    story = Story()
    for request in story.requests(
        600,
        url_query=lambda number: f"a{number}=1&b=2",
        attributes=lambda number: "{" + ", ".join(f'"{number}.{place}": 1' for place in range(60)) + "}",
    ):
        request.spend(0.001)
    _, scene = story.made()
    facts = root_facts(scene, {0: scene.digest.requests_of(0)})
    assert len(facts) == MOST_NAMES


def test_the_requests_own_time_is_no_property() -> None:
    story = Story()
    for request in story.requests(300, attributes=lambda number: f'{{"duration_ms": {number % 9}, "n": {number % 9}}}'):
        request.spend(0.001)
    names = {trait.attribute for trait in traits_of(story.made()[1]).of_step[0]}
    assert names == {"n"}
