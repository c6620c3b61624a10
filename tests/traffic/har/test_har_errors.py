"""A file that is no HAR, or a broken one, is told by its place and never by what it holds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.errors import SpecError
from loadstone.traffic.har import read_har
from tests.traffic.har.made import chrome, entry, write


def refused(path: Path) -> SpecError:
    with pytest.raises(SpecError) as caught:
        read_har(path)
    return caught.value


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        ('{"log": {\n "entries": [\n {"a": hunter2}\n]}}', 3, '"h"'),
        ('{"log": {\n "entries": [\n {"a": 1},,\n]}}', 3, '","'),
        ('{"log": {\n "entries": [\n {"a": "secret', 3, "the end of the file"),
        ("", 1, "an empty file"),
        ("  \n", 1, "an empty file"),
        ("[]", 1, "no log.entries"),
        ('{"log": {"entries": 3}}', 1, "no log.entries"),
        ('{"log": {"entries": []}}', 1, "no entries"),
        ('{"log": {"entries": [3, 4]}}', 1, "2 entries, none of which can be read"),
        ('{"openapi": "3.1.0"}', 1, "an OpenAPI document"),
        ('{"info": {}, "item": []}', 1, "a Postman collection"),
        ("<html></html>", 1, '"<"'),
    ],
)
def test_the_place_is_told(tmp_path: Path, content: str, line: int, found: str) -> None:
    path = tmp_path / "visit.har"
    path.write_text(content)
    error = refused(path)
    (problem,) = error.problems
    assert (problem.file, problem.line) == (str(path), line)
    assert problem.found.startswith(found)
    assert problem.expected
    assert "hunter2" not in str(error)
    assert "secret" not in str(error)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read: no such file" in str(refused(tmp_path / "none.har"))


def test_a_packed_file_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "visit.har"
    path.write_bytes(gzip.compress(json.dumps(chrome(entry("/"))).encode())[:-20])
    assert "cannot be unpacked" in str(refused(path))


def test_nesting_without_end(tmp_path: Path) -> None:
    path = tmp_path / "visit.har"
    path.write_text('{"log": {"entries": [' + "[" * 100_000 + "]" * 100_000 + "]}}")
    refused(path)


WHOLE = json.dumps(chrome(entry("/a"), entry("/b", method="POST", post={"mimeType": "text/plain", "text": "x"})))


@given(
    start=st.integers(0, len(WHOLE) - 1),
    length=st.integers(0, 40),
    put=st.binary(max_size=12),
)
def test_any_damage_is_a_recording_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, put: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.har"
    raw = WHOLE.encode()
    path.write_bytes(raw[:start] + put + raw[start + length :])
    try:
        recording = read_har(path)
    except SpecError as error:
        assert str(path) in str(error)
    else:
        assert all(one.target.startswith("/") for one in recording.exchanges)


def test_a_value_of_any_type_anywhere(tmp_path: Path) -> None:
    """Each field of an entry in turn is of each other type: what cannot be read is counted, and nothing falls."""

    def paths(value: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
        found = [above]
        if isinstance(value, dict):
            for key, inner in value.items():
                found += paths(inner, (*above, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                found += paths(inner, (*above, index))
        return found

    odd = entry(
        "/x",
        method="POST",
        post={"mimeType": "a/b", "text": "t", "params": [{"name": "a", "value": "b"}]},
        sent={"A": "b"},
    )
    for where in paths(odd)[1:]:
        values: tuple[object, ...] = (None, 3, "x", [], {}, [1], True)
        for value in values:
            changed = json.loads(json.dumps(odd))
            inner = changed
            for part in where[:-1]:
                inner = inner[part]
            inner[where[-1]] = value
            recording = read_har(write(tmp_path, chrome(entry("/"), changed)))
            assert recording.exchanges
