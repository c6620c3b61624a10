"""The door to the core's paths: columns in, columns out. tests/diagnose/traces/test_reading.py holds what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from loadstone.stats.paths import DEFECTS, DOUBLE, ERROR, FAILED, ROOT, Spans, digested, laid_out


def spans(**columns: list[int]) -> Spans:
    """Four spans: a request, two statements, and one of them again."""
    made: dict[str, list[int]] = {
        "trace": [7, 7, 7, 7],
        "span": [1, 2, 3, 3],
        "parent": [0, 1, 1, 1],
        "host": [0, 0, 0, 0],
        "service": [5, 5, 5, 5],
        "parameters": [0, 11, 12, 12],
        "start": [0, 10, 50, 50],
        "end": [100, 40, 90, 80],
        "kind": [2, 3, 3, 3],
        "flags": [0, FAILED, ERROR, 0],
        "operation": [4, 9, 9, 9],
        "rows": [-1, 3, -1, 8],
    }
    kinds = dict.fromkeys(("trace", "span", "parent", "host", "service", "parameters"), np.uint64)
    arrays: dict[str, Any] = {
        name: np.array(values, kinds.get(name, np.int64)) for name, values in (made | columns).items()
    }
    return Spans(**arrays)


def test_a_trace_is_added_up() -> None:
    summed = digested(spans())
    assert {name: column.tolist() for name, column in summed.requests.items()} == {
        "root": [0],
        "main": [1],
        "start_ns": [0],
        "end_ns": [100],
        "spans": [3],
        "visits": [2],
    }
    assert {name: column.tolist() for name, column in summed.visits.items()} == {
        "parent": [-1, 4],
        "operation": [4, 9],
        "count": [1, 2],
        "most": [1, 2],
        "errors": [0, 2],
        "parameters": [0, 2],
        "rows": [-1, 3],
        "total_ns": [100, 70],
        "busy_ns": [100, 70],
        "own_ns": [30, 70],
        "critical_ns": [30, 70],
        "first_ns": [0, 10],
        "last_ns": [0, 50],
        "end_ns": [100, 90],
    }
    assert dict(zip(DEFECTS, summed.defects, strict=True)) == dict.fromkeys(DEFECTS, 0) | {"duplicates": 1}


def test_a_trace_is_laid_out() -> None:
    laid = laid_out(spans())
    assert laid.above.tolist() == [ROOT, 0, 0, DOUBLE]
    assert laid.piece.tolist()[:3] == [0, 0, 0]
    assert (laid.start_ns.tolist()[:3], laid.end_ns.tolist()[:3]) == ([0, 10, 50], [100, 40, 90])


def test_columns_need_not_lie_in_one_piece() -> None:
    wide = np.arange(8, dtype=np.uint64)
    one = replace(spans(), span=wide[::2] + np.uint64(1), operation=np.array([4, 9, 9, 9], np.int32))
    assert digested(one).requests["spans"].tolist() == [4]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="columns of 4 and of 3 rows"):
        digested(spans(rows=[1, 2, 3]))
    with pytest.raises(ValueError, match="columns of 4 and of 3 rows"):
        laid_out(spans(kind=[1, 2, 3]))


def test_nothing_is_nothing() -> None:
    none: dict[str, list[int]] = {name: [] for name in Spans.__dataclass_fields__}
    summed = digested(spans(**none))
    assert [len(column) for column in (*summed.requests.values(), *summed.visits.values())] == [0] * 20
    assert len(laid_out(spans(**none)).above) == 0
