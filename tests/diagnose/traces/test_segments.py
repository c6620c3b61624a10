"""Segments are the spans that the digest added up, by request and start, with their ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from loadstone.diagnose.subject import Subject
from loadstone.diagnose.traces import segments
from loadstone.diagnose.traces.reading import digest_of
from loadstone.diagnose.traces.segments import Segments, segments_of
from loadstone.model.evidence import Keyed
from tests.evidence import MemoryEvidence, columns, span
from tests.scenes import Story


def story() -> Story:
    made = Story(seed=3)
    for request in made.requests(30):
        request.spend(0.001)
        with request.inside("load"):
            for row in range(3):
                request.sql("SELECT * FROM author WHERE id = ?", 0.002, parameters=row)
        request.call("GET", "stock", f"/items/{request.number}", 0.004)
    return made


def test_segments_add_up_to_the_visits() -> None:
    evidence, subject = story().evidence(), story().subject
    digest = digest_of(subject, evidence)
    requests = digest.requests_of(0)
    found = segments_of(evidence, digest, requests, lambda one: one.family == "database")
    (statement,) = (one.number for one in digest.operations if one.family == "database")
    (above,) = (one.number for one in digest.operations if one.name == "load")
    assert len(found) == 90
    assert set(found.operation.tolist()) == {statement}
    assert set(found.parent.tolist()) == {above}
    assert len(np.unique(found.span_id)) == 90
    assert (np.lexsort((found.start_ns, found.request)) == np.arange(90)).all()
    lasting = np.bincount(found.request, (found.end_ns - found.start_ns).astype(np.float64), len(requests))
    visits = digest.visits.total_ns[digest.visits.operation == statement]
    assert np.allclose(lasting, visits)


def test_only_the_requests_asked_for_are_told() -> None:
    evidence, subject = story().evidence(), story().subject
    digest = digest_of(subject, evidence)
    found = segments_of(evidence, digest, np.array([7, 3], np.int32), lambda one: one.family in ("http", "server"))
    assert found.request.tolist() == [3, 3, 7, 7]
    assert found.parent.tolist() == [-1, found.operation[0], -1, found.operation[2]]


def test_nothing_asked_is_nothing_told() -> None:
    evidence, subject = story().evidence(), story().subject
    digest = digest_of(subject, evidence)
    assert len(segments_of(evidence, digest, np.empty(0, np.int32), lambda one: True)) == 0
    assert len(segments_of(evidence, digest, digest.requests_of(0), lambda one: False)) == 0


def test_requests_of_one_trace_are_told_apart() -> None:
    def rows(trace: int) -> list[dict[str, Any]]:
        return [
            span(trace, 1, None, 0, 5, kind=2, name="order"),
            span(trace, 2, 1, 1, 2, kind=4, name="send"),
            span(trace, 3, 2, 6, 9, kind=5, name="bill"),
            span(trace, 4, 3, 7, 8, kind=3, name="SELECT", db_system_name="sqlite"),
            span(trace, 5, 1, 3, 4, kind=3, name="SELECT", db_system_name="sqlite"),
        ]

    evidence = MemoryEvidence({"spans": columns("spans", [*rows(1), *rows(2)])})
    digest = digest_of(Subject(), evidence)
    assert [step.name for step in digest.steps] == ["order", "bill"]
    assert digest.requests.step.tolist() == [0, 0, 1, 1]
    assert digest.requests.spans.tolist() == [3, 3, 2, 2]
    found = segments_of(evidence, digest, digest.requests_of(1), lambda one: one.family == "database")
    assert found.request.tolist() == [2, 3]
    assert [one.tobytes()[-1] for one in found.span_id] == [4, 4]
    found = segments_of(evidence, digest, np.arange(4, dtype=np.int32), lambda one: one.family == "database")
    assert [one.tobytes()[-1] for one in found.span_id] == [5, 5, 4, 4]


def test_a_stretch_of_many_traces_is_read_by_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence, subject = story().evidence(), story().subject
    digest = digest_of(subject, evidence)
    requests = np.arange(10, 20, dtype=np.int32)
    by_id = segments_of(evidence, digest, requests, lambda one: True)
    asked: list[str] = []
    read = evidence.keyed
    monkeypatch.setattr(segments, "FEW", 5)

    def noting(numbers: dict[str, str], keys: dict[str, Any], where: str) -> Iterator[Keyed]:
        asked.append(where)
        return read(numbers, keys, where)

    monkeypatch.setattr(evidence, "keyed", noting)
    by_time = segments_of(evidence, digest, requests, lambda one: True)
    assert asked[0].startswith("start_ns BETWEEN")
    for name in Segments.__dataclass_fields__:
        assert getattr(by_id, name).tolist() == getattr(by_time, name).tolist(), name
