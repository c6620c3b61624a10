"""How spans hang together: cycles broken, doubles, orphans and skewed clocks told; a batch's bounds."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.gather.imports import builder, spans_of
from loadstone.gather.imports.kin import unbound
from tests.gather.imports.reading import NOW, REDACTION, jaeger, jaeger_span, otlp, read, span, write, zipkin


def parents(tmp_path: Path, *spans: tuple[int, int]) -> tuple[list[int], tuple[str, ...]]:
    found, notes = read(write(tmp_path, otlp(*(span(number, parent) for number, parent in spans))))
    return [int.from_bytes(row.get("parent_id", b""), "big") for row in found], notes


def test_a_tree_has_nothing_to_tell(tmp_path: Path) -> None:
    assert parents(tmp_path, (1, 0), (2, 1), (3, 1), (4, 3)) == ([0, 1, 1, 3], ())


def test_a_span_above_itself(tmp_path: Path) -> None:
    assert parents(tmp_path, (1, 1), (2, 1)) == ([0, 1], ("1 cycle of parents was broken at the earliest span.",))


def test_cycles_are_broken_once_each(tmp_path: Path) -> None:
    found, notes = parents(tmp_path, (3, 2), (2, 1), (1, 3), (4, 3), (6, 5), (5, 6), (7, 0))
    assert found == [2, 1, 0, 3, 5, 0, 0]
    assert "2 cycles of parents were broken at the earliest span." in notes


def test_orphans_and_doubles_are_kept_and_counted(tmp_path: Path) -> None:
    found, notes = parents(tmp_path, (1, 0), (2, 9), (3, 1), (3, 1))
    assert found == [0, 9, 1, 1]
    assert notes == ("1 span came more than once.", "1 span named a parent that is not in the file.")


def test_the_same_id_in_another_trace_is_another_span(tmp_path: Path) -> None:
    _, notes = read(write(tmp_path, otlp(span(1), span(1, traceId="8"), span(2, 1, traceId="9"))))
    assert notes == ("1 span named a parent that is not in the file.",)


def test_children_before_their_parents(tmp_path: Path) -> None:
    early = jaeger_span(2, 1, startTime=NOW // 1000 - 5_000)
    _, notes = read(write(tmp_path, jaeger(jaeger_span(1), early)))
    assert notes == ("1 span started before their parents: clocks differ between hosts.",)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_what_is_cut_leaves_no_cycle_and_nothing_more_is_cut(above: list[int]) -> None:
    own = np.arange(1, len(above) + 1, dtype=np.uint64)
    tree = np.array(above, np.uint64)
    cut = unbound(own, tree, np.arange(len(above)))

    def cycles(parent: list[int]) -> set[frozenset[int]]:
        found = set()
        for start in range(1, len(parent) + 1):
            seen: list[int] = []
            at = start
            while at and at <= len(parent) and at not in seen:
                seen.append(at)
                at = parent[at - 1]
            if at in seen:
                found.add(frozenset(seen[seen.index(at) :]))
        return found

    assert sorted(place + 1 for place in cut) == sorted(min(cycle) for cycle in cycles(above))
    assert not cycles([0 if place in cut else parent for place, parent in enumerate(above)])


def test_batches_are_bounded_and_cycles_across_them_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "BATCH", 2)
    spans = [zipkin(1, 3, timestamp=NOW // 1000 + 5_000), zipkin(2, 1), zipkin(3, 2), zipkin(4), zipkin(5, 4)]
    imported = spans_of(write(tmp_path, spans), "zipkin", REDACTION)
    assert [len(batch["name"]) for batch in imported.columns] == [2, 2, 1]
    assert imported.notes() == (
        "1 span started before their parents: clocks differ between hosts.",
        "1 cycle of parents spread too far in the file and stayed.",
    )
    monkeypatch.setattr(builder, "BYTES", 1)
    path = write(tmp_path, [zipkin(number, tags={"a": "b"}) for number in range(1, 4)])
    assert [len(batch["name"]) for batch in spans_of(path, "zipkin", REDACTION).columns] == [1, 1, 1]


@pytest.mark.parametrize("format", ["otlp json", "jaeger", "zipkin"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    monkeypatch.setattr(builder, "BATCH", 100)

    def peak(count: int) -> int:
        path = tmp_path / f"{count}.json"
        text = "x" * 8_000
        with path.open("w") as file:
            if format == "otlp json":
                file.write('{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[')
                each = (span(n, attributes=[{"key": "a", "value": {"stringValue": text}}]) for n in range(1, count))
                ends = "]}]}]}"
            elif format == "jaeger":
                file.write('{"data":[')
                tags = [{"key": "a", "type": "string", "value": text}]
                each = (
                    jaeger(*(jaeger_span(n + k, tags=tags) for k in range(50)))["data"][0] for n in range(1, count, 50)
                )
                ends = "]}"
            else:
                file.write("[")
                each = (zipkin(n, traceId=f"{n:x}", tags={"a": text}) for n in range(1, count))
                ends = "]"
            for number, document in enumerate(each):
                file.write(("," if number else "") + json.dumps(document))
            file.write(ends)
        tracemalloc.start()
        try:
            rows = sum(len(batch["name"]) for batch in spans_of(path, format, REDACTION).columns)
            assert rows >= count - 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    if format == "zipkin":
        from loadstone.gather.imports import zipkin as reader

        monkeypatch.setattr(reader, "HELD", 100)
    peak(200)  # what is made once
    small, large = peak(600), peak(2_400)
    assert large < small + (4 << 20), "four times the file costs no four times the memory"
