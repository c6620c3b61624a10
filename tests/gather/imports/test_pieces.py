"""JSON taken apart as a stream."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadstone.errors import SpecError
from loadstone.gather.imports import pieces as under_test
from loadstone.gather.imports import reading
from loadstone.gather.imports.pieces import pieces

WANTED = frozenset(("spans", "resource"))
texts = st.text(st.sampled_from('{}[]",:\\ \n\té€😀aspn'), max_size=12)
values = st.recursive(
    st.one_of(texts, st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    documents=st.lists(st.lists(objects, max_size=6), min_size=1, max_size=4),
    resource=objects,
    size=st.integers(1, 80),
    indent=st.sampled_from([None, 1]),
    ascii=st.booleans(),
)
def test_every_wanted_object_is_found_whatever_the_chunks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    documents: list[list[dict[str, Any]]],
    resource: dict[str, Any],
    size: int,
    indent: int | None,
    ascii: bool,
) -> None:
    path = tmp_path / "x.json"
    told = [
        json.dumps({"a": [{"resource": resource, "spans": spans}]}, indent=indent, ensure_ascii=ascii)
        for spans in documents
    ]
    path.write_text("\n".join(told), encoding="utf-8")
    monkeypatch.setattr(under_test, "chunks", lambda path: reading.chunks(path, size))
    found = list(pieces(path, WANTED))
    assert [json.loads(each.data) for each in found if each.data and each.key == "spans"] == [
        span for spans in documents for span in spans
    ]
    assert [json.loads(each.data) for each in found if each.data and each.key == "resource"] == [resource] * len(told)
    assert [each.key for each in found if each.data is None] == ["a", ""] * len(told)
    data = path.read_bytes()
    assert all(data[each.offset :].startswith(each.data) for each in found if each.data is not None)


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ('{"spans":[\n{"a":1}\n', 1, "ends within"),
        ('{"spans":[\n{"a":1]}\n]}', 2, "}"),
        ('{"spans":[\n{"a":"x}\n', 2, "not closed"),
        ('{"x":[\n1}\n', 2, "}"),
        ("[]\n]", 2, "]"),
        ("[]\nINFO started\n[]", 2, "INFO"),
        ('{"spans":[{},\n7,\n{}]}', 2, "7"),
        ('{"spans":[{}\nwords {}]}', 2, "words"),
        ("[" * 70, 1, "brackets within each other"),
    ],
)
def test_damage_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int, found: str, size: int
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    monkeypatch.setattr(under_test, "chunks", lambda path: reading.chunks(path, size))
    with pytest.raises(SpecError) as error:
        list(pieces(path, WANTED))
    assert f"{path}:{line}: " in str(error.value)
    assert found[:1] in str(error.value) if size < 8 else found in str(error.value)


def test_a_large_document_costs_a_chunk(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    span = json.dumps({"name": "work", "tags": ["x" * 50] * 20})
    with path.open("w") as file:
        file.write('{"spans":[')
        for number in range(15_000):
            file.write(f"{',' if number else ''}{span}")
        file.write("]}")
    assert path.stat().st_size > 15 << 20
    tracemalloc.start()
    try:
        assert sum(1 for each in pieces(path, WANTED) if each.data) == 15_000
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()


def test_an_object_without_end_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"spans":[{"a":"' + "x" * (3 << 20))
    monkeypatch.setattr(under_test, "LARGEST", 2 << 20)
    with pytest.raises(SpecError, match="an object of over"):
        list(pieces(path, WANTED))
