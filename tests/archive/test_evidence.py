"""Evidence in the archive: what is written comes back, each span once, sorted, numbered, whatever the batches were."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.archive import Archive, EvidenceWriter, RunEvidence, RunWriter, evidence_run, span_parts
from loadstone.archive.evidence_reader import COUNTS
from loadstone.archive.query import query
from loadstone.model.evidence import TABLES, Columns, Counts, Missing
from tests.archive.made import manifest
from tests.evidence import columns, packed, span, trace_id

SERVER, CLIENT = 2, 3


def written(directory: Path, *batches: Columns, nonce: int = 7) -> tuple[Counts, RunEvidence]:
    writer = EvidenceWriter(directory)
    writer.add({"spans": batches}, {})
    return writer.finish(nonce), RunEvidence(directory)


def read(evidence: RunEvidence, table: str = "spans", **how: str) -> list[dict[str, Any]]:
    names = list(TABLES[table])
    rows: list[dict[str, Any]] = []
    for batch in evidence.rows(table, names, **how):
        values = [column.tolist() for column in batch.values()]
        rows += [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
    return rows


def whole(row: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(TABLES["spans"]) | row


def test_every_column_comes_back_as_it_was(tmp_path: Path) -> None:
    full = whole(
        span(1, 2, None, 0, 1, service_instance_id="i", host_name="h", process_pid=7, thread_cpu_ns=5, scope="x")
    )
    full |= {"http_request_method": "GET", "http_route": "/p/{id}", "url_path": "/p/17", "url_query": "a=#1"}
    full |= {"http_response_status_code": 200, "db_system_name": "sqlite", "db_query_text": "SELECT ?"}
    full |= {"db_query_parameters_hash": "ab", "db_response_returned_rows": 3, "server_address": "127.0.0.1"}
    full |= {"code_file_path": "a.py", "code_line_number": 9, "code_function_name": "f", "error_type": "E"}
    full |= {"thread_id": 1 << 40, "attributes": '{"a": "é\\u0000"}', "events": "[]", "links": "[]"}
    bare = whole({"trace_id": trace_id(2), "span_id": b"\1" * 8, "start_ns": 5, "end_ns": 4})
    _, evidence = written(tmp_path, columns("spans", [bare]), columns("spans", [full]))
    assert read(evidence) == [full, bare]


def test_columns_that_a_batch_leaves_out_are_null(tmp_path: Path) -> None:
    ids = np.array([trace_id(1)], dtype=object)
    first: Columns = {"trace_id": ids, "start_ns": np.array([1])}
    second: Columns = {"trace_id": ids, "start_ns": np.array([2]), "name": np.array(["b"], dtype=object)}
    third: Columns = {"trace_id": ids, "kind": np.array([2], np.int8)}
    _, evidence = written(tmp_path, first, second, third)
    rows = [(row["start_ns"], row["name"], row["kind"], row["span_id"]) for row in read(evidence)]
    assert rows == [(1, None, None, None), (2, "b", None, None), (None, None, 2, None)]


def test_numbers_that_come_in_several_ways_are_one_column(tmp_path: Path) -> None:
    ids = np.array([trace_id(1)] * 2, dtype=object)
    pids = [np.ma.MaskedArray([7, 8], [False, True]), np.array([9, 10], np.int32), np.array([11, None], object)]
    starts = [np.array([first, first + 1]) for first in (0, 2, 4)]
    batches: list[Columns] = [
        {"trace_id": ids, "start_ns": start, "process_pid": pid} for start, pid in zip(starts, pids, strict=True)
    ]
    _, evidence = written(tmp_path, *batches)
    assert [row["process_pid"] for row in read(evidence)] == [7, None, 9, 10, 11, None]


def test_our_own_traces_learn_their_phase_step_and_request(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(
        msgspec.json.encode(
            {"journeys": [{"ops": [{"op": "request"}, {"op": "think"}]}], "shape": {"phases": [{}, {}]}}
        )
    )
    rows = [
        span(1, 10, packed(3, step=1, phase=1), 0, 1, kind=SERVER),
        span(1, 11, 10, 0.1, 0.2),
        span(2, 20, 99, 0, 1),  # an orphan comes first
        span(2, 21, packed(4), 0.1, 1, kind=SERVER),
        span(3, 30, packed(5, step=2), 0, 1, kind=SERVER),  # the plan has no such step
        span(4, 40, packed(6), 0, 1, kind=SERVER) | {"trace_id": trace_id(4, nonce=8)},
        span(5, 50, None, 0, 1, kind=SERVER, phase=1, step=1, request=9),  # what a collector says is not believed
    ]
    counts, evidence = written(tmp_path, columns("spans", rows))
    told = {row["span_id"][-1]: (row["phase"], row["step"], row["request"]) for row in read(evidence)}
    nothing = (None, None, None)
    assert told == {10: (1, 1, 3), 11: (1, 1, 3), 20: (0, 1, 4), 21: (0, 1, 4)} | dict.fromkeys((30, 40, 50), nothing)
    assert (counts.traces, counts.own_traces) == (5, 2)


def test_a_span_that_comes_twice_is_kept_once_and_counted(tmp_path: Path) -> None:
    rows = [
        span(1, 10, None, 0, 1, name="short"),
        span(1, 10, None, 0, 3, name="long"),
        span(1, 10, None, 0, 2, name="middle"),
        span(1, 11, 10, 0, 1, name="first"),
        span(1, 11, 10, 0, 1, name="second"),
        span(2, 10, None, 0, 1, name="another trace"),
    ]
    counts, evidence = written(tmp_path, *(columns("spans", [row]) for row in rows))
    assert [row["name"] for row in read(evidence)] == ["long", "second", "another trace"]
    assert (counts.duplicates, counts.rows) == (3, {"spans": 3})


def test_client_and_server_that_share_an_id_both_stay(tmp_path: Path) -> None:
    rows = [span(1, 10, None, 0, 1, kind=CLIENT), span(1, 10, None, 0.1, 0.9, kind=SERVER)]
    counts, evidence = written(tmp_path, columns("spans", rows))
    assert [row["kind"] for row in read(evidence)] == [CLIENT, SERVER]
    assert counts.duplicates == 0


_SPANS = st.lists(
    st.builds(
        span,
        trace=st.integers(0, 6),
        number=st.integers(1, 12),
        parent=st.none() | st.integers(1, 12) | st.integers(1, 9).map(packed),
        start_s=st.integers(0, 4),
        end_s=st.integers(0, 4),
        kind=st.integers(1, 3),
        name=st.text(st.characters(codec="utf-8"), max_size=4) | st.none(),
    ),
    max_size=40,
)


@settings(max_examples=20)
@given(rows=_SPANS, size=st.integers(1, 12))
def test_parts_and_staging_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], size: int
) -> None:
    """Held in memory or staged, in one part or in many: the same spans, a trace whole in one part."""
    batches = [columns("spans", rows[place : place + size]) for place in range(0, len(rows), size)]
    one, many = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("many")
    counts, evidence = written(one, *batches)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loadstone.archive.staging.HOLD", 10)
        patch.setattr(span_parts, "PART_SPANS", 8)
        counted, parted = written(many, *batches)
    expected = read(evidence)
    assert expected == sorted(expected, key=_by_trace)
    assert (
        len({(row["trace_id"], row["span_id"], row["kind"]) for row in rows})
        == len(expected)
        == counts.rows.get("spans", 0)
    )
    assert sorted(read(parted), key=_exactly) == sorted(expected, key=_exactly)
    assert counted == counts
    found: dict[bytes, set[Path]] = {}
    for part in (many / "evidence").glob("spans-*.parquet"):
        for row in _in_file(part):
            found.setdefault(row, set()).add(part)
    assert all(len(parts) == 1 for parts in found.values())


def _by_trace(row: dict[str, Any]) -> tuple[bytes, int]:
    return row["trace_id"], row["start_ns"]


def _exactly(row: dict[str, Any]) -> tuple[bytes, int, str]:
    return *_by_trace(row), repr(row)


def _in_file(path: Path) -> list[bytes]:
    import duckdb

    return [row[0] for row in duckdb.connect().execute(f"SELECT trace_id FROM '{path}'").fetchall()]


def test_batches_are_bounded_and_where_and_order_are_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.archive.evidence_reader.BATCH", 7)
    rows = [span(number // 5, number + 1, None, number, number + 1) for number in range(40)]
    _, evidence = written(tmp_path, columns("spans", rows))
    for order in ("", "start_ns DESC"):
        batches = list(evidence.rows("spans", ["span_id"], order=order))
        numbers = [span_id[-1] for batch in batches for span_id in batch["span_id"]]
        assert max(len(batch["span_id"]) for batch in batches) == 7
        assert numbers == (list(range(40, 0, -1)) if order else list(range(1, 41)))
    some = list(evidence.rows("spans", ["name"], where="end_ns - start_ns > 0 AND span_id = unhex('0000000000000005')"))
    assert [batch["name"].tolist() for batch in some] == [["span 5"]]
    with pytest.raises(KeyError):
        list(evidence.rows("spans", ["nothing"]))


def test_texts_and_numbers_that_no_column_holds_are_mended_and_counted(tmp_path: Path) -> None:
    batch: Columns = {
        "trace_id": np.array([trace_id(1), trace_id(2)], dtype=object),
        "name": np.array(["a\ud800", "fine"], dtype=object),
        "start_ns": np.array([1 << 63, 5], np.uint64),
    }
    counts, evidence = written(tmp_path, batch)
    assert [(row["name"], row["start_ns"]) for row in read(evidence)] == [("a?", None), ("fine", 5)]
    assert counts.repaired == 2


def test_ids_of_a_wrong_length_are_filled_up(tmp_path: Path) -> None:
    row = span(1, 1, None, 0, 1) | {"trace_id": b"\5\6", "span_id": b"\0\7", "parent_id": b""}
    _, evidence = written(tmp_path, columns("spans", [row]))
    told = read(evidence)[0]
    assert (told["trace_id"], told["span_id"], told["parent_id"]) == (
        b"\5\6".rjust(16, b"\0"),
        b"\7".rjust(8, b"\0"),
        None,
    )


def test_other_tables_and_documents(tmp_path: Path) -> None:
    writer = EvidenceWriter(tmp_path)
    waits = [{"at_ns": 9, "kind": "gc", "trace_id": trace_id(1), "span_id": b"\2" * 8}, {"at_ns": 3, "kind": "gc"}]
    host = columns("host", [{"at_ns": 1, "scope": "host", "metric": "cpu", "value": 0.5}])
    writer.add({"waits": iter([columns("waits", waits[:1]), columns("waits", waits[1:])]), "host": [host]}, {})
    writer.add({"host": [host]}, {"plans.json": b"[1]", "receiver.json": b'{"a": 1}'})
    writer.add({}, {"plans.json": b"[2]", "missing.json": b'[{"kind": "traces", "reason": "none came"}]'})
    counts = writer.finish(7)
    evidence = RunEvidence(tmp_path)
    assert counts.rows == {"waits": 2, "host": 2}
    assert evidence.counts() == counts
    told = [(row["at_ns"], row["kind"], row["trace_id"], row["span_id"]) for row in read(evidence, "waits")]
    assert told == [(3, "gc", None, None), (9, "gc", trace_id(1), b"\2" * 8)]
    assert [row["value"] for row in read(evidence, "host")] == [0.5, 0.5]
    assert msgspec.json.decode(evidence.text("plans.json") or b"") == [1, 2]
    assert evidence.missing() == (Missing("traces", "none came"),)
    assert evidence.coverage() == ()
    assert read(evidence, "stacks") == []


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "x" * 200])
def test_a_document_stays_in_its_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no plain file name"):
        EvidenceWriter(tmp_path).add({}, {name: b""})
    with pytest.raises(ValueError, match="no plain file name"):
        EvidenceWriter(tmp_path).spool(name)


def test_wrong_batches_are_refused(tmp_path: Path) -> None:
    writer = EvidenceWriter(tmp_path)
    with pytest.raises(ValueError, match="no table spams"):
        writer.add({"spams": []}, {})
    with pytest.raises(ValueError, match="unknown columns"):
        writer.add({"host": [{"nothing": np.zeros(1)}]}, {})
    with pytest.raises(ValueError, match="columns of"):
        writer.add({"host": [{"at_ns": np.zeros(1), "value": np.zeros(2)}]}, {})


def test_the_spool_is_private_and_goes_at_the_end(tmp_path: Path) -> None:
    writer = EvidenceWriter(tmp_path)
    spool = writer.spool("traces")
    (spool / "raw").write_bytes(b"secret")
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    assert stat.S_IMODE(spool.parent.stat().st_mode) == 0o700
    writer.finish(None)
    assert [path.name for path in (tmp_path / "evidence").iterdir()] == [COUNTS]


def test_what_was_staged_can_be_read_after_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.archive.staging.HOLD", 2)
    writer = EvidenceWriter(tmp_path)
    writer.add({"spans": [columns("spans", [span(4 - number, number, 9, 0, 1)]) for number in (1, 2, 3)]}, {})
    told = read(RunEvidence(tmp_path))  # the writer is gone; the third was in memory
    assert [(row["span_id"][-1], row["parent_id"][-1], row["name"]) for row in told] == [
        (2, 9, "span 2"),
        (1, 9, "span 1"),
    ]


def test_sql_sees_the_evidence_of_every_run(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    runs = []
    for number in range(3):
        run = RunWriter(archive, manifest(1_795_521_600_000_000_000 + number * 10**9))
        if number:
            evidence = EvidenceWriter(run.directory)
            evidence.add({"spans": [columns("spans", [span(1, place, None, 0, 1) for place in range(1, 3)])]}, {})
            evidence.finish(7)
        run.close(status="complete")
        runs.append(run.run)
    told = query(archive, "SELECT run, count(*), max(hex(trace_id)) FROM spans GROUP BY run ORDER BY run")
    assert told.rows == tuple((run, 2, trace_id(1).hex().upper()) for run in runs[1:])
    for table in ("stacks", "statements", "waits", "host"):
        assert query(archive, f"SELECT * FROM {table}").columns[0] == "run"
        assert query(archive, f"SELECT * FROM {table}").rows == ()


def test_a_bare_run_leads_to_its_observed_partner(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    bare = RunWriter(archive, manifest())
    observed = RunWriter(archive, manifest(1_795_521_660_000_000_000, experiment=bare.run, side="observed"))
    EvidenceWriter(observed.directory).finish(7)
    assert archive.run(observed.run).evidence() is None  # it is still going
    observed.close(status="complete")
    bare.close(status="complete", observed=observed.run)
    assert archive.resolve("last").id == bare.run
    assert archive.run(bare.run).evidence() is None
    assert evidence_run(archive, archive.run(bare.run)).id == observed.run
    assert evidence_run(archive, archive.run(observed.run)).evidence() is not None
