"""Which statements repeat and whose they are: each call belongs to one repetition, and what they add up to is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.diagnose.database.asked import asked, quickest_ns
from loadstone.diagnose.database.repeats import repeats
from loadstone.diagnose.database.repetition import gap, source
from loadstone.diagnose.suspect import Scene
from tests.scenes import Story

ONE, TWO, THREE = (f"SELECT {name} FROM t WHERE id = ?" for name in "abc")


def scene_of(*calls: tuple[str, int, object], requests: int = 10) -> Scene:
    """Requests that send (statement, times, parameter of each call, "own" for one of its own) in this order, a
    millisecond each."""
    story = Story()
    for request in story.requests(requests):
        for at, (statement, times, parameters) in enumerate(calls):
            for row in range(times):
                told = (at, row) if parameters == "own" else parameters
                request.sql(statement, 0.001, parameters=told, exact=True)
    return story.made()[1]


def kinds(scene: Scene) -> list[tuple[str, int]]:
    return sorted((one.kind, len(one.operations)) for one in repeats(scene))


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([(ONE, 1, "own")], []),
        ([(ONE, 8, "own")], [("row", 1)]),
        ([(ONE, 8, "x")], [("same", 1)]),
        ([(ONE, 8, None)], [("row", 1)]),
        ([("SELECT a FROM t", 8, None)], [("same", 1)]),
        ([(ONE, 8, "own"), (TWO, 8, "own")], [("row", 1), ("row", 1)]),
        ([(ONE, 1, "own"), (TWO, 1, "own")] * 8, [("pattern", 2)]),
        ([(ONE, 1, "own"), (TWO, 2, "own"), (THREE, 1, "x")] * 6, [("pattern", 3)]),
        ([(ONE, 1, "x"), (TWO, 1, "x")] * 8, [("same", 1), ("same", 1)]),
        ([(ONE, 1, "own"), (TWO, 1, "own")] * 2, [("row", 1), ("row", 1)]),
    ],
)
def test_a_repetition_has_its_kind(calls: list[tuple[str, int, object]], expected: list[tuple[str, int]]) -> None:
    assert kinds(scene_of(*calls)) == expected


def test_a_pattern_of_more_than_eight_is_none() -> None:
    many = [(f"SELECT {at} FROM t WHERE id = ?", 1, at) for at in "abcdefghi"]
    assert all(len(one.operations) <= 8 for one in repeats(scene_of(*many * 6)))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([ONE, TWO, THREE, "GET ?"]), st.integers(1, 7), st.sampled_from(["own", "x", None])),
        min_size=1,
        max_size=12,
    )
)
def test_no_call_belongs_to_two(calls: list[tuple[str, int, object]]) -> None:
    scene = scene_of(*calls, requests=4)
    places = [row for one in repeats(scene) for column in one.places for row in column.tolist()]
    assert len(places) == len(set(places))
    table = scene.once(asked)
    for one in repeats(scene):
        for operation, column in zip(one.operations, one.places, strict=True):
            assert (table.operation[column] == operation).all()
            assert (table.request[column] == one.requests).all()


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.booleans())
def test_what_was_asked_adds_up(times: list[int], below: bool) -> None:
    """Whatever spans stand between, every statement is counted once, with its time."""
    story = Story()
    for request in story.requests(3):
        for at, count in enumerate(times):
            for row in range(count):
                if below:
                    with request.inside(f"part {row}"):
                        request.sql(f"SELECT {'abcdef'[at]} FROM t", 0.001, exact=True)
                else:
                    request.sql(f"SELECT {'abcdef'[at]} FROM t", 0.001, exact=True)
    table = story.made()[1].once(asked)
    assert table.count.sum() == 3 * sum(times)
    assert table.total_ns.sum() == 3 * sum(times) * 1_000_000
    assert table.critical_ns.sum() == 3 * sum(times) * 1_000_000


def test_a_driver_below_a_mapper_is_the_mappers() -> None:
    story = Story()
    for request in story.requests(4):
        with request.inside("SELECT", kind="client", db_system_name="postgresql", db_query_text=ONE):
            request.spend(0.001, exact=True)
            request.sql(ONE, 0.002, parameters=7, rows=3, exact=True)
    table = story.made()[1].once(asked)
    assert len(table) == 4
    assert table.count.tolist() == [1] * 4
    assert table.critical_ns.tolist() == [3_000_000] * 4
    assert table.rows.tolist() == [3] * 4
    assert table.parameters.tolist() == [1] * 4


def test_rows_that_are_fetched_apart_go_with_their_statement() -> None:
    story = Story()
    fetch = {"db_system_name": "sqlite", "db_response_returned_rows": 5}
    for request in story.requests(4):
        request.sql(ONE, 0.001, system="sqlite", exact=True)
        request.span("client", "fetch", 0.004, exact=True, at=None, **fetch)
        request.sql(TWO, 0.001, system="sqlite", exact=True)
    table = story.made()[1].once(asked)
    rows = {int(rows): int(total) for rows, total in zip(table.rows, table.total_ns, strict=True)}
    assert rows == {5: 5_000_000, -1: 1_000_000}
    cuts = table.cuts(np.flatnonzero(table.rows == 5))
    assert len(cuts) == 2, "its fetching goes when it goes"


def test_no_statements_is_an_empty_table() -> None:
    story = Story()
    for request in story.requests(3):
        request.spend(0.001)
    scene = story.made()[1]
    assert len(scene.once(asked)) == 0
    assert repeats(scene) == ()


def test_what_a_statement_could_come_down_to_is_what_others_take() -> None:
    story = Story()
    for request in story.requests(60):
        request.sql("SELECT * FROM page", 0.02, exact=True)
        request.sql("SELECT 1", 0.001, exact=True)
    scene = story.made()[1]
    by_text = {one.statement: one for one in scene.digest.operations}
    assert quickest_ns(scene, by_text["SELECT * FROM page"]) == 1e6
    assert quickest_ns(scene, by_text["SELECT 1"]) == 2e7


def test_the_time_between_is_the_loops_where_it_is_short() -> None:
    for seconds, expected in ((0.0004, True), (0.01, False)):
        story = Story()
        for request in story.requests(10):
            for row in range(8):
                request.sql(ONE, 0.001, parameters=row, exact=True)
                request.spend(seconds, exact=True)
        scene = story.made()[1]
        table = scene.once(asked)
        loop = gap(scene, np.arange(len(table)))
        assert loop.between is expected
        assert loop.own_ns.tolist() == pytest.approx([7 * seconds * 1e9 if expected else 0.0] * 10)


def test_what_stands_between_is_not_the_loops() -> None:
    story = Story()
    for request in story.requests(10):
        for row in range(8):
            request.sql(ONE, 0.001, parameters=row, exact=True)
            request.call("GET", "prices", "/p", 0.003, exact=True)
    scene = story.made()[1]
    table = scene.once(asked)
    window = table.last_ns - table.first_ns
    assert (gap(scene, np.arange(len(table))).own_ns < 0.02 * window).all(), (
        "calls fill it, up to how they are reckoned"
    )


def test_rows_come_from_the_statement_with_as_many() -> None:
    story = Story()
    for request in story.requests(10):
        count = 5 + request.number
        request.sql(TWO, 0.001, parameters=1, rows=count)
        request.sql(THREE, 0.001, parameters=1, rows=1)
        for row in range(count):
            request.sql(ONE, 0.001, parameters=row, rows=1)
    scene = story.made()[1]
    table = scene.once(asked)
    places = np.flatnonzero(table.count >= 5)
    found = source(scene, places, table.count[places])
    assert found is not None
    assert (found.label, found.rows) == (TWO, True)
