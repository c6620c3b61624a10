"""Steps that lead to one another: what the nouns hold, and that no way to a step lacks a value that it uses."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone import spec
from loadstone.errors import SpecError
from loadstone.model.shape import Burst
from loadstone.model.workload import Think
from loadstone.spec.graphs import Ways, lacking, surely

HEAD = '[service]\nurl = "http://127.0.0.1:8000"\n'
TAIL = '[shape.steady]\nrate = "1/s"\nduration = "1s"\n'
VISIT = """
[[journey]]
name = "visit"
start = { list = 0.67, search = 0.33 }
most = 200
[[journey.step]]
name = "list"
get = "/list"
extract.id = "$.id"
pause = "lognormal(4s, 1.1)"
next = { detail = 0.6, list = "10%" }
[[journey.step]]
name = "search"
get = "/search"
extract.id = "$.id"
next = { list = 0.334, search = 0.334, detail = 0.334 }
[[journey.step]]
name = "detail"
get = "/detail/{id}"
next = {}
"""


def load(folder: Path, text: str) -> spec.Spec:
    (folder / "loadstone.toml").write_text(HEAD + text)
    return spec.load(folder / "loadstone.toml")


def test_a_graph_is_read(tmp_path: Path) -> None:
    (journey,) = load(tmp_path, VISIT + TAIL).workload.journeys
    assert journey.leads_back
    assert (journey.start, journey.most) == ({"list": 0.67, "search": 0.33}, 200)
    listed, search, detail = journey.actions
    assert not isinstance(listed, Think) and not isinstance(search, Think) and not isinstance(detail, Think)
    assert listed.next == {"detail": 0.6, "list": 0.1}
    assert listed.pause == Think("lognormal", value_s=4.0, sigma=1.1)
    assert search.next is not None and sum(search.next.values()) == pytest.approx(1, abs=1e-12)
    assert (detail.next, detail.pause) == ({}, None)


def test_rounded_starts_add_up_to_one(tmp_path: Path) -> None:
    text = VISIT.replace("list = 0.67, search = 0.33", "list = 0.333, search = 0.333, detail = 0.333")
    with pytest.raises(SpecError, match="a journey may begin with this step"):
        load(tmp_path, text + TAIL)
    text = text.replace("/detail/{id}", "/detail")
    (journey,) = load(tmp_path, text + TAIL).workload.journeys
    assert journey.start == pytest.approx({"list": 1 / 3, "search": 1 / 3, "detail": 1 / 3}, abs=1e-12)


def test_a_plain_journey_is_none(tmp_path: Path) -> None:
    text = '[[journey]]\nname = "j"\n[[journey.step]]\nget = "/"\npause = "2s"\n'
    (journey,) = load(tmp_path, text + TAIL).workload.journeys
    assert not journey.leads_back and journey.start is None


def test_bursts_are_read_the_shortest_window_first(tmp_path: Path) -> None:
    read = load(tmp_path, VISIT + TAIL + 'bursts = { "1m" = 4.6, "1s" = 1.4, "10s" = 2.5 }\n')
    assert read.shape.bursts == (Burst(1.0, 1.4), Burst(10.0, 2.5), Burst(60.0, 4.6))
    # The second index lies on the line between its neighbours but for rounding, which cannot be told from it.
    load(tmp_path, VISIT + TAIL + 'bursts = { "1s" = 1.333, "4s" = 2.334 }\n')


def test_feeds_by_popularity_are_read(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id\na\nb\n")
    feed = '[feed.items]\ncsv = "items.csv"\norder = "zipf(1.1, 2.7)"\nper = "request"\n'
    (read,) = load(tmp_path, VISIT + TAIL + feed).workload.feeds
    assert (read.order, read.exponent, read.shift, read.per) == ("zipf", 1.1, 2.7, "request")
    for order, expected in (("zipf", (1.0, 0.0)), ("zipf(2)", (2.0, 0.0)), ("zipf(1.5,3)", (1.5, 3.0))):
        (read,) = load(tmp_path, VISIT + TAIL + feed.replace("zipf(1.1, 2.7)", order)).workload.feeds
        assert (read.order, read.exponent, read.shift) == ("zipf", *expected)


NODES = range(5)
GRAPHS = st.builds(
    Ways,
    st.lists(st.sampled_from(NODES), min_size=1, max_size=2, unique=True).map(tuple),
    st.fixed_dictionaries(
        {node: st.lists(st.sampled_from(NODES), max_size=3, unique=True).map(tuple) for node in NODES}
    ),
)
EXTRACTS = st.fixed_dictionaries({node: st.frozensets(st.sampled_from("ab"), max_size=2) for node in NODES})


def ways_to(ways: Ways, extracts: dict[int, frozenset[str]]) -> dict[int, set[frozenset[str]]]:
    """By step, each set of values that some way gives before it: by going through all pairs of step and values."""
    found: dict[int, set[frozenset[str]]] = {node: set() for node in ways.follows}
    waiting = [(node, frozenset[str]()) for node in ways.starts]
    while waiting:
        node, have = waiting.pop()
        if have not in found[node]:
            found[node].add(have)
            waiting += [(following, have | extracts[node]) for following in ways.follows[node]]
    return found


@settings(max_examples=200, deadline=None)
@given(GRAPHS, EXTRACTS)
def test_what_a_step_surely_has_is_on_every_way(ways: Ways, extracts: dict[int, frozenset[str]]) -> None:
    have = surely(ways, extracts)
    for node, ever in ways_to(ways, extracts).items():
        assert (node in ways.reached()) == bool(ever)
        if ever:
            assert have[node] == frozenset.intersection(*ever)
        for name in "ab":
            way = list(lacking(ways, extracts, name, node))
            assert bool(way) == any(name not in given for given in ever)
            if way:
                assert way[0] in ways.starts and way[-1] == node
                assert all(after in ways.follows[before] for before, after in pairwise(way))
                assert not any(name in extracts[one] for one in way[:-1])


WRONG: tuple[str, ...] = (
    "5",
    '"a"',
    "[]",
    "{}",
    "true",
    "[1, {}]",
    '{ a = "b" }',
    "{ list = {} }",
    "{ list = [] }",
    "nan",
)


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("key", ["start", "most", "next", "pause", "extract", "step", "think", "name", "get"])
def test_what_has_the_wrong_type_is_told_and_nothing_breaks(tmp_path: Path, key: str, value: str) -> None:
    """Every key of a graph with every sort of value: a problem, or a spec; never anything else."""
    within = {"start": "", "most": "", "step": ""}.get(key)
    journey = f'[[journey]]\nname = "visit"\nstart = {{ list = 1 }}\n{key} = {value}\n' if within == "" else VISIT
    for text in (
        journey.replace("start = { list = 1 }\n", "", 1) if key == "start" else journey,
        VISIT + f'[[journey.step]]\nname = "more"\nget = "/more/{{id}}"\n{key} = {value}\n',
        VISIT + f"[[journey.step]]\n{key} = {value}\nnext = {{ list = 1 }}\n",
    ):
        with suppress(SpecError):
            load(tmp_path, text + TAIL)


@pytest.mark.parametrize("value", [value for value in WRONG if value != "5"])
def test_bursts_and_feeds_of_the_wrong_type_are_told(tmp_path: Path, value: str) -> None:
    for text in (
        VISIT + TAIL + f"bursts = {value}\n",
        VISIT + TAIL + f'bursts = {{ "1s" = {value} }}\n',
        VISIT + TAIL + f'[feed.a]\ncsv = "a.csv"\norder = {value}\nper = {value}\n',
    ):
        with pytest.raises(SpecError):
            load(tmp_path, text)
