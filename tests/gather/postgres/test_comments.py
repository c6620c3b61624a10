"""sqlcommenter's traceparent, with the flags that a random trace id has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.postgres.comments import trace_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize("flags", ["00", "01", "03"])
def test_it_is_found_whatever_the_flags(flags: str) -> None:
    text = f"SELECT 1 /*db_driver='psycopg%%3A3',traceparent='00-{TRACE}-{SPAN}-{flags}'*/"
    assert trace_of(text) == (bytes.fromhex(TRACE), bytes.fromhex(SPAN))


def test_it_may_be_url_encoded_and_the_last_counts() -> None:
    other = f"00-{'1' * 32}-{'2' * 16}-01"
    text = f"SELECT 1 /*traceparent='{other}'*/ /*traceparent='00%2D{TRACE}%2D{SPAN}%2D03'*/"
    assert trace_of(text) == (bytes.fromhex(TRACE), bytes.fromhex(SPAN))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        f"SELECT 1 /*traceparent='00-{'0' * 32}-{SPAN}-01'*/",
        f"SELECT 1 /*traceparent='00-{TRACE}-{'0' * 16}-01'*/",
        f"SELECT 1 /*traceparent='00-{TRACE}-{SPAN}'*/",
        f"SELECT 1 /*traceparent='00-{TRACE}-{SPAN[:9]}",
        f"SELECT 1 /*tracestate='00-{TRACE}-{SPAN}-01'*/",
    ],
)
def test_what_names_no_trace_has_none(text: str) -> None:
    assert trace_of(text) is None


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    trace_of(f"/*traceparent='{text}'*/")
