"""Servers that take their time: a timeout counts at its limit, exactly, and nothing waits for ever."""

from __future__ import annotations

import socket

import pytest

from loadstone.drive.engine import native
from tests.hostile.load import MS, Load, drive, plan_for
from tests.hostile.server import Behaviour, HostileServer, Peer

pytestmark = pytest.mark.timeout(60)

LIMIT_NS = 120 * MS


def timed_out(load: Load, count: int = 20) -> None:
    """Every request ran into its limit and counts there."""
    assert load.results == load.errors == {"timeout": count}
    for cell in load.cells:
        assert cell.service.min_ns == cell.service.max_ns == LIMIT_NS


def hang(peer: Peer) -> None:
    peer.request()
    peer.wait_for_end()


def hang_in_the_head(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n")
    peer.wait_for_end()


def hang_in_the_body(peer: Peer) -> None:
    """A length that promises more than there is."""
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nnot a hundred bytes")
    peer.wait_for_end()


def hang_in_a_chunk(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nhello")
    peer.wait_for_end()


def hang_before_the_end_of_chunks(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
    peer.wait_for_end()


def hang_after_an_interim_reply(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    peer.wait_for_end()


def dribble_for_ever(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        peer.send(b".")
        peer.pause(0.005)


@pytest.mark.parametrize(
    "behave",
    [
        hang,
        hang_in_the_head,
        hang_in_the_body,
        hang_in_a_chunk,
        hang_before_the_end_of_chunks,
        hang_after_an_interim_reply,
        dribble_for_ever,
    ],
)
def test_what_does_not_end_times_out_at_its_limit(behave: Behaviour) -> None:
    with HostileServer(behave) as server:
        load = drive(plan_for(server.port, timeout_ns=LIMIT_NS))
    timed_out(load)
    assert server.requests == server.connections == 20, "a connection that owes a reply is not used again"


def test_an_endless_body_times_out_at_its_limit() -> None:
    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.send(bytes(65_536))

    with HostileServer(behave) as server:
        load = drive(plan_for(server.port, requests=3, timeout_ns=LIMIT_NS))
    timed_out(load, 3)
    assert sum(cell.bytes_in for cell in load.cells) > 3 * 65_536


def test_a_dribbled_reply_is_read_to_its_end() -> None:
    reply = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nt: u\r\n\r\n"

    def behave(peer: Peer) -> None:
        while peer.request():
            for byte in reply:
                peer.send(bytes([byte]))

    check = {"status": [[200, 200]], "contains": ["hello"], "regex": [], "json": []}
    with HostileServer(behave) as server:
        load = drive(plan_for(server.port, check=check))
    assert load.results == {"200": 20}
    assert sum(cell.bytes_in for cell in load.cells) == 20 * len(reply)
    assert server.requests == 20


def test_a_server_that_never_reads_times_out() -> None:
    body = {"parts": [{"text": "x" * 16_000_000}], "content_type": None}
    with HostileServer(Peer.wait_unread) as server:
        load = drive(plan_for(server.port, requests=3, method="POST", body=body, timeout_ns=LIMIT_NS))
    timed_out(load, 3)
    assert server.connections == 3


def test_a_refusal_before_the_body_was_read() -> None:
    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        peer.half_close()
        peer.wait_for_end()

    body = {"parts": [{"text": "x" * 8_000_000}], "content_type": None}
    with HostileServer(behave) as server:
        load = drive(plan_for(server.port, requests=5, method="POST", body=body))
    assert load.results == load.errors == {"413": 5}
    assert server.requests == 5


def test_nobody_accepts() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        load = drive(plan_for(listener.getsockname()[1], timeout_ns=LIMIT_NS))
    timed_out(load)


def test_too_few_connections_wait_and_then_time_out() -> None:
    limits = {"cores": 1, "connections": 2, "journeys": 1000, "head_bytes": 262_144, "body_bytes": 1000}
    with HostileServer(hang) as server:
        load = drive(plan_for(server.port, timeout_ns=LIMIT_NS, limits=limits))
    assert load.errors.total() + load.dropped == 20
    assert set(load.errors) == {"timeout"}
    assert server.requests == server.connections == load.opened


def test_a_second_stop_ends_at_once() -> None:
    with HostileServer(hang) as server:
        engine = native(plan_for(server.port, requests=6_000, timeout_ns=3_600_000 * MS))
        engine.start()
        while server.requests < 3:
            engine.poll(0.05)
        engine.stop()
        assert not engine.finished(), "what is in flight is awaited"
        engine.stop(now=True)
        while not engine.finished():
            engine.poll(0.05)
    assert server.requests >= 3
