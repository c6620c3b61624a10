"""What the three recorders saw, put together: on files as py-spy writes them, where the answer is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.profile.pyspy import Seen
from loadstone.gather.profile.sampled import SLICE_NS, _parted, read_counts, read_trace, rows

BEGAN_NS = 1_700_000_000_000_000_000
MAIN, WORKER = 140_000_000_000_001, 140_000_000_000_002


def trace(*events: tuple[str, int, int, str, str, int]) -> list[dict[str, object]]:
    """Events as (phase, microseconds, thread, name, file, line)."""
    return [
        {
            "args": {"filename": file, "line": line},
            "cat": "py-spy",
            "name": name,
            "ph": ph,
            "pid": 7,
            "tid": tid,
            "ts": ts,
        }
        for ph, ts, tid, name, file, line in events
    ]


def seen(
    tmp_path: Path,
    events: list[dict[str, object]],
    active: dict[tuple[int, str], int],
    gil: dict[tuple[int, str], int],
    *,
    last_seen_ns: dict[int, int] | None = None,
    cpu_ns: dict[int, int] | None = None,
    count: int = 1,
    began_ns: int = BEGAN_NS,
) -> Seen:
    files = {kind: tmp_path / f"{count}-{kind}.json" for kind in ("all", "active", "gil")}
    files["all"].write_text(json.dumps(events))
    for kind, counts in (("active", active), ("gil", gil)):
        names = sorted({name for _, name in counts})
        profiles = [
            {"type": "sampled", "name": f'Thread {thread} "x"', "samples": [[names.index(name)]] * number}
            for (thread, name), number in counts.items()
        ]
        frames = [{"name": name, "file": "/srv/app.py", "line": 3} for name in names]
        files[kind].write_text(json.dumps({"profiles": profiles, "shared": {"frames": frames}}))
    return Seen(
        7, began_ns, began_ns + 10**10, files, {"all": 100, "active": 25, "gil": 25}, last_seen_ns or {}, cpu_ns or {}
    )


def two_threads(until_us: int = 4_000_000) -> list[dict[str, object]]:
    return trace(
        ("B", 0, MAIN, "thread (11): MainThread", "", 0),
        ("B", 0, MAIN, "wait", "/srv/app.py", 3),
        ("B", 0, WORKER, "thread (12): hot;one", "", 0),
        ("B", 0, WORKER, "work", "/srv/app.py", 3),
        ("E", until_us, MAIN, "wait", "/srv/app.py", 3),
        ("E", until_us, MAIN, "thread (11): MainThread", "", 0),
        ("E", until_us, WORKER, "work", "/srv/app.py", 3),
        ("E", until_us, WORKER, "thread (12): hot;one", "", 0),
    )


def by_state(found: Iterable[object]) -> Counter[tuple[object, object]]:
    total: Counter[tuple[object, object]] = Counter()
    for row in found:
        total[row.thread_name, row.state] += row.weight  # type: ignore[attr-defined]
    return total


def test_states_by_count_and_wall_time_is_kept(tmp_path: Path) -> None:
    part = seen(tmp_path, two_threads(), {(12, "work"): 100}, {(12, "work"): 60})
    found = list(rows([part], "/srv"))
    total = by_state(found)
    assert total["MainThread", "idle"] == 4 * 10**9
    assert sum(total[key] for key in total if key[0] == "hot,one") == 4 * 10**9
    assert total["hot,one", "gil"] == pytest.approx(2.4e9, rel=1e-6)  # 60 of 100 ticks
    assert total["hot,one", "cpu"] == pytest.approx(1.6e9, rel=1e-6)
    assert {row.frames for row in found} == {"wait (app.py:3)", "work (app.py:3)"}
    assert {row.thread_id for row in found} == {MAIN, WORKER}
    assert all(row.weight <= SLICE_NS for row in found)
    assert min(row.at_ns or 0 for row in found) == BEGAN_NS


def test_the_system_knows_how_long_a_thread_was_on_a_cpu(tmp_path: Path) -> None:
    part = seen(tmp_path, two_threads(), {(12, "work"): 120}, {(12, "work"): 120}, cpu_ns={11: 0, 12: 10**9})
    total = by_state(rows([part]))
    assert total["hot,one", "gil"] == pytest.approx(1e9, rel=1e-6)
    assert total["hot,one", "idle"] == pytest.approx(3e9, rel=1e-6)


def woken(until_us: int = 4_000_000) -> list[dict[str, object]]:
    return trace(
        ("B", 0, WORKER, "thread (12): hot;one", "", 0),
        ("B", 0, WORKER, "wait", "threading.py", 327),
        ("E", 3_000_000, WORKER, "wait", "threading.py", 327),
        ("B", 3_000_000, WORKER, "work", "/srv/app.py", 3),
        ("E", until_us, WORKER, "work", "/srv/app.py", 3),
        ("E", until_us, WORKER, "thread (12): hot;one", "", 0),
    )


@pytest.mark.parametrize(("cpu_ms", "work_ms"), [(800, 800), (1500, 1000)])
def test_who_is_counted_where_it_waited_computed_where_it_worked(tmp_path: Path, cpu_ms: int, work_ms: int) -> None:
    """Twice as often seen running in its wait as in its work, as threads are that are woken for a moment."""
    part = seen(tmp_path, woken(), {(12, "wait"): 10, (12, "work"): 5}, {}, cpu_ns={12: cpu_ms * 10**6})
    total: Counter[tuple[str, str]] = Counter()
    for row in rows([part], "/srv"):
        total[row.frames.split(" ")[0], row.state] += row.weight
    assert total["work", "cpu"] == pytest.approx(work_ms * 1e6, rel=0.01)
    assert total["wait", "cpu"] == pytest.approx((cpu_ms - work_ms) * 1e6, rel=0.01, abs=1e6)


def test_a_thread_that_ended_is_cut_where_it_was_last_seen(tmp_path: Path) -> None:
    last = {11: BEGAN_NS + 4 * 10**9, 12: BEGAN_NS + 10**9}
    total = by_state(rows([seen(tmp_path, two_threads(), {}, {}, last_seen_ns=last)]))
    assert total["MainThread", "idle"] == 4 * 10**9
    assert total["hot,one", "idle"] == 10**9


def test_a_thread_that_nobody_listed_counts_for_one_sample(tmp_path: Path) -> None:
    part = seen(tmp_path, two_threads(), {}, {}, last_seen_ns={11: BEGAN_NS + 4 * 10**9})
    assert by_state(rows([part]))["hot,one", "idle"] == 10**7


def test_the_later_set_begins_where_both_look(tmp_path: Path) -> None:
    first = seen(tmp_path, two_threads(), {}, {}, count=1)
    second = seen(tmp_path, two_threads(), {}, {}, count=2, began_ns=BEGAN_NS + 3 * 10**9)
    assert by_state(rows([first, second]))["MainThread", "idle"] == 7 * 10**9


def test_threads_that_py_spy_numbered(tmp_path: Path) -> None:
    named = {
        "args": {"filename": "", "name": f"{MAIN}: MainThread"},
        "name": "thread_name",
        "ph": "M",
        "tid": 0,
        "ts": 0,
    }
    events = trace(
        ("B", 5, 0, "thread (11): MainThread", "", 0),
        ("B", 5, 0, "f", "/x/site-packages/lib/a.py", 2),
        ("E", 9, 0, "f", "/x/site-packages/lib/a.py", 2),
    )
    path = tmp_path / "trace.json"
    path.write_text(json.dumps([named, *events]))
    (stretch,) = read_trace(path)
    assert (stretch.ident, stretch.system_id, stretch.stack) == (MAIN, 11, ("f (lib/a.py:2)",))


@pytest.mark.parametrize("content", ["", "[", '{"a": 1}', "[1]"])
def test_a_file_that_a_killed_recorder_left_gives_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "half.json"
    path.write_text(content)
    assert read_trace(path) == []
    assert not read_counts(path)
    assert read_trace(tmp_path / "none.json") == []


@given(
    st.lists(st.integers(1, 10**9), max_size=200),
    st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda p: (min(p), max(p))),
)
def test_parting_loses_nothing_and_keeps_the_proportion(weights: list[int], cuts: tuple[int, int]) -> None:
    shares = cuts[0] / 100, (cuts[1] - cuts[0]) / 100, 1 - cuts[1] / 100
    owed = [0.0, 0.0, 0.0]
    total: Counter[str] = Counter()
    for weight in weights:
        for state, part in _parted(weight, shares, owed):
            assert part > 0
            total[state] += part
    assert sum(total.values()) == sum(weights)
    for state, share in zip(("gil", "cpu", "idle"), shares, strict=True):
        assert abs(total[state] - share * sum(weights)) <= 2 * 50_000_000 + len(weights)
