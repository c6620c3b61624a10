"""The digest is what the slow and obvious way gives, on any traces; hostile ones end in a digest too."""

from __future__ import annotations

from dataclasses import fields
from random import Random
from typing import Any

import duckdb
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.diagnose.digest import Digest, Requests, Visits
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.traces import operations, reading
from loadstone.diagnose.traces.operations import KEY, KEY_SQL, placed, templated
from loadstone.diagnose.traces.reading import digest_of
from loadstone.diagnose.traces.segments import segments_of
from tests.diagnose.slow_reading import SlowDigest
from tests.evidence import MemoryEvidence, columns, packed, span
from tests.scenes import Story

SERVER, CLIENT = 2, 3
SUBJECT = Subject(steps=(("shop", "list"), ("shop", "detail")), warm_up=frozenset({0}))


def evidence(rows: list[dict[str, Any]], batch: int = 1000) -> MemoryEvidence:
    return MemoryEvidence({"spans": columns("spans", rows)}, batch=batch)


def told(digest: Digest) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Requests and visits as the slow way tells them."""
    keys = {number: key for key, number in digest.keys.items()} | {-1: None}
    own = {step.number: step.number for step in digest.steps if step.own}
    requests = _rows(digest.requests)
    for request in requests:
        request["step"] = own.get(request["step"], keys[request["route"]])
        request["route"] = keys[request["route"]]
        request["instance"] = digest.instances[request["instance"]]
        assert request.pop("sent_ns") == request["start_ns"]
        assert request.pop("done_ns") == request["end_ns"]
    visits = _rows(digest.visits)
    for visit in visits:
        visit["parent"], visit["operation"] = keys[visit["parent"]], keys[visit["operation"]]
    return requests, visits


def _rows(table: Requests | Visits) -> list[dict[str, Any]]:
    held = {one.name: getattr(table, one.name) for one in fields(table)}
    lists = {
        name: [one.tobytes() for one in values] if values.dtype.kind == "V" else values.tolist()
        for name, values in held.items()
    }
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def hostile(random: Random, traces: int) -> list[dict[str, Any]]:
    """Spans of traces that are as bad as they come, most of them nearly right."""
    rows = []
    for trace in range(1, traces + 1):
        count = random.choice([1, 2, 3, 5, 8, 12])
        for number in range(1, count + 1):
            start = random.choice([number, random.randint(0, 9), random.random() * 9, 1.0005, 1.0000001])
            lasts = random.choice([count, random.random(), random.randint(-1, 9), 1.0005, 0, 0.05, 0.0009])
            above = random.choice([number - 1, number - 1, 1, 1, random.randint(1, 12)])
            rows.append(
                span(
                    trace,
                    random.choice([number] * 9 + [random.randint(1, count)]),
                    random.choice([None, packed(trace)]) if number == 1 or random.random() < 0.05 else above,
                    start,
                    start + lasts,
                )
                | {name: random.choice(values) for name, values in VALUES.items()}
                | ({random.choice(["start_ns", "end_ns", "span_id"]): None} if random.random() < 0.03 else {})
                | ({random.choice(["start_ns", "end_ns"]): random.choice(ABSURD)} if random.random() < 0.03 else {})
            )
    return rows


ABSURD = (-1, -(2**63), 2**63 - 1, 2**62 - 1, 2**62, 0)
VALUES: dict[str, tuple[Any, ...]] = {
    "kind": (None, 0, 1, 2, 2, 2, 3, 3, 3, 4, 5, 77),
    "status": (None, 0, 0, 1, 2),
    "error_type": (None, None, "timeout"),
    "service": (None, "shop", "stock", "stock"),
    "host_name": (None, None, "a", "b"),
    "service_instance_id": (None, "", "i"),
    "name": (None, "GET /a/1", "SELECT"),
    "http_request_method": (None, "GET"),
    "http_route": (None, "/a/{id}"),
    "url_path": (None, "/a/1", "/a/2", "/b?x=1"),
    "url_query": (None, "?"),
    "db_system_name": (None, "sqlite"),
    "db_query_text": (None, "SELECT 1"),
    "db_query_parameters_hash": (None, "a", "b"),
    "db_response_returned_rows": (None, 0, 3, -5),
    "process_pid": (None, 7),
    "thread_cpu_ns": (None, 10),
    "attributes": (None, "{}", '{"http.response.body.size": 512}', '{"http.response.body.size": 1}'),
    "step": (None, 0, 1, 2, 3),
    "request": (None, 0, 9, -4),
    "phase": (None, 0, 1),
}


@pytest.mark.parametrize("seed", range(4))
def test_the_core_and_the_slow_way_agree(seed: int) -> None:
    random = Random(seed)
    made = hostile(random, 250)
    digest = digest_of(SUBJECT, evidence(made, random.choice([99, 977, 100_000])))
    slow = SlowDigest(SUBJECT, evidence(made))
    requests, visits = told(digest)
    assert len(requests) > 250  # some traces hold several
    assert requests == slow.requests
    assert visits == slow.visits
    assert digest.defects == slow.defects
    assert min(msgspec.structs.astuple(digest.defects)) > 0
    assert digest.spans == slow.spans
    assert digest.every == 1


def test_nothing_read_is_an_empty_digest() -> None:
    digest = digest_of(SUBJECT, MemoryEvidence({}))
    assert (len(digest.requests), len(digest.visits), len(digest.operations)) == (0, 0, 0)
    assert [step.label for step in digest.steps] == ["shop.list", "shop.detail"]
    assert digest.requests.trace_id.dtype == "V16"


def test_the_client_tells_when_a_request_was_sent() -> None:
    story = Story(seed=2)
    for request in story.requests(20, bytes=900):
        request.sql("SELECT 1", 0.001)
    subject, scene = story.made()
    requests = scene.digest.requests
    assert subject.client is not None
    assert (requests.sent_ns == subject.client.sent_ns).all()
    assert (requests.done_ns == subject.client.done_ns).all()
    assert (requests.bytes_out == 900).all()


def test_warm_up_is_read_and_not_measured() -> None:
    rows = [
        span(n, 1, packed(n), n, n + 1, kind=SERVER, phase=n % 2, step=1, request=n, name="root") for n in range(1, 9)
    ]
    digest = digest_of(SUBJECT, evidence(rows))
    assert digest.requests.measured.tolist() == [True, False] * 4
    assert digest.requests_of(0).tolist() == [0, 2, 4, 6]


def test_traces_that_are_not_ours_are_compared_by_how_they_begin() -> None:
    rows = [span(n, 1, None, n, n + 1, kind=CLIENT, http_request_method="GET", url_path=f"/a/{n}") for n in (1, 2)]
    rows += [span(n, 1, None, n, n + 1, kind=SERVER, http_request_method="GET", http_route="/b") for n in (3, 4)]
    digest = digest_of(SUBJECT, evidence(rows))
    assert [step.label for step in digest.steps[2:]] == ["shop.GET /a/{}", "shop.GET /b"]
    assert digest.requests.step.tolist() == [2, 2, 3, 3]


def test_progress_is_told_and_reaches_all_spans() -> None:
    seen: list[int] = []
    rows = [span(trace, number, None, number, 9) for trace in range(30) for number in range(1, 4)]
    digest_of(SUBJECT, evidence(rows, 10), seen.append)
    assert seen == sorted(seen)
    assert len(seen) > 5
    assert seen[-1] == 90


def test_of_too_many_visits_a_share_of_the_traces_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [span(trace, number, 1, number, 9) for trace in range(400) for number in range(1, 4)]
    whole = digest_of(SUBJECT, evidence(rows, 100))
    monkeypatch.setattr(reading, "MOST_VISITS", 150)
    digest = digest_of(SUBJECT, evidence(rows, 100))
    assert len(digest.visits) <= 150
    assert digest.every in (8, 16)
    assert digest.spans == int(digest.requests.spans.sum()) == 3 * len(digest.requests)
    kept = np.isin(whole.requests.trace_id, digest.requests.trace_id)
    assert kept.sum() == len(digest.requests) > 0
    assert (whole.visits.total_ns[kept[whole.visits.request]] == digest.visits.total_ns).all()


def test_names_without_end_end_in_one_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST", 50)
    rows = [span(trace, 1, None, 1, 2, name=f"job {trace}") for trace in range(200)]
    held = evidence(rows)
    digest = digest_of(SUBJECT, held)
    assert len(digest.operations) == 51
    assert digest.operations[-1].name == "(many others)"
    assert np.bincount(digest.requests.route)[-1] == 150
    found = segments_of(held, digest, np.arange(200, dtype=np.int32), lambda one: one.number == 50)
    assert len(found) == 150


def test_a_child_for_every_row_of_a_large_table_takes_linear_time() -> None:
    story = Story(seed=2)
    for request in story.requests(1):
        for row in range(30_000):
            request.sql("SELECT 1", 0.0001, parameters=row)
    digest = digest_of(story.subject, story.evidence())
    assert digest.visits.count.tolist() == [1, 30_000]
    assert digest.visits.parameters.tolist() == [0, 30_000]
    assert digest.visits.critical_ns.sum() == digest.requests.end_ns[0] - digest.requests.start_ns[0]


_PARTS = st.sampled_from(
    ["", "users", "42", "deadbeef", "DEADBEEF01", "a1b2c3d4e5", "<hash:/>", "<hash:x>", "?", "é", "x" * 130, "v1"]
) | st.text(max_size=12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(_PARTS, max_size=6).map("/".join), min_size=1, max_size=20))
def test_a_path_has_one_template_in_both_tongues(paths: list[str]) -> None:
    paths = [path.replace("\0", "") for path in paths]
    with duckdb.connect(":memory:") as connection:
        told = KEY_SQL[KEY.index("url_path")]
        rows = ", ".join("(?)" for _ in paths)
        sql = f"SELECT {told} FROM (SELECT 3 AS kind, NULL AS http_request_method, NULL AS http_route, * FROM "
        found = connection.execute(f"{sql} (VALUES {rows}) AS held(url_path))", paths).fetchall()
    assert [row[0] for row in found] == [templated(path) for path in paths]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("shop/views.py", "shop/views.py"),
        ("/srv/app/current/shop/views.py", "current/shop/views.py"),
        ("/views.py", "/views.py"),
        ("C:\\srv\\app\\shop\\views.py", "app/shop/views.py"),
        ("/opt/venv/lib/python3.12/site-packages/django/db/models.py", "django/db/models.py"),
        ("/app/node_modules/pg/node_modules/pg-pool/index.js", "pg-pool/index.js"),
        ("", ""),
    ],
)
def test_a_file_is_named_without_the_machine_it_lies_on(file: str, told: str) -> None:
    assert placed(file) == told
