"""Connections that break: each request is recorded once, as what it was, and the server saw as many as were sent."""

from __future__ import annotations

import socket

import pytest

from tests.hostile.load import MS, closed, drive, plan_for
from tests.hostile.server import Behaviour, HostileServer, Peer

pytestmark = pytest.mark.timeout(60)

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BEGUN = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart"


def reset_after_the_request(peer: Peer) -> None:
    if peer.request():
        peer.reset()


def reset_in_the_head(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-le")
    peer.reset()


def reset_in_the_body(peer: Peer) -> None:
    peer.request()
    peer.send(BEGUN)
    peer.reset()


def close_without_a_reply(peer: Peer) -> None:
    peer.request()


def close_in_the_head(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n")


def close_in_the_body(peer: Peer) -> None:
    peer.request()
    peer.send(BEGUN)


def close_in_a_chunk(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel")


def close_before_the_last_chunk(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")


def close_after_interim_replies(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 3)


def half_close_without_a_reply(peer: Peer) -> None:
    peer.request()
    peer.half_close()
    peer.wait_for_end()


@pytest.mark.parametrize(
    "behave",
    [
        reset_after_the_request,
        reset_in_the_head,
        reset_in_the_body,
        close_without_a_reply,
        close_in_the_head,
        close_in_the_body,
        close_in_a_chunk,
        close_before_the_last_chunk,
        close_after_interim_replies,
        half_close_without_a_reply,
    ],
)
def test_a_reply_that_breaks_off_is_a_reset(behave: Behaviour) -> None:
    with HostileServer(behave) as server:
        load = drive(plan_for(server.port))
    assert load.results == load.errors == {"reset": 20}
    assert (load.offered, load.sent) == (20, 20)
    assert server.requests == server.connections == load.opened == 20
    assert all(load.messages())


def test_a_reset_before_the_request_is_an_error_each_time() -> None:
    with HostileServer(Peer.reset) as server:
        load = drive(plan_for(server.port))
    # The RST may reach the client before it has noticed that the connection stood.
    assert set(load.errors) <= {"reset", "connect"}
    assert load.errors.total() == load.sent == server.connections == 20


def test_an_immediate_close_is_a_reset() -> None:
    with HostileServer(lambda peer: None) as server:
        load = drive(plan_for(server.port))
    assert set(load.errors) <= {"reset", "connect"}
    assert load.errors.total() == load.sent == server.connections == 20


def test_a_refused_connection_is_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    load = drive(plan_for(port))
    assert load.results == load.errors == {"connect": 20}
    assert (load.opened, load.failed) == (0, 20)
    assert any("refused" in message for message in load.messages())


def test_a_refusing_server_meets_no_storm() -> None:
    """Closed users whose connections are refused rest before they try again."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    load = drive(plan_for(port, shape=closed(4, 500 * MS)))
    assert set(load.results) == {"connect"}
    assert 4 <= load.sent <= 40


def test_a_reply_before_a_half_close_counts() -> None:
    def behave(peer: Peer) -> None:
        if peer.request():
            peer.send(OK)
            peer.half_close()
            peer.wait_for_end()

    with HostileServer(behave) as server:
        load = drive(plan_for(server.port))
    # A connection whose end arrives while it lies idle is not used again; one that is in use already breaks.
    assert set(load.results) <= {"200", "reset"}
    assert load.results["200"] == server.requests
    assert load.sent == 20


def test_a_close_that_was_announced_breaks_nothing() -> None:
    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")

    with HostileServer(behave) as server:
        load = drive(plan_for(server.port))
    assert load.results == {"200": 20}
    assert server.requests == server.connections == load.opened == 20


def test_a_body_may_end_with_the_connection() -> None:
    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    with HostileServer(behave) as server:
        load = drive(plan_for(server.port, check={"status": None, "contains": ["all of it"], "regex": [], "json": []}))
    assert load.results == {"200": 20}
    assert load.errors == {}


def every_other_breaks(peer: Peer) -> None:
    while number := peer.request():
        if number % 2:
            peer.reset()
            return
        peer.send(OK)


@pytest.mark.parametrize("cores", [1, 2])
def test_failures_among_successes_are_counted_one_by_one(cores: int) -> None:
    limits = {"cores": cores, "connections": 100, "journeys": 100, "head_bytes": 262_144, "body_bytes": 1000}
    with HostileServer(every_other_breaks) as server:
        load = drive(plan_for(server.port, shape=closed(8, 300 * MS), limits=limits))
    assert server.requests == load.sent > 20
    assert load.results == {"reset": (server.requests + 1) // 2, "200": server.requests // 2}
    assert load.opened == server.connections


def test_a_healthy_server_needs_one_connection_a_user() -> None:
    def behave(peer: Peer) -> None:
        while peer.request():
            peer.send(OK)

    with HostileServer(behave) as server:
        load = drive(plan_for(server.port, shape=closed(5, 200 * MS)))
    assert set(load.results) == {"200"}
    assert load.sent == server.requests
    assert load.opened == server.connections == 5
