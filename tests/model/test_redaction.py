"""Masking: nothing that a user wrote survives, and what is equal stays equal."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.errors import SpecError
from loadstone.model.redaction import Redaction

KEY = "000102030405060708090a0b0c0d0e0f"
REDACTION = Redaction(KEY, frozenset({"page"}), frozenset({"sort=price"}))
HASH = re.compile(r"#[0-9a-f]{8}")

secrets = st.text(st.characters(min_codepoint=65, max_codepoint=90), min_size=6, max_size=20).filter(
    lambda text: text != "SELECT"  # a word of the statement itself
)


@given(st.lists(secrets, min_size=1, max_size=6), st.sampled_from(["postgresql", "sqlite", "mysql", "oracle", ""]))
def test_a_statement_reads_the_same_with_literals_and_with_placeholders(values: list[str], system: str) -> None:
    def statement(marks: list[str]) -> tuple[str, str]:
        text = f"SELECT a FROM t WHERE b = {marks[0]} AND c IN ({', '.join(marks)})"
        return REDACTION.statement(text, system)

    masked, literals = statement([f"'{value}'" for value in values])
    assert not any(value in masked for value in values)
    assert statement(["%s"] * len(values)) == (masked, "")
    assert statement([f"${place}" for place in range(1, len(values) + 1)]) == (masked, "")
    assert REDACTION.statement(masked, system) == (masked, "")
    assert re.fullmatch("[0-9a-f]{16}", literals)


def test_a_hash_depends_on_the_key_alone() -> None:
    assert REDACTION.value("bob") == Redaction(KEY).value("bob")
    assert REDACTION.value("bob") != Redaction("f" * 32).value("bob")
    assert HASH.fullmatch(REDACTION.value("bob"))


def test_a_query_keeps_names_what_may_be_shown_and_what_the_spec_wrote() -> None:
    name, page, sort = REDACTION.query("q=shoes&page=3&sort=price").split("&")
    assert re.fullmatch("q=#[0-9a-f]{8}", name)
    assert (page, sort) == ("page=3", "sort=price")


def test_messages_and_data_sources_lose_their_secrets() -> None:
    assert REDACTION.dsn("postgresql://bob:hunter2@db/shop") == "postgresql://bob@db/shop"
    assert REDACTION.url("http://bob:hunter2@shop/p?page=1") == "http://shop/p?page=1"
    assert REDACTION.message("no user 'bob' in 17") == "no user ? in ?"
    assert REDACTION.header("Cookie", "a=b") == "#"


def test_attributes_of_every_type_go_by_their_names() -> None:
    kept: dict[str, Any] = REDACTION.attributes(
        {
            "db.system": "redis",
            "db.statement": "GET user:17",
            "db.query.parameter.0": 17,
            "enduser.id": True,
            "http.response.status_code": 200,
            "http.request.header.x-customer": ["bob"],
            "http.request.header.accept": ["text/html"],
            "app.ratio": 0.5,
            "app.nothing": None,
            "app.bytes": b"bob",
            "app.nested": {"password": "hunter2", "size": 3},
            "app.lone": "\ud800",
        }
    )
    assert kept["db.statement"] == "GET ?"
    assert kept["http.response.status_code"] == 200
    assert kept["http.request.header.accept"] == ["text/html"]
    assert (kept["app.ratio"], kept["app.nothing"], kept["app.nested"]["size"]) == (0.5, None, 3)
    hashed = [kept["db.query.parameter.0"], kept["enduser.id"], kept["app.bytes"], kept["app.nested"]["password"]]
    assert all(HASH.fullmatch(value) for value in [*hashed, *kept["http.request.header.x-customer"]])
    msgspec.json.encode(kept)


def test_a_key_that_is_none_is_said() -> None:
    with pytest.raises(SpecError, match="32 hex digits"):
        Redaction("secret").value("bob")
