"""Ids, however they were written."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.imports.ids import SPAN, TRACE, derived, identifier


@given(st.integers(1, 2**128 - 1))
def test_an_id_comes_back_from_each_spelling(number: int) -> None:
    own = number.to_bytes(TRACE, "big")
    coded = base64.b64encode(own).decode()
    spelled = [own.hex(), own.hex().upper(), f"0x{number:x}", coded]
    if set(coded) - set("0123456789abcdefABCDEF="):  # else it reads as hex without its padding
        spelled.append(coded.rstrip("="))
    assert {identifier(each, TRACE) for each in spelled} == {own}
    assert identifier(number, TRACE) == own


@given(st.one_of(st.none(), st.text(max_size=40), st.integers()))
def test_anything_else_is_none_or_an_id(text: str | int | None) -> None:
    found = identifier(text, SPAN)
    assert found is None or (len(found) == SPAN and any(found))


@pytest.mark.parametrize("text", ["", "0", "0" * 16, "xyz", "zz" * 8, 0, -1, 2**64, None, "AAAAAAAAAAA="])
def test_what_is_no_id(text: str | int | None) -> None:
    assert identifier(text, SPAN) is None


def test_short_ids_are_filled_up_and_uuids_read() -> None:
    assert identifier("7", TRACE) == (7).to_bytes(16, "big")
    assert identifier("abc", SPAN) == (0xABC).to_bytes(8, "big")
    assert identifier("00000000-0000-0000-0000-000000000007", TRACE) == (7).to_bytes(16, "big")


def test_a_derived_id_is_the_same_each_time_and_another_for_each_span() -> None:
    trace = (7).to_bytes(16, "big")
    made = [derived(trace, number.to_bytes(8, "big")) for number in (1, 2, 1)]
    assert made[0] == made[2] != made[1]
