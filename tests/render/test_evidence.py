"""Evidence on a page: the traces that are kept, waterfalls, statements joined, series, waits, and bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from loadstone.model.evidence import AuditCheck, Coverage, Missing
from loadstone.model.evidence_view import CostRow, EvidenceView, TraceView
from loadstone.render import evidence as page
from loadstone.render.evidence import evidence_view, served_trace
from loadstone.render.evidence_series import POINTS
from loadstone.render.evidence_statements import LISTED
from loadstone.render.evidence_traces import KEPT
from tests.evidence import START_NS, MemoryEvidence, columns, packed, span, trace_id

SERVER, CLIENT, ERROR = 2, 3, 2
STEPS = (("browse", "list"), ("browse", "detail"))
Rows = Sequence[Mapping[str, Any]]


def seen(**tables: Rows) -> MemoryEvidence:
    return MemoryEvidence({name: columns(name, rows) for name, rows in tables.items()})


def view(**tables: Rows) -> EvidenceView:
    return evidence_view(seen(**tables), run="r1", origin_ns=START_NS, spans=0, steps=STEPS)


def drawn(*rows: dict[str, Any], longest: int | None = None) -> TraceView:
    evidence = seen(spans=rows)
    with pytest.MonkeyPatch.context() as patch:
        if longest is not None:
            patch.setattr(page, "SERVED_SPANS", longest)
        found = served_trace(evidence, rows[0]["trace_id"], origin_ns=START_NS, steps=STEPS)
    assert found is not None
    return found


def request(number: int, length: float = 1.0, step: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    made = span(number, 1, packed(number, step), number * 10, number * 10 + length, kind=SERVER, name="GET /p")
    return made | {"phase": 0, "step": step, "request": number} | more


def query(number: int, place: int, start: float, end: float, text: str = "SELECT ?", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    made = span(number, place, 1, number * 10 + start, number * 10 + end, kind=CLIENT, name="SELECT")
    return made | {"db_system_name": "sqlite", "db_query_text": text, "step": 1, "request": number} | more


def test_of_every_step_the_slowest_a_typical_and_a_failed_trace_are_kept() -> None:
    rows = [request(number, length=number / 100) for number in range(1, 100)]
    rows += [request(number, step=2, length=0.1) for number in range(101, 104)]
    rows.append(request(200, length=0.001, status=ERROR))
    rows.append(request(201, length=0.002, http_response_status_code=503))
    kept = view(spans=rows).traces
    assert len(kept) == KEPT
    by_step: dict[str | None, list[tuple[str, float]]] = {}
    for row in kept:
        by_step.setdefault(row.step, []).append((row.why, round(row.duration_s, 3)))
    assert by_step["list"][:4] == [("slowest", 0.99), ("typical", 0.49), ("failed", 0.002), ("slowest", 0.98)]
    assert ("failed", 0.001) in by_step["list"]
    assert (
        sorted(why for why, _ in by_step["detail"]) == ["slowest", "slowest", "typical"] or len(by_step["detail"]) == 3
    )


def test_a_trace_without_our_ids_is_kept_by_its_name() -> None:
    (row,) = view(spans=[span(1, 1, None, 3, 5, name="job")]).traces
    assert (row.name, row.journey, row.step, row.request, row.at_s, row.duration_s) == ("job", None, None, None, 3, 2)


def test_a_trace_without_any_beginning_is_kept_too() -> None:
    assert [row.spans for row in view(spans=[span(1, 2, 9, 3, 5), span(1, 3, 2, 3, 4)]).traces] == [2]


def test_a_waterfall_has_self_time_and_the_critical_path() -> None:
    trace = drawn(
        request(1, thread_cpu_ns=5_000_000, attributes='{"a": "b", "n": 5}'),
        query(1, 2, 0.1, 0.4, code_file_path="shop/views.py", code_line_number=88, code_function_name="detail"),
        query(1, 3, 0.5, 0.9, status=ERROR),
    )
    assert (trace.row.journey, trace.row.step, trace.row.request, trace.row.spans) == ("browse", "list", 1, 3)
    assert [(one.parent, one.depth) for one in trace.spans] == [(None, 0), (0, 1), (0, 1)]
    root, first, second = trace.spans
    assert (root.start_s, root.duration_s) == (0, 1)
    assert root.self_s == pytest.approx(0.3)
    assert (first.statement, first.where, first.function) == ("SELECT ?", "shop/views.py:88", "detail")
    assert (first.kind, first.error, second.error) == ("client", False, True)
    assert root.attributes == {"thread CPU time": "5.000 ms", "a": "b", "n": "5"}
    assert [place for place, _, _ in trace.critical] == [0, 1, 0, 2, 0]
    assert sum(end - start for _, start, end in trace.critical) == pytest.approx(1.0)
    assert sum(one.critical_s for one in trace.spans) == pytest.approx(1.0)


def test_a_long_trace_loses_its_shortest_spans_but_no_parent() -> None:
    rows = [request(1, length=100.0)]
    rows += [query(1, place, place / 10, place / 10 + 0.001 * place) for place in range(2, 50)]
    rows += [span(1, 100 + place, place, 10 + place / 10, 10 + place / 10 + 0.0005) for place in range(2, 50)]
    trace = drawn(*rows, longest=20)
    assert (len(trace.spans), trace.cut, trace.row.spans) == (20, 77, 97)
    assert all(one.parent is None or one.parent < place for place, one in enumerate(trace.spans))
    assert sum(end - start for _, start, end in trace.critical) == pytest.approx(100.0)
    assert max(place for place, _, _ in trace.critical) < 20


def test_a_page_carries_no_more_spans_than_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "DRAWN_SPANS", 5)
    rows = [row for number in range(1, 5) for row in (request(number), query(number, 2, 0, 0.5))]
    told = view(spans=rows)
    assert len(told.traces) == 4
    assert [len(trace.spans) for trace in told.drawn] == [2, 2]


def test_hostile_texts_are_bounded_and_stay_texts() -> None:
    trace = drawn(request(1, attributes="no json", events="[" * 5000, service="</script>", http_route="x" * 5000))
    (root,) = trace.spans
    assert root.service == "</script>"
    assert root.attributes["attributes"] == "no json"
    assert max(map(len, root.attributes.values())) <= 300


def test_a_trace_that_is_not_there() -> None:
    assert served_trace(seen(spans=[request(1)]), trace_id(9), origin_ns=0) is None


def test_statements_are_joined_by_their_text() -> None:
    rows = [request(1), request(2), *(query(1, 2 + n, n / 10, n / 10 + 0.05) for n in range(4)), query(2, 2, 0, 0.2)]
    rows.append(query(2, 3, 0.3, 0.4, "COMMIT", code_file_path="a.py", code_line_number=7))
    counted = {"db_system_name": "sqlite", "db_query_text": "SELECT ?", "execute_ns": 9}
    statements = [counted | {"calls": 4, "rows": 40}, counted | {"calls": 2, "rows": 2}]
    statements.append(counted | {"db_query_text": "VACUUM", "calls": 1, "execute_ns": 5_000_000_000})
    told = {one.text: one for one in view(spans=rows, statements=statements).statements}
    select, commit, vacuum = told["SELECT ?"], told["COMMIT"], told["VACUUM"]
    assert (select.spans, select.per_request, select.calls, select.rows) == (5, 2.5, 6, 42)
    assert select.total_s == pytest.approx(0.4)
    assert select.mean_s == pytest.approx(0.08)
    assert select.p95_s == pytest.approx(0.2)
    assert (select.steps, select.where) == (("browse.list",), None)
    assert (commit.calls, commit.where) == (None, "a.py:7")
    assert (vacuum.spans, vacuum.per_request, vacuum.total_s, vacuum.mean_s, vacuum.p95_s) == (0, None, 5, 5, None)
    assert list(told) == ["VACUUM", "SELECT ?", "COMMIT"]


def test_the_statement_that_runs_most_often_is_listed_however_short() -> None:
    rows = [query(number, 2, 0, 1, f"SELECT {number}") for number in range(1, 80)]
    rows += [query(90, place, 0, 1e-6, "SELECT often") for place in range(2, 30)]
    told = view(spans=rows).statements
    assert len(told) == LISTED
    assert "SELECT often" in {one.text for one in told}


def test_host_series_lie_on_the_runs_time_axis_and_are_bounded() -> None:
    def value(second: int, number: float | None, detail: str | None = None) -> dict[str, Any]:
        at = START_NS + second * 10**9
        return {"at_ns": at, "scope": "host", "metric": "cpu", "unit": "share", "value": number, "detail": detail}

    rows = [value(second, second / 10000) for second in range(3, 3603)]
    rows += [value(5, 0.5, "sda"), value(4, None, "sda"), value(6, float("nan"), "sda")]
    whole, disk = view(host=rows).host
    assert len(whole.t_s) == len(whole.value) <= POINTS
    assert (whole.t_s[0], whole.t_s[-1]) == (6, 3602)
    assert whole.value[0] == pytest.approx((3 + 4 + 5 + 6) / 40000)
    assert (disk.detail, disk.t_s, disk.value) == ("sda", (4, 5, 6), (None, 0.5, None))


def test_waits_are_added_up_and_samples_count_their_stride() -> None:
    rows: Rows = [
        {"kind": "gc", "name": "generation 2", "duration_ns": 2_000_000, "detail": '{"collected": 5}'},
        {"kind": "gc", "name": "generation 2", "duration_ns": 3_000_000},
        *({"kind": "postgresql", "name": "Lock:tuple", "detail": '{"interval_s": 0.05, "a": 1}'} for _ in range(3)),
    ]
    lock, gc = view(waits=rows).waits
    assert (lock.count, lock.sampled, lock.example) == (3, True, "a 1")
    assert lock.total_s == pytest.approx(0.15)
    assert (gc.count, gc.sampled, gc.example) == (2, False, "collected 5")
    assert gc.total_s == pytest.approx(0.005)


def test_what_was_told_is_shown_and_no_evidence_is_no_failure() -> None:
    check, missing, cost = AuditCheck("time", "pass", "fine"), Missing("spans", "none"), CostRow("p99", "s", 1, 2)
    covered = Coverage(1, "sqlite3", None, "spans", 4)
    evidence = MemoryEvidence(missing=(missing,), coverage=(covered,))
    told = evidence_view(
        evidence, run="r", origin_ns=0, spans=4, audit=[check], cost=[cost], notes=["n"], origin="observed run"
    )
    assert (told.audit, told.missing, told.coverage, told.cost, told.notes) == (
        (check,), (missing,), (covered,), (cost,), ("n",)
    )  # fmt: skip
    assert (told.traces, told.flames, told.statements, told.plans, told.waits, told.host) == ((), (), (), (), (), ())
    assert (told.origin, told.spans) == ("observed run", 4)


def test_a_large_run_makes_a_page_of_bounded_size() -> None:
    rows: list[dict[str, Any]] = []
    for number in range(1, 121):
        rows.append(request(number, step=1 + number % 2))
        rows += [
            query(number, place, place / 400, place / 400 + 0.002, f"SELECT {place} " + "x" * 100)
            for place in range(2, 300)
        ]
    told = view(spans=rows)
    assert sum(len(trace.spans) for trace in told.drawn) <= page.DRAWN_SPANS
    assert len(msgspec.json.encode(told)) < 3_000_000
