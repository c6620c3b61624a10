"""Spans without their texts: ids exactly, codes in the order in which their texts were met, however they are stored."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from loadstone.archive import EvidenceWriter, RunEvidence, evidence_reader, span_parts, staging
from loadstone.errors import EvidenceError
from loadstone.model.evidence import Evidence, Keyed
from tests.evidence import MemoryEvidence, columns, span

NUMBERS = {"start": "coalesce(start_ns, -1)", "hash": "hash(name)"}
KEYS = {"name": ("service", "name", "kind"), "host": ("host_name",)}


def rows(count: int) -> list[dict[str, Any]]:
    random = Random(4)
    return [
        span(
            random.randint(1, count // 8),
            number,
            random.choice([None, number - 1]),
            number,
            number + 1,
            name=random.choice(["a", "b", None, "é", f"n{number % 150}"]),
            host_name=random.choice([None, "h"]),
            kind=random.choice([None, 2, 3]),
        )
        for number in range(1, count + 1)
    ]


def written(directory: Path, made: list[dict[str, Any]]) -> RunEvidence:
    writer = EvidenceWriter(directory)
    writer.add({"spans": [columns("spans", made)]}, {})
    writer.finish(None)
    return RunEvidence(directory)


def told(evidence: Evidence, where: str = "") -> list[tuple[Any, ...]]:
    """Each span: trace id, span, parent, start, and what its codes stand for."""
    words: dict[str, list[Any]] = {name: [] for name in KEYS}
    found = []
    for batch in evidence.keyed(NUMBERS, KEYS, where):
        for name in KEYS:
            words[name] += batch.words[name]
            assert batch.codes[name].max() < len(words[name])
        assert batch.trace_ids is not None
        ids = {word: one.tobytes() for word, one in zip(batch.trace_ids[0].tolist(), batch.trace_ids[1], strict=True)}
        assert set(batch.trace.tolist()) == set(ids)
        found += [
            (ids[trace], *row, *(words[name][code] for name, code in zip(KEYS, codes, strict=True)))
            for trace, row, codes in zip(
                batch.trace.tolist(),
                zip(batch.span.tolist(), batch.parent.tolist(), batch.numbers["start"].tolist(), strict=True),
                zip(*(batch.codes[name].tolist() for name in KEYS), strict=True),
                strict=True,
            )
        ]
    assert all(len(set(told)) == len(told) for told in words.values())
    return found


def expected(made: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (
            row["trace_id"],
            int.from_bytes(row["span_id"] or b"", "big"),
            int.from_bytes(row["parent_id"] or b"", "big"),
            row["start_ns"],
            (row["service"], row["name"], row["kind"]),
            (row["host_name"],),
        )
        for row in sorted(made, key=lambda row: (row["trace_id"], row["start_ns"]))
    ]


@pytest.mark.parametrize("batch", [7, 64, 100_000])
def test_what_is_keyed_is_what_was_written(tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_reader, "BATCH", batch)
    made = rows(400)
    assert told(written(tmp_path, made)) == expected(made)
    assert told(MemoryEvidence({"spans": columns("spans", made)}, batch=batch)) == expected(made)


def test_parts_are_read_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(span_parts, "PART_SPANS", 100)
    made = rows(400)
    assert sorted(told(written(tmp_path, made)), key=repr) == sorted(expected(made), key=repr)
    assert len(list((tmp_path / "evidence").glob("spans-*.parquet"))) == 4


def test_a_condition_chooses_spans(tmp_path: Path) -> None:
    made = rows(400)
    evidence = written(tmp_path, made)
    assert told(evidence, "kind = 2") == expected([row for row in made if row["kind"] == 2])
    one = made[0]["trace_id"]
    assert told(evidence, f"trace_id IN (unhex('{one.hex()}'))") == expected(
        [row for row in made if row["trace_id"] == one]
    )
    assert told(evidence, "false") == []


def test_codes_are_numbered_as_they_come() -> None:
    made = [span(1, number, None, number, 9, name=name) for number, name in enumerate("babcab", 1)]
    (batch,) = MemoryEvidence({"spans": columns("spans", made)}).keyed({}, {"name": ("name",)})
    assert batch.codes["name"].tolist() == [0, 1, 0, 2, 1, 0]
    assert batch.words["name"] == (("b",), ("a",), ("c",))


def test_ids_that_are_no_ids_do_no_harm() -> None:
    made = [
        span(1, 1, b"\1", 0, 1) | {"trace_id": None, "span_id": b""},
        span(1, 1, b"\1" * 20, 0, 1) | {"trace_id": b"short"},
    ]
    (batch,) = MemoryEvidence({"spans": columns("spans", made)}).keyed({}, {})
    assert len(set(batch.trace.tolist())) == 2
    assert (batch.parent != 0).all()


def test_a_run_cut_off_is_read_from_what_was_staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "HOLD", 100)
    made = rows(400)
    writer = EvidenceWriter(tmp_path)
    for first in range(0, 400, 100):
        writer.add({"spans": [columns("spans", made[first : first + 100])]}, {})
    assert told(RunEvidence(tmp_path)) == expected(made)


def test_nothing_is_nothing_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert list(RunEvidence(tmp_path).keyed(NUMBERS, KEYS)) == []
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "spans-000.parquet").write_bytes(b"no parquet")
    with pytest.raises(EvidenceError):
        list(RunEvidence(tmp_path).keyed(NUMBERS, KEYS))


def test_some_rows_of_a_batch() -> None:
    ids = np.arange(3, dtype=np.uint64)
    batch = Keyed(ids, ids, ids, {"n": np.arange(3)}, {"k": np.arange(3)})
    assert batch.chosen(slice(1, 2)).numbers["n"].tolist() == [1]
    assert batch.chosen(np.array([True, False, True])).codes["k"].tolist() == [0, 2]
