"""A trace is a tree, whatever came: orphans, cycles, duplicates, skew, shared ids, torn batches."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.trace import INSTANTS, Defects, Trace, traces
from loadstone.stats.critical_path import critical_path
from tests.evidence import MemoryEvidence, columns, packed, span

NAMES = ["trace_id", "span_id", "parent_id", "start_ns", "end_ns", "kind", "name"]
SERVER, CLIENT = 2, 3


def built(*rows: dict[str, Any], batch: int = 1000) -> list[Trace]:
    return list(traces(MemoryEvidence({"spans": columns("spans", rows)}, batch=batch).rows("spans", NAMES)))


def drawn(trace: Trace) -> list[tuple[int, str]]:
    return [(depth, trace.rows["name"][place]) for place, depth in trace.walk()]


def test_children_hang_under_their_parents_in_order_of_time() -> None:
    (trace,) = built(
        span(1, 1, packed(1), 0, 10, kind=SERVER), span(1, 3, 1, 5, 6), span(1, 2, 1, 1, 4), span(1, 4, 2, 2, 3)
    )
    assert drawn(trace) == [(0, "span 1"), (1, "span 2"), (2, "span 4"), (1, "span 3")]
    assert trace.duration_ns == 10_000_000_000
    assert trace.defects == Defects()


def test_an_orphan_hangs_under_the_root_and_is_counted() -> None:
    (trace,) = built(span(1, 1, None, 0, 10, kind=SERVER), span(1, 2, 99, 1, 2), span(1, 3, None, 3, 4))
    assert drawn(trace) == [(0, "span 1"), (1, "span 2"), (1, "span 3")]
    assert trace.defects == Defects(orphans=1)


def test_the_root_is_the_longest_server_span_without_a_parent() -> None:
    (trace,) = built(
        span(1, 1, 99, 0, 50), span(1, 2, None, 1, 2, kind=SERVER), span(1, 3, packed(1), 1, 9, kind=SERVER)
    )
    assert trace.rows["name"][trace.root] == "span 3"


def test_a_cycle_is_broken_once_at_its_earliest_span() -> None:
    (trace,) = built(span(1, 1, 3, 0, 9), span(1, 2, 1, 1, 8), span(1, 3, 2, 2, 7), span(1, 4, 4, 3, 4))
    assert drawn(trace) == [(0, "span 1"), (1, "span 2"), (2, "span 3"), (1, "span 4")]
    assert trace.defects.cycles == 2


def test_a_duplicate_is_left_out_and_the_longest_kept() -> None:
    (trace,) = built(span(1, 1, None, 0, 9), span(1, 2, 1, 1, 2, name="a"), span(1, 2, 1, 1, 3, name="b"))
    assert drawn(trace) == [(0, "span 1"), (1, "b")]
    assert trace.defects == Defects(duplicates=1)


def test_client_and_server_that_share_an_id_stand_one_under_the_other() -> None:
    (trace,) = built(
        span(1, 1, None, 0, 9, kind=SERVER),
        span(1, 2, 1, 1, 8, kind=CLIENT, name="client"),
        span(1, 2, 1, 2, 7, kind=SERVER, name="server"),
        span(1, 3, 2, 3, 4, name="work"),
    )
    assert drawn(trace) == [(0, "span 1"), (1, "client"), (2, "server"), (3, "work")]
    assert trace.defects == Defects()


def test_skew_and_outliving_are_told_apart() -> None:
    (trace,) = built(
        span(1, 1, None, 10, 20, kind=SERVER),
        span(1, 2, 1, 9.9995, 11),  # within the resolution
        span(1, 3, 1, 9.9, 11),
        span(1, 4, 1, 12, 30),
    )
    assert trace.defects == Defects(skewed=1, outliving=1)


def test_absurd_times_are_counted_and_do_no_harm() -> None:
    rows = [span(1, 1, None, 0, 9), span(1, 2, 1, 5, 2), span(1, 3, 1, 0, 0, start_ns=None, end_ns=None)]
    (trace,) = built(*rows)
    assert trace.defects.reversed == 2
    assert sum(end - start for _, start, end in critical_path(trace.start, trace.end, trace.children, trace.root)) == (
        trace.duration_ns
    )


_ROWS = st.lists(
    st.builds(
        span,
        trace=st.integers(0, 2),
        number=st.integers(1, 6),
        parent=st.none() | st.integers(1, 8),
        start_s=st.integers(0, 9),
        end_s=st.integers(0, 9),
        kind=st.none() | st.integers(1, 3),
    ),
    max_size=20,
)


@given(_ROWS, st.integers(1, 7))
def test_every_span_stands_once_in_its_tree(rows: list[dict[str, Any]], batch: int) -> None:
    found = built(*rows, batch=batch)
    assert [trace.trace_id for trace in found] == sorted({row["trace_id"] for row in rows})
    kept = 0
    for trace in found:
        places = [place for place, _ in trace.walk()]
        assert sorted(places) == list(range(len(trace)))
        for place, above in enumerate(trace.parent):
            assert (above < 0) == (place == trace.root)
            assert above < 0 or place in trace.children[above]
        kept += len(trace) + trace.defects.duplicates
        path = critical_path(trace.start, trace.end, trace.children, trace.root)
        assert sum(end - start for _, start, end in path) == trace.duration_ns
    assert kept == len(rows)


WHOLE = [*NAMES, "service", "host_name", "status"]


def whole(*rows: dict[str, Any]) -> Trace:
    (trace,) = traces(MemoryEvidence({"spans": columns("spans", rows)}).rows("spans", WHOLE))
    return trace


def path(trace: Trace) -> list[tuple[str, float]]:
    """Names and seconds along the critical path."""
    found = critical_path(trace.start, trace.end, trace.waited, trace.root)
    return [(trace.rows["name"][place], (end - start) / 1e9) for place, start, end in found]


def test_nobody_waits_for_what_outlives_its_parent() -> None:
    rows = [span(1, 1, None, 0, 10, kind=SERVER, name="root"), span(1, 2, 1, 4, 90, name="mail")]
    assert path(whole(*rows)) == [("root", 10)]
    assert whole(*rows).defects.outliving == 1


def test_a_client_that_gave_up_has_waited_for_its_server() -> None:
    trace = whole(
        span(1, 1, None, 0, 10, kind=SERVER, name="root"),
        span(1, 2, 1, 1, 9, kind=CLIENT, name="call", status=2),
        span(1, 3, 2, 2, 60, kind=SERVER, name="stock"),
    )
    assert path(trace) == [("root", 1), ("call", 1), ("stock", 7), ("root", 1)]


def test_nobody_waits_for_a_consumer_nor_for_another_root() -> None:
    trace = whole(
        span(1, 1, None, 0, 10, kind=SERVER, name="root"),
        span(1, 2, 1, 2, 3, kind=4, name="send"),
        span(1, 3, 2, 2.5, 8, kind=5, name="bill"),
        span(1, 4, None, 5, 7, name="follows from"),
    )
    assert path(trace) == [("root", 2), ("send", 1), ("root", 7)]
    assert {trace.rows["name"][place] for place in trace.adrift} == {"root", "follows from"}


def skewed(off: float, **client: object) -> list[dict[str, Any]]:
    return [
        span(1, 1, None, 0, 10, kind=SERVER, name="root", host_name="a"),
        span(1, 2, 1, 1, 9, kind=CLIENT, name="call", host_name="a") | client,
        span(1, 3, 2, off + 2, off + 8, kind=SERVER, name="stock", host_name="b"),
        span(1, 4, 3, off + 3, off + 4, kind=CLIENT, name="SELECT", host_name="b"),
    ]


def test_another_hosts_clock_is_moved_into_its_callers_time() -> None:
    honest = path(whole(*skewed(0)))
    for off in (3600.0, -3600.0, 1.5, -1.5):
        trace = whole(*skewed(off))
        assert path(trace) == honest
        assert trace.defects == Defects(shifted=1)


def test_a_clock_is_believed_on_one_host_and_where_the_client_failed() -> None:
    assert whole(*skewed(3600, status=2)).defects.shifted == 0
    assert whole(*(row | {"host_name": "a"} for row in skewed(3600))).defects.shifted == 0
    assert whole(*(row | {"host_name": None} for row in skewed(3600))).defects.shifted == 0
    services = ["shop", "shop", "stock", "stock"]
    rows = [row | {"host_name": None, "service": name} for row, name in zip(skewed(3600), services, strict=True)]
    assert whole(*rows).defects.shifted == 1


def test_an_instant_that_is_none_is_not_taken_for_one() -> None:
    rows = [
        span(1, 1, None, 0, 9, kind=SERVER),
        span(1, 2, 1, 1, 2) | {"end_ns": 2**63 - 1},
        span(1, 3, 1, 1, 2) | {"start_ns": -1},
        span(1, 4, 1, 1, 2) | {"start_ns": -(2**63), "end_ns": 2**62},
    ]
    trace = whole(*rows)
    assert trace.defects.reversed == 3
    assert max(trace.end) < INSTANTS
    assert min(trace.start) >= 0
