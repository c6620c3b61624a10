"""Siblings beside each other, and what speaks for their independence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loadstone.diagnose.calls.bursts import bursts
from loadstone.diagnose.calls.independence import SHOWN, Pair, groups, hearts, pairs
from loadstone.diagnose.calls.inputs import values_of
from loadstone.diagnose.calls.siblings import siblings
from loadstone.diagnose.traces.sampled import neighbours, sampled
from tests.scenes import Story


def test_order_and_overlap_of_each_two() -> None:
    story = Story()
    for request in story.requests(4):
        request.call("GET", "a", "/a", 0.02, exact=True)
        request.call("GET", "b", "/b", 0.02, exact=True)
        request.call("GET", "c", "/c", 0.02, at=0.03, exact=True)
    digest = story.digest()
    (row,) = siblings(digest, 0, set(range(len(digest.operations))))
    column = {digest.operations[number].address: place for place, number in enumerate(row.operations.tolist())}
    a, b, c = (column[name] for name in "abc")
    assert row.before(a, b).all()
    assert not row.before(b, a).any()
    assert not row.before(b, c).any()
    assert not row.before(c, b).any()
    assert row.both(b, c).all()


def test_of_several_parents_it_is_not_known_who_waited() -> None:
    story = Story()
    for request in story.requests(4):
        for _ in range(2):
            with request.inside("part"):
                request.call("GET", "a", "/a", 0.02)
                request.call("GET", "b", "/b", 0.02)
    digest = story.digest()
    calls = {one.number for one in digest.operations if one.family == "http"}
    assert [row for row in siblings(digest, 0, calls) if len(row.requests)] == []


def test_a_wrapping_is_looked_through() -> None:
    story = Story()
    for request in story.requests(4):
        with request.inside("outer"), request.inside("inner"):
            request.call("GET", "a", "/a", 0.02)
        with request.inside("busy"):
            request.spend(0.02)
            request.call("GET", "b", "/b", 0.002)
    digest = story.digest()
    found = {
        digest.operations[one].name: digest.operations[heart].address for one, (heart, _) in hearts(digest, 0).items()
    }
    assert found["outer"] == found["inner"] == "a"
    assert "busy" not in found


def test_pairs_say_why() -> None:
    story = Story(steps=(("s", "p"),))
    for request in story.requests(40):
        user = 1_000_000 + request.number
        request.root["url_path"] = f"/pages/{user}"
        request.call("GET", "a", f"/a/{user}", 0.02)
        request.call("GET", "b", f"/b/{user}", 0.02)
        request.call("GET", "c", f"/c/{user * 7}", 0.02)
    _, scene = story.made()
    digest = scene.digest
    inner = hearts(digest, 0)
    (row,) = siblings(digest, 0, inner)
    column = {digest.operations[number].address: place for place, number in enumerate(row.operations.tolist())}
    found = pairs(scene, 0, row, inner, sorted(column.values()), 5)
    known = found[min(column["a"], column["b"]), max(column["a"], column["b"])]
    assert known.confidence >= SHOWN
    assert "nothing that" in known.for_[0].what
    doubtful = found[min(column["b"], column["c"]), max(column["b"], column["c"])]
    assert doubtful.confidence < SHOWN
    assert "ids that the request did not come with" in doubtful.against[0].what


def test_shown_groups_come_before_those_that_only_may_be() -> None:
    found = {(0, 1): Pair(0.4), (0, 2): Pair(0.9), (1, 3): Pair(0.4)}
    assert list(groups(found, [0, 1, 2, 3])) == [[0, 2], [1, 3]]
    assert list(groups({}, [0, 1])) == []


def test_values_of_an_address() -> None:
    assert values_of("/users/1234/books", "page=#12ab34cd&sort=") == {"1234", "#12ab34cd"}
    assert values_of(None, None) == frozenset()
    assert values_of("/users/me", "flag") == frozenset()


def test_spans_of_one_operation_are_read_again() -> None:
    story = Story()
    for request in story.requests(50):
        for item in range(3):
            request.call("GET", "a", f"/a/{item}", 0.001, file="x.py", line=3)
        request.call("GET", "b", "/a/1", 0.001)
    _, scene = story.made()
    operation = next(one for one in scene.digest.operations if one.address == "a")
    rows = sampled(scene, scene.digest.requests_of(0), operation, most=10)
    assert len(rows) == 30
    assert {row["url_path"] for row in rows} == {"/a/0", "/a/1", "/a/2"}
    assert all(one["trace_id"] <= other["trace_id"] for one, other in pairwise(rows))
    few = neighbours(scene.digest, np.arange(5, dtype=np.int32), 10)
    assert few.tolist() == [0, 1, 2, 3, 4]
    middle = neighbours(scene.digest, np.arange(50, dtype=np.int32), 10)
    assert len(middle) == 10
    ids = sorted(scene.digest.requests.hex(list(range(50))))
    assert sorted(scene.digest.requests.hex(middle)) == ids[20:30]


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 100)), max_size=40))
def test_bursts_part_the_runs(runs: list[tuple[int, int]]) -> None:
    begun = np.array([start for start, _ in runs], np.int64)
    ended = np.array([start + lasts for start, lasts in runs], np.int64)
    found = list(bursts(begun, ended))
    assert sorted(place for one in found for place in one.members.tolist()) == list(range(len(runs)))
    for one in found:
        starts = begun[one.members]
        assert starts.min() == one.start_ns
        assert (starts < max(one.first_end_ns, one.start_ns + 1)).all()
    for earlier, later in pairwise(found):
        assert later.start_ns >= earlier.first_end_ns
