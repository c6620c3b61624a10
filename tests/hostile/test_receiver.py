"""The receiver among bad clients: it keeps serving, holds bounded memory, and its counts add up."""

from __future__ import annotations

import gzip
import os
import random
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loadstone.gather.otlp.collector import _lost
from loadstone.gather.otlp.decoding import Spooled
from loadstone.gather.otlp.intake import Counts
from loadstone.gather.otlp.report import ReceiverReport
from loadstone.gather.otlp.spool import HEADER
from loadstone.gather.otlp.supervisor import Ended, Receiver
from loadstone.model.redaction import Redaction
from tests.gather.otlp.bodies import PROTOBUF_TYPE, Reply, post, request_of

MB = 1024 * 1024
GZIP = PROTOBUF_TYPE | {"content-encoding": "gzip"}
HEAD = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n"
GOOD = request_of(3).SerializeToString()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    started = Receiver(tmp_path, options=("--body-bytes", str(8 * MB), "--in-flight-bytes", str(32 * MB)))
    yield started
    started.end()


def finish(receiver: Receiver) -> tuple[Ended, ReceiverReport, Counts]:
    """End it; every request must have ended in one count, and what was taken must be in the spool, whole."""
    ended = receiver.end()
    report = ended.report
    assert report is not None
    counts = report.counts
    assert ended.killed_by is None
    assert counts.requests == counts.taken + counts.metrics + counts.logs + sum(counts.refused.values())
    assert frames(ended) == counts.taken
    spooled = Spooled(ended.spool, Redaction("0" * 32))
    rows = sum(len(batch["span_id"]) for batch in spooled)
    assert spooled.counts.broken == 0
    assert rows + spooled.counts.rejected == counts.spans, "the check counts otherwise than the decoder"
    assert report.rss_bytes < 250 * MB
    return ended, report, counts


def frames(ended: Ended) -> int:
    count = 0
    for path in ended.spool:
        data, at = path.read_bytes(), 0
        while at < len(data):
            at += HEADER.size + HEADER.unpack_from(data, at)[0]
            count += 1
        assert at == len(data)
    return count


def still_serves(receiver: Receiver) -> bool:
    return post(receiver.port, GOOD).status == 200


def raw(port: int, data: bytes, *, close_first: bool = False) -> bytes:
    """Send bytes as they are; what came back until the other side closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(data)
            if close_first:
                return b""
            connection.shutdown(socket.SHUT_WR)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)
        except OSError:
            return b""


def test_garbage_in_bodies_and_instead_of_http(receiver: Receiver) -> None:
    random.seed(4)
    sent = 0
    for size in (0, 1, 2, 10, 1000, 100_000):
        for kind in ("application/x-protobuf", "application/json"):
            post(receiver.port, random.randbytes(size), {"content-type": kind})
            post(receiver.port, random.randbytes(size), {"content-type": kind, "content-encoding": "gzip"})
            sent += 2
        raw(receiver.port, random.randbytes(size))
        raw(receiver.port, b"POST /v1/traces HTTP/1.1\r\n" + random.randbytes(size))
    raw(receiver.port, b"POST /v1/traces HTTP/1.1\r\nx: " + b"a" * 200_000)
    for reply in (b"[" * 100_000, b'{"resourceSpans":' * 10_000, b'{"resourceSpans": 7}', b"\xff\xfe", b"null"):
        assert post(receiver.port, reply, {"content-type": "application/json"}).status == 400
        sent += 1
    for body in (GOOD[:-1], GOOD[:10], b"\x0a\xff\xff\xff\xff\x7f"):
        assert post(receiver.port, body).status == 400
        sent += 1
    assert still_serves(receiver)
    _, _, counts = finish(receiver)
    assert counts.requests == sent + 1
    assert counts.refused["garbage"] >= 8


def test_cycles_absurd_times_and_wrong_ids_are_evidence_too(receiver: Receiver) -> None:
    """What is odd about a span is for the decoder and the audit to say; the receiver loses none of it."""
    request = request_of(6)
    first, second, third, fourth, fifth, sixth = request.resource_spans[0].scope_spans[0].spans
    first.parent_span_id, second.parent_span_id = second.span_id, first.span_id
    third.parent_span_id = third.span_id
    fourth.start_time_unix_nano, fourth.end_time_unix_nano = 2**64 - 1, 0
    fifth.start_time_unix_nano = fifth.end_time_unix_nano = 0
    sixth.attributes.add(key="x" * 70_000).value.string_value = "\0" * 70_000
    assert post(receiver.port, request.SerializeToString()).status == 200
    _, _, counts = finish(receiver)
    assert counts.spans == 6


def test_bodies_that_end_too_early(receiver: Receiver) -> None:
    head = HEAD
    raw(receiver.port, head + b"content-length: 1000\r\n\r\n" + GOOD[:50], close_first=True)
    raw(receiver.port, head + b"transfer-encoding: chunked\r\n\r\n40\r\n" + GOOD[:20], close_first=True)
    raw(receiver.port, head + b"content-length: 99999999999999999999999\r\n\r\n")
    raw(receiver.port, head + b"content-length: -1\r\n\r\n")
    raw(receiver.port, head + b"content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef")
    assert still_serves(receiver)
    _, _, counts = finish(receiver)
    assert counts.taken == 1
    assert counts.refused.get("cut_off", 0) >= 2


def test_a_gigabyte_that_is_announced_is_never_read(receiver: Receiver) -> None:
    head = HEAD + b"content-length: 1073741824\r\n\r\n"
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as connection:
        connection.sendall(head)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    _, _, counts = finish(receiver)
    assert counts.refused == {"too_large": 1}


def test_a_gigabyte_that_is_sent_is_cut_off(receiver: Receiver) -> None:
    """An attribute of a gigabyte, chunked, so that nothing announces it."""
    head = HEAD + b"transfer-encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"a" * MB + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as connection:
        connection.sendall(head)
        try:
            while sent < 1024:
                connection.sendall(chunk)
                sent += 1
        except OSError:
            pass
    assert sent < 64, "the receiver went on reading"
    assert still_serves(receiver)
    _, _, counts = finish(receiver)
    assert counts.refused == {"too_large": 1}


def test_bombs(receiver: Receiver) -> None:
    bomb = gzip.compress(bytes(100 * MB), 1)
    nested = gzip.compress(bomb)
    with ThreadPoolExecutor(8) as pool:
        replies: list[Reply] = list(pool.map(lambda _: post(receiver.port, bomb, GZIP), range(8)))
    assert {reply.status for reply in replies} == {413}
    assert post(receiver.port, nested, GZIP).status == 400
    assert post(receiver.port, gzip.compress(b"") * 100_000, GZIP).status == 400
    assert still_serves(receiver)
    finish(receiver)


def test_a_flood_is_served_or_told_to_come_again(receiver: Receiver) -> None:
    large = request_of(1, attribute="x" * (6 * MB)).SerializeToString()
    bodies = [GOOD, large, b"\xff" * 100, GOOD] * 16

    def deliver(body: bytes) -> list[int]:
        statuses = []
        for _ in range(100):
            statuses.append(post(receiver.port, body).status)
            if statuses[-1] != 429:
                break
        return statuses

    with ThreadPoolExecutor(32) as pool:
        told = list(pool.map(deliver, bodies))
    assert all(set(statuses) <= {200, 400, 429} for statuses in told)
    assert [statuses[-1] for statuses in told].count(200) == 48
    _, report, counts = finish(receiver)
    assert counts.taken == 48
    assert counts.refused["garbage"] == 16
    assert counts.refused.get("busy", 0) == sum(statuses.count(429) for statuses in told)
    assert report.spool_bytes > 16 * 6 * MB


def test_slow_clients_hold_nobody_up(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, options=("--body-s", "0.5", "--head-s", "0.5"))
    head = HEAD
    silent = [socket.create_connection(("127.0.0.1", receiver.port), timeout=30) for _ in range(100)]
    heads = [socket.create_connection(("127.0.0.1", receiver.port), timeout=30) for _ in range(100)]
    slow = [socket.create_connection(("127.0.0.1", receiver.port), timeout=30) for _ in range(100)]
    for one in heads:
        one.sendall(head)
    for one in slow:
        one.sendall(head + b"content-length: 1000\r\n\r\n" + b"a")
    assert still_serves(receiver)
    # Each is closed from the other side: with an answer where there was a request, without one where there was none.
    answers = [one.recv(65536) for one in slow]
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    for one in (*silent, *heads):
        try:
            assert one.recv(1) == b""
        except ConnectionResetError:
            continue
    for one in (*silent, *heads, *slow):
        one.close()
    assert still_serves(receiver)
    _, report, counts = finish(receiver)
    assert counts.refused == {"slow": 100}
    assert report.slow_heads == 200


def test_hundreds_of_connections_that_say_nothing(receiver: Receiver) -> None:
    held: list[socket.socket] = []
    try:
        held += [socket.create_connection(("127.0.0.1", receiver.port), timeout=30) for _ in range(600)]
        assert still_serves(receiver)
    finally:
        for one in held:
            one.close()
    finish(receiver)


def test_the_disk_bound_loses_nothing_silently(tmp_path: Path) -> None:
    body = request_of(10).SerializeToString()
    room = 20
    receiver = Receiver(tmp_path, options=("--spool-bytes", str(room * (HEADER.size + len(body)))))
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: post(receiver.port, body).status, range(50)))
    assert statuses.count(200) == room
    assert statuses.count(503) == 50 - room
    ended, _, counts = finish(receiver)
    assert (counts.spans, counts.refused) == (200, {"full": 30})
    (told,) = _lost(ended)
    assert told.reason == "the trace receiver refused 30 requests: full"
    assert "free the disk" in told.advice


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="a limit on another process needs prlimit")
def test_a_disk_that_is_full_is_told_and_survived(tmp_path: Path) -> None:
    import resource

    receiver = Receiver(tmp_path)
    assert still_serves(receiver)
    resource.prlimit(receiver.pid, resource.RLIMIT_FSIZE, (HEADER.size + len(GOOD) + 40, -1))  # as if it were full
    answer = post(receiver.port, GOOD)
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    resource.prlimit(receiver.pid, resource.RLIMIT_FSIZE, (-1, -1))
    assert still_serves(receiver)
    _, _, counts = finish(receiver)
    assert (counts.taken, counts.refused) == (2, {"full": 1})


def test_killed_in_the_middle_its_spool_is_read_up_to_the_torn_frame(receiver: Receiver, tmp_path: Path) -> None:
    body = request_of(50, attribute="x" * 2000).SerializeToString()
    taken, stop = [0] * 4, threading.Event()

    def client(place: int) -> None:
        while not stop.is_set():
            try:
                taken[place] += post(receiver.port, body).status == 200
            except OSError:
                return

    threads = [threading.Thread(target=client, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    while sum(taken) < 20:
        stop.wait(0.01)
    os.kill(receiver.pid, signal.SIGKILL)
    for thread in threads:
        thread.join(30)
    stop.set()
    (path,) = tmp_path.glob("*.spool")
    with path.open("ab") as file:
        file.write(HEADER.pack(5000, 0, 0, 1) + b"torn")
    ended = receiver.end()
    assert ended.killed_by == "SIGKILL"
    assert ended.torn_bytes >= HEADER.size + 4
    assert frames(ended) >= sum(taken), "an answered request was lost"
    assert ended.report is not None
    assert ended.report.status == "running"
    (told,) = _lost(ended)
    assert "ended with SIGKILL before it was told to; the last" in told.reason
    assert "later spans are lost" in told.reason
