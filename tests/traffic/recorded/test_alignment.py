"""Two visits are aligned by the longest common subsequence, as a slow and obvious search finds it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.recording import RecordedExchange
from loadstone.traffic.recorded import alignment
from loadstone.traffic.recorded.alignment import aligned, looks_variable, operation_of, shape_of
from tests.traffic.recorded.made import exchange

LETTERS = st.lists(st.sampled_from("abc"), max_size=7)


def visit(letters: list[str]) -> list[RecordedExchange]:
    return [exchange(f"GET /{letter}") for letter in letters]


def longest(one: list[str], other: list[str]) -> int:
    """By trying every subsequence."""
    for size in range(min(len(one), len(other)), 0, -1):
        ours = set(itertools.combinations(one, size))
        if ours & set(itertools.combinations(other, size)):
            return size
    return 0


@given(LETTERS, LETTERS)
def test_no_common_subsequence_is_longer(one: list[str], other: list[str]) -> None:
    pairs = aligned(visit(one), visit(other))
    assert len(pairs) == longest(one, other)
    assert all(one[i] == other[j] for i, j in pairs.items())
    assert list(pairs) == sorted(pairs)
    assert list(pairs.values()) == sorted(pairs.values())


def test_of_equal_ones_it_is_the_one_with_the_same_paths() -> None:
    first = [exchange("GET /items/17"), exchange("GET /items/18")]
    second = [exchange("GET /items/18")]
    assert aligned(first, second) == {1: 0}


def test_long_recordings_take_the_shorter_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MOST_CELLS", 4)
    assert aligned(visit(list("abcab")), visit(list("xabcb"))) == {0: 1, 1: 2, 2: 3, 4: 4}


@pytest.mark.parametrize(
    "segment",
    ["17", "123e4567-e89b-42d3-a456-426614174000", "a8f5f167f44f4964", "2026-03-01", "Ab3dEf9h", "someone@example.com"],
)
def test_values(segment: str) -> None:
    assert looks_variable(segment)


@pytest.mark.parametrize("segment", ["", "products", "v1", "v2.1", "oauth2", "api", "deadbeef-cafe", "sign-in"])
def test_words(segment: str) -> None:
    assert not looks_variable(segment)


def test_shapes() -> None:
    assert shape_of(exchange("GET /a/17/oak-lamp?x=1")) == "GET /a/*/*"
    query = {"query": "query Items($n: Int) { items }", "variables": {"n": 1}}
    assert operation_of(exchange("POST /graphql", body=query)) == "Items"
    named = {"query": "{ items }", "operationName": "Named"}
    assert shape_of(exchange("POST /graphql", body=named)) == "POST /graphql Named"
    assert operation_of(exchange("POST /graphql", body={"query": 3})) == ""
    assert operation_of(exchange("POST /graphql", body='{"query')) == ""
