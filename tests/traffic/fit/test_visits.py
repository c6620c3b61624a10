"""Rows become visits, whatever pieces they come in."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.traffic.fit import visits as module
from loadstone.traffic.fit.visits import Visits, VisitStream

IDLE = 100


def stream(rows: list[tuple[int, int]], size: int) -> list[list[int]]:
    """Instants of each visit, from (client, time) in pieces of so many rows."""
    cutter = VisitStream(IDLE)
    parts: list[Visits] = []
    for at in range(0, len(rows), size):
        client, time = (np.array(column, dtype=np.int64) for column in zip(*rows[at : at + size], strict=True))
        none = np.zeros(len(time), dtype=np.int64)
        parts += cutter.add(client.astype(np.uint64), time, time, none.astype(np.uint64), none.astype(np.int32))
    parts.append(cutter.finish())
    whole = Visits.joined(parts)
    return [whole.time_ns[a:b].tolist() for a, b in zip(whole.starts[:-1], whole.starts[1:], strict=True)]


def by_hand(rows: list[tuple[int, int]]) -> list[list[int]]:
    times: dict[int, list[int]] = defaultdict(list)
    for client, time in rows:
        times[client].append(time)
    told: list[list[int]] = []
    for each in times.values():
        before = None
        for time in sorted(each):
            if before is None or time - before > IDLE:
                told.append([])
            told[-1].append(time)
            before = time
    return told


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 2000)), min_size=1, max_size=120), st.integers(1, 50))
def test_rows_in_order_give_the_same_visits_in_whatever_pieces(rows: list[tuple[int, int]], size: int) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TOGETHER", 1)
        assert sorted(stream(rows, size)) == sorted(by_hand(rows))


def test_only_what_may_go_on_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOGETHER", 1000)
    cutter, most = VisitStream(IDLE), 0
    for at in range(0, 200_000, 1000):
        time = np.arange(at, at + 1000)
        none = np.zeros(1000, dtype=np.int64)
        for _ in cutter.add(
            (time % 7 + time // 500).astype(np.uint64), time, time, none.astype(np.uint64), none.astype(np.int32)
        ):
            most = max(most, cutter._open)
    assert most < 3000


def test_one_line_of_next_year_closes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOGETHER", 1)
    rows = [(1, at) for at in range(0, 600, 10)]
    rows.insert(30, (2, 10**12))
    assert sorted(map(len, stream(rows, 20))) == [1, 60]


def test_too_much_at_once_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOGETHER", 100)
    monkeypatch.setattr(module, "MOST_OPEN", 500)
    cutter = VisitStream(10**9)
    told = 0
    for at in range(40):
        time = np.arange(100) + 100 * at
        none = np.zeros(100, dtype=np.int64)
        for part in cutter.add(time.astype(np.uint64), time, time, none.astype(np.uint64), none.astype(np.int32)):
            told += len(part)
    assert cutter.cut > 3000
    assert told + len(cutter.finish()) == 4000


def test_a_visit_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 50)
    assert sorted(map(len, stream([(1, at) for at in range(120)], 500))) == [20, 50, 50]
