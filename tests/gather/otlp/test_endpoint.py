"""Every answer of the endpoint, and that each request is counted exactly once."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from loadstone.gather.otlp.intake import Intake, inflated
from loadstone.gather.otlp.spool import HEADER, JSON, PROTOBUF, files
from tests.gather.otlp.asking import ask, intake


@pytest.fixture
def taking(tmp_path: Path) -> Intake:
    return intake(tmp_path)


def spooled(directory: Path) -> list[tuple[int, bytes]]:
    data, at, found = files(directory)[0].read_bytes(), 0, []
    while at < len(data):
        length, kind, _, _ = HEADER.unpack_from(data, at)
        at += HEADER.size + length
        found.append((kind, data[at - length : at]))
    return found


def balanced(taking: Intake) -> bool:
    counts = taking.counts
    return counts.requests == counts.taken + counts.metrics + counts.logs + sum(counts.refused.values())


def test_protobuf_is_taken_and_answered_in_protobuf(taking: Intake, tmp_path: Path) -> None:
    answer = ask(taking, [b"spans", b" 3"])
    assert answer.status == 200
    assert answer.body == b""
    assert answer.headers == {"content-type": "application/x-protobuf", "content-length": "0"}
    assert spooled(tmp_path) == [(PROTOBUF, b"spans 3")]
    assert (taking.counts.taken, taking.counts.spans) == (1, 3)


def test_json_is_taken_and_answered_in_json(taking: Intake, tmp_path: Path) -> None:
    answer = ask(taking, [b"spans 2"], kind="application/json; charset=utf-8")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"{}", "application/json")
    assert spooled(tmp_path) == [(JSON, b"spans 2")]


def test_gzip_is_spooled_decompressed(taking: Intake, tmp_path: Path) -> None:
    assert ask(taking, [gzip.compress(b"spans 9")], content_encoding="gzip").status == 200
    assert spooled(tmp_path) == [(PROTOBUF, b"spans 9")]


def test_late_spans_are_taken_and_counted(taking: Intake) -> None:
    ask(taking, [b"spans 1"])
    taking.late = True
    assert ask(taking, [b"spans 4"]).status == 200
    counts = taking.counts
    assert (counts.taken, counts.spans, counts.late, counts.late_spans) == (2, 5, 1, 4)


@pytest.mark.parametrize("kind", ["application/x-protobuf", "application/json"])
def test_garbage_is_told_in_the_encoding_of_the_request(taking: Intake, kind: str) -> None:
    answer = ask(taking, [b"\x00\xff"], kind=kind)
    assert answer.status == 400
    if kind == "application/json":
        assert json.loads(answer.body) == {"code": 3, "message": "these are no spans"}
    else:
        assert Status.FromString(answer.body).message == "these are no spans"
    assert taking.counts.refused == {"garbage": 1}


@pytest.mark.parametrize("body", [b"spans 1", gzip.compress(b"spans 1")[:-3], b"", b"\x1f\x8b"])
def test_what_is_not_gzip_is_garbage(taking: Intake, body: bytes) -> None:
    answer = ask(taking, [body], content_encoding="gzip")
    assert answer.status == 400
    assert "gzip" in Status.FromString(answer.body).message


@pytest.mark.parametrize(
    ("answered", "status", "reason"),
    [
        ({"path": "/"}, 404, "not_found"),
        ({"path": "/v1/traces/"}, 404, "not_found"),
        ({"method": "GET"}, 405, "unsupported"),
        ({"kind": "text/plain"}, 415, "unsupported"),
        ({"kind": ""}, 415, "unsupported"),
        ({"content_encoding": "zstd"}, 415, "unsupported"),
    ],
)
def test_what_is_not_asked_for_is_refused(taking: Intake, answered: dict[str, str], status: int, reason: str) -> None:
    answer = ask(taking, [b"spans 1"], **answered)
    assert answer.status == status
    assert taking.counts.refused == {reason: 1}
    assert answer.headers["connection"] == "close"
    if status == 405:
        assert answer.headers["allow"] == "POST"


def test_a_body_that_announces_too_much_is_refused_unread(tmp_path: Path) -> None:
    taking = intake(tmp_path, body_bytes=100)
    answer = ask(taking, [b"x" * 10], content_length="101")
    assert (answer.status, taking.counts.refused) == (413, {"too_large": 1})
    assert answer.headers["connection"] == "close"


def test_a_chunked_body_is_refused_once_it_is_too_long(tmp_path: Path) -> None:
    taking = intake(tmp_path, body_bytes=100)
    assert ask(taking, [b"x" * 60, b"x" * 60, b"x" * 60]).status == 413
    assert taking.room(taking.limits.in_flight_bytes)


def test_a_bomb_is_refused_without_being_held(tmp_path: Path) -> None:
    taking = intake(tmp_path, body_bytes=100_000)
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    assert ask(taking, [bomb], content_encoding="gzip").status == 413


def test_too_many_bytes_in_flight_are_to_come_again(tmp_path: Path) -> None:
    taking = intake(tmp_path, in_flight_bytes=10)
    announced = ask(taking, [b"spans 1"], content_length="11")
    chunked = ask(taking, [b"spans", b" 1    ", b" "])
    assert (announced.status, chunked.status) == (429, 429)
    assert announced.headers["retry-after"] == "1"
    assert taking.room(10), "what was refused is in flight no more"
    assert ask(taking, [b"spans 1"]).status == 200


def test_a_full_spool_is_to_come_again_and_the_endpoint_goes_on(tmp_path: Path) -> None:
    taking = intake(tmp_path, spool_bytes=HEADER.size + 7)
    assert ask(taking, [b"spans 1"]).status == 200
    answer = ask(taking, [b"spans 2"])
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    assert ask(taking, [b"xx"]).status == 400
    assert (taking.counts.spans, taking.counts.refused) == (1, {"full": 1, "garbage": 1})


def test_a_slow_body_is_given_up(tmp_path: Path) -> None:
    taking = intake(tmp_path, body_s=0.05)
    answer = ask(taking, [b"..."])
    assert (answer.status, taking.counts.refused) == (408, {"slow": 1})
    assert taking.room(taking.limits.in_flight_bytes)


def test_a_client_that_goes_away_is_counted(taking: Intake) -> None:
    assert ask(taking, [b"spans", None]).status == 0
    assert taking.counts.refused == {"cut_off": 1}
    assert taking.room(taking.limits.in_flight_bytes)


@pytest.mark.parametrize(("path", "name"), [("/v1/metrics", "metrics"), ("/v1/logs", "logs")])
def test_other_signals_are_answered_so_that_exporters_stay_quiet(taking: Intake, path: str, name: str) -> None:
    answer = ask(taking, [b"anything"], path=path, kind="application/json")
    assert answer.status == 200
    assert f"{name} are read and dropped" in json.loads(answer.body)["partialSuccess"]["errorMessage"]
    assert getattr(taking.counts, name) == 1


def test_a_fault_of_the_check_is_counted_too(taking: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes, kind: int) -> tuple[int, str | None]:
        raise RecursionError

    monkeypatch.setattr(taking, "_check", broken)
    assert ask(taking, [b"spans 1"]).status == 500
    assert taking.counts.refused == {"failed": 1}
    assert balanced(taking)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["/v1/traces", "/v1/metrics", "/", "/v1/logs"]),
            st.sampled_from(["POST", "GET"]),
            st.sampled_from(["application/json", "application/x-protobuf", "image/png"]),
            st.sampled_from(["gzip", "identity", "br"]),
            st.lists(st.sampled_from([b"spans 1", b"x", gzip.compress(b"spans 5"), None]), min_size=1, max_size=3),
        ),
        max_size=8,
    )
)
def test_every_request_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, requests: list[tuple[str, str, str, str, list[bytes | None]]]
) -> None:
    taking = intake(tmp_path_factory.mktemp("spool"), body_bytes=200, spool_bytes=60)
    for path, method, kind, encoding, parts in requests:
        ask(taking, parts, path=path, method=method, kind=kind, content_encoding=encoding)
    assert balanced(taking)
    assert taking.counts.requests == len(requests)
    assert taking.room(taking.limits.in_flight_bytes)


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5), st.integers(0, 3000))
def test_gzip_of_several_members_up_to_a_bound(members: list[bytes], most: int) -> None:
    whole = b"".join(members)
    expected = whole if len(whole) <= most else None
    assert inflated(b"".join(gzip.compress(member) for member in members), most) == expected


@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_keep_the_decompressor(body: bytes, cut: int) -> None:
    for given_body in (body, gzip.compress(body)[:cut], gzip.compress(body)[:cut] + body):
        try:
            inflated(given_body, 1000)
        except (zlib.error, EOFError):
            continue


def test_a_million_empty_members_are_not_worked_through() -> None:
    with pytest.raises(zlib.error, match="more than 64 gzip members"):
        inflated(gzip.compress(b"") * 1_000_000, 1 << 20)
