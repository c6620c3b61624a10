"""Each check of the audit passing, failing and without its other side; a failed one names what it takes away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from loadstone.diagnose.audit import Facts, StepSent, audit, sent_by_step
from loadstone.model.evidence import AuditCheck, Counts, Coverage, Missing
from loadstone.model.interval import Interval
from tests.archive.made import interval
from tests.evidence import START_NS, MemoryEvidence, columns, packed, span, trace_id

SERVER, CLIENT = 2, 3
Rows = Sequence[dict[str, Any]]


def facts(seen: int = 3, **more: Any) -> Facts:  # noqa: ANN401
    given: dict[str, Any] = {
        "steps": (StepSent(1, "browse", "list", seen, 0),),
        "trace_share": 1.0,
        "counts": Counts(1, {"spans": 3}),
        "clipped": 0,
        "refused": {},
    }
    return Facts(**(given | more))


def request(number: int, *, step: int = 1, length: float = 1.0, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A request's server span, long after the one before it."""
    made = span(number, 1, packed(number, step), number * 10, number * 10 + length, kind=SERVER)
    return made | {"phase": 0, "step": step, "request": number} | more


def statement(number: int, place: int, text: str | None, start: float, end: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A database call of that request, start and end counted from its own."""
    made = span(number, place, 1, number * 10 + start, number * 10 + end, kind=CLIENT, name=text or "connect")
    return made | {"db_system_name": "postgresql", "db_query_text": text} | more


REQUESTS = [request(1), request(2), request(3)]
SEEN = (Coverage(7, "sqlite3", "3.40", "spans", 3),)


def checked(
    code: str,
    spans: Rows = (),
    told: Facts | None = None,
    tables: dict[str, Rows] | None = None,
    coverage: tuple[Coverage, ...] = SEEN,
    missing: tuple[Missing, ...] = (),
) -> AuditCheck:
    given = {"spans": spans, **(tables or {})}
    evidence = MemoryEvidence(
        {name: columns(name, rows) for name, rows in given.items() if rows}, coverage=coverage, missing=missing
    )
    found = {check.code: check for check in audit(evidence, told or facts()).checks}
    return found[code]


def counted(*calls: tuple[str, int]) -> dict[str, Rows]:
    """What PostgreSQL counted, over all the time of the tests."""
    row = {"db_system_name": "postgresql", "start_ns": START_NS, "end_ns": START_NS + 10**12}
    return {"statements": [row | {"db_query_text": text, "calls": count} for text, count in calls]}


WITH_TEN = [request(1), *(statement(1, 10 + place, "SELECT ?", 0.1, 0.2) for place in range(10))]
HALF_DARK = [request(1), statement(1, 2, "SELECT ?", 0.0, 0.4)]
ALL_NAMED = [request(1), statement(1, 2, "SELECT ?", 0.0, 0.9)]
PAUSE = {"waits": [{"at_ns": START_NS + 10_400_000_000, "duration_ns": 500_000_000, "kind": "gc", "process_pid": 7}]}

CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("requests", "pass", {"spans": REQUESTS}, "3 server spans for 3 requests"),
    (
        "requests",
        "pass",
        {"spans": [*REQUESTS, span(1, 2, 1, 11, 12, kind=SERVER, request=1, step=1, phase=0)]},
        "3 server",
    ),
    ("requests", "fail", {"spans": REQUESTS[:2]}, r"2 server spans for 3 requests: browse.list 2 of 3"),
    ("requests", "fail", {"spans": [*REQUESTS, request(1) | {"span_id": b"8" * 8}]}, "more than one span a"),
    (
        "requests",
        "fail",
        {"missing": (Missing("recorder", "started with -S."),)},
        r"no server span came \(started with -S\)",
    ),
    ("requests", "could not look", {"spans": REQUESTS, "told": facts(steps=())}, "sent no requests"),
    ("requests", "could not look", {"spans": REQUESTS, "told": facts(trace_share=0.0)}, "No request carried"),
    (
        "requests",
        "pass",
        {"spans": REQUESTS, "told": facts(steps=(StepSent(1, "b", "l", 2, 1),))},
        "for 2 requests and 1 more that may not have arrived",
    ),
    ("requests", "pass", {"spans": REQUESTS, "told": facts(2, redirects=1)}, "3 server spans for 3 requests"),
    ("requests", "pass", {"spans": REQUESTS, "told": facts(30, trace_share=0.1)}, "0.1 of them traced"),
    ("requests", "fail", {"spans": REQUESTS, "told": facts(3000, trace_share=0.1)}, "3 server spans for 3,000"),
    ("sampled", "pass", {"spans": REQUESTS}, "Every request"),
    ("sampled", "fail", {"spans": REQUESTS, "told": facts(trace_share=0.1)}, "90.0% of the requests were not traced"),
    (
        "database",
        "pass",
        {"spans": WITH_TEN, "tables": counted(("SELECT ?", 10))},
        "counted 10 statements, spans show 10",
    ),
    ("database", "pass", {"spans": WITH_TEN, "tables": counted(("SELECT ?", 10), ("SET x", 5))}, "counted 15"),
    (
        "database",
        "fail",
        {"spans": WITH_TEN, "tables": counted(("SELECT ?", 10), ("COMMIT", 20), ("BEGIN", 15))},
        r"counted 45 .* show 10; not in spans: COMMIT 20, BEGIN 15",
    ),
    (
        "database",
        "fail",
        {"spans": WITH_TEN, "tables": counted(("SELECT ?", 1))},
        "not in the database's counts: SELECT . 9",
    ),
    ("database", "could not look", {"spans": WITH_TEN}, "10 spans of postgresql, which counted nothing itself"),
    (
        "time",
        "pass",
        {"spans": ALL_NAMED},
        r"1 trace took 1.00 s: 900 ms in children \(database 900 ms\).*residual 100 ms",
    ),
    ("time", "fail", {"spans": HALF_DARK}, r"residual 600 ms\. 60.0 % of the time has no name"),
    (
        "time",
        "pass",
        {"spans": [request(1, process_pid=7), HALF_DARK[1]], "tables": PAUSE},
        r"500 ms in named waits \(gc 500 ms\), residual 100 ms",
    ),
    (
        "time",
        "pass",
        {"spans": [request(1, thread_cpu_ns=550_000_000), HALF_DARK[1]]},
        "up to 550 ms of it on its own CPU",
    ),
    ("time", "could not look", {}, "There are no traces"),
    ("coverage", "pass", {"spans": ALL_NAMED}, "90.0 % of the critical path ends in a span of its own"),
    ("coverage", "fail", {"spans": HALF_DARK}, "the other 60.0 % is not instrumented"),
    ("coverage", "could not look", {}, "There are no traces"),
    ("orphans", "pass", {"spans": REQUESTS}, "None of 3 spans"),
    ("orphans", "fail", {"spans": [*REQUESTS, span(1, 9, 99, 11, 12)]}, "1 of 4 spans name a parent that is not there"),
    ("skewed", "pass", {"spans": ALL_NAMED}, "None of 2"),
    ("skewed", "fail", {"spans": [*REQUESTS, span(1, 9, 1, 9, 9.5)]}, "1 of 4 spans begin before their parent"),
    ("cycles", "fail", {"spans": [*REQUESTS, span(1, 9, 9, 11, 12)]}, "1 of 4 spans were their own ancestors"),
    ("reversed", "fail", {"spans": [*REQUESTS, span(1, 9, 1, 12, 11)]}, "1 of 4 spans end before they begin"),
    (
        "duplicates",
        "pass",
        {"told": facts(counts=Counts(1, {"spans": 3}, duplicates=2))},
        "2 spans came more than once",
    ),
    ("duplicates", "could not look", {"told": facts(counts=None)}, "Nobody counted"),
    ("clipped", "pass", {}, "No value was cut"),
    ("clipped", "fail", {"told": facts(clipped=4)}, "4 long values were cut"),
    ("clipped", "fail", {"told": facts(counts=Counts(1, {}, repaired=2))}, "2 that no column can hold"),
    ("clipped", "could not look", {"told": facts(counts=None, clipped=None)}, "Nobody counted"),
    ("truncated", "pass", {"spans": WITH_TEN}, "All 10 statements are whole"),
    (
        "truncated",
        "fail",
        {"spans": [statement(1, 2, "SELECT a FROM b WHERE c IN (?", 0, 1)]},
        "1 of 1 statements look",
    ),
    ("truncated", "fail", {"spans": [statement(1, 2, "SELECT a, b...", 0, 1)]}, "look cut"),
    ("truncated", "could not look", {"spans": REQUESTS}, "no statements"),
    ("processes", "pass", {}, "Every one of 1 processes"),
    (
        "processes",
        "fail",
        {"coverage": (*SEEN, Coverage(8, "python", None, "not loaded", note="started with -I"))},
        r"1 of 2 processes were not looked into \(8; started with -I\)",
    ),
    ("processes", "fail", {"coverage": (*SEEN, Coverage(7, "redis", "9.0", "not covered"))}, "no spans of redis 9.0"),
    ("processes", "could not look", {"coverage": ()}, "No source tells"),
    ("receiver", "pass", {}, "refused nothing"),
    (
        "receiver",
        "fail",
        {"told": facts(refused={"too_large": 2, "busy": 1})},
        "refused 3 requests: 1 busy, 2 too large",
    ),
]


@pytest.mark.parametrize(
    ("code", "outcome", "given", "says"), CASES, ids=[f"{c[0]}-{c[1]}-{n}" for n, c in enumerate(CASES)]
)
def test_a_check(code: str, outcome: str, given: dict[str, Any], says: str) -> None:
    check = checked(code, **given)
    assert check.outcome == outcome, check.message
    assert re.search(says, check.message), check.message
    if outcome == "fail":
        assert check.takes_away
    if outcome == "pass":
        assert not check.takes_away


def test_without_a_receiver_there_is_nothing_to_say_of_it() -> None:
    codes = [check.code for check in audit(MemoryEvidence(), facts(refused=None)).checks]
    assert "receiver" not in codes
    assert "database" not in codes  # neither spans nor counts of one


def test_statements_outside_the_time_that_was_counted_are_left_out() -> None:
    late = counted(("SELECT ?", 1))
    late["statements"] = [dict(late["statements"][0]) | {"end_ns": START_NS + 9 * 10**9}]
    check = checked("database", WITH_TEN, tables=late)
    assert (check.left, check.right) == (1, 0)


def test_begin_and_commit_without_a_text_count_by_their_name() -> None:
    rows = [request(1), statement(1, 2, None, 0, 0.1, name="COMMIT"), statement(1, 3, None, 0, 0.1, name="connect")]
    check = checked("database", rows, tables=counted(("COMMIT", 1)))
    assert (check.outcome, check.left, check.right) == ("pass", 1, 1)


def test_a_batch_counts_each_of_its_statements_and_a_hidden_begin_counts_too() -> None:
    many = statement(1, 2, "INSERT ?", 0, 0.1, attributes='{"db.operation.batch.size": 40}')
    first = statement(1, 3, "SELECT ?", 0, 0.1, attributes='{"loadstone.implicit_begin": true}')
    check = checked(
        "database", [request(1), many, first], tables=counted(("INSERT ?", 40), ("SELECT ?", 1), ("BEGIN", 1))
    )
    assert (check.outcome, check.left, check.right) == ("pass", 42, 42)


def test_a_pool_wait_is_a_named_wait() -> None:
    rows = [request(1), span(1, 2, 1, 10, 10.8, name="pool wait", db_system_name="postgresql")]
    assert "800 ms in named waits (pool 800 ms)" in checked("time", rows).message


def test_many_spans_are_looked_at_by_a_sample_of_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.diagnose.audit.time.SPANS_LOOKED_AT", 100)
    rows = [request(number) for number in range(1, 301)]
    told = checked("time", rows, facts(300, counts=Counts(1, {"spans": 300}))).message
    assert "one in 3," in told
    assert 50 < int(told.split(" ")[0]) < 150


def test_requests_by_step_come_from_the_intervals() -> None:
    one = interval(1.0, done=40)
    cell = one.cells[0]
    cells = (
        cell,
        msgspec.structs.replace(cell, step=None),
        msgspec.structs.replace(cell, result="timeout", count=2),
        msgspec.structs.replace(cell, result="connect", count=5),
        msgspec.structs.replace(cell, result="check", count=3),
    )
    spans: list[Interval] = [msgspec.structs.replace(one, cells=cells, redirects=4, sent=52, done=50), one]
    told, redirects, unanswered = sent_by_step(spans, [("browse", "list"), ("browse", "detail")])
    assert told == (StepSent(1, "browse", "list", 83, 2), StepSent(2, "browse", "detail", 0, 0))
    assert (redirects, unanswered) == (4, 2)


def test_ids_of_the_tests_are_those_of_the_engine() -> None:
    assert trace_id(1)[:4] == b"\0\0\0\7"
    assert packed(5, step=2, phase=1).hex() == "0100020000000005"
