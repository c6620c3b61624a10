"""Parameters become a keyed hash: equal for equal values, unlike otherwise, and nothing is asked of strange objects."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.recorder.collector import INJECT
from loadstone.gather.recorder.inject._loadstone_recorder.layout import UNKNOWN
from loadstone.gather.recorder.inject._loadstone_recorder.parameters import fingerprint

TEXTS = st.text(max_size=40) | st.binary(max_size=40)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.lists(PLAIN, max_size=6).map(tuple) | st.dictionaries(st.text(max_size=8), PLAIN, max_size=6)


@given(VALUES, VALUES)
def test_equal_values_and_only_they_hash_equally(one: object, other: object) -> None:
    same = repr(one) == repr(other) or (not one and not other)
    assert (fingerprint(one) == fingerprint(other)) == same


@given(st.lists(PLAIN, min_size=1, max_size=6))
def test_a_list_and_a_tuple_of_the_same_are_the_same(values: list[Any]) -> None:
    assert fingerprint(values) == fingerprint(tuple(values))


@pytest.mark.parametrize("none", [(), [], {}, None])
def test_no_parameters_have_no_hash(none: object) -> None:
    assert fingerprint(none) == 0


@pytest.mark.parametrize(
    "value",
    [
        datetime.datetime(2026, 1, 2, 3),
        datetime.date(2026, 1, 2),
        decimal.Decimal("1.10"),
        uuid.UUID(int=7),
        ["nested", (1, 2)],
        bytearray(b"x"),
        memoryview(b"x"),
        "x" * 5000,
        b"x" * 5000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_of_databases_are_told_apart(value: object) -> None:
    assert fingerprint((value,)) > UNKNOWN
    assert fingerprint((value,)) == fingerprint((value,))
    assert fingerprint((value,)) != fingerprint((1,))


class Lazy:
    """Does work when asked for its text, as a lazy query set does."""

    asked = 0

    def __repr__(self) -> str:
        Lazy.asked += 1
        return "lazy"

    __str__ = __repr__


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize("values", [(Lazy(),), (1, [Lazy()]), {"a": Lazy()}, (Text("x"),), object(), range(3)])
def test_an_object_that_is_not_plain_is_not_asked_and_the_hash_is_unknown(values: object) -> None:
    assert fingerprint(values) == UNKNOWN
    assert Lazy.asked == 0


def test_what_contains_itself_is_unknown() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert fingerprint((endless,)) == UNKNOWN
    assert fingerprint(("x",) * 5000) == UNKNOWN


def test_the_hash_depends_on_the_key_and_is_the_same_in_every_process() -> None:
    code = "from _loadstone_recorder.parameters import fingerprint; print(fingerprint((5, 'x')))"
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": str(INJECT), "LOADSTONE_RECORDER_KEY": key, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for key, seed in (("a", "1"), ("a", "2"), ("b", "1"))
    ]
    assert told[0] == told[1] != told[2]
