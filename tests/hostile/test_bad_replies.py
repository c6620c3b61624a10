"""Replies that are no HTTP, or not the HTTP that was asked for."""

from __future__ import annotations

import pytest

from tests.hostile.load import MS, drive, plan_for
from tests.hostile.server import Behaviour, HostileServer, Peer

pytestmark = pytest.mark.timeout(60)

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def replying(reply: bytes) -> Behaviour:
    """Answer each request with these bytes, in one piece, and keep the connection."""

    def behave(peer: Peer) -> None:
        while peer.request():
            peer.send(reply)

    return behave


def flooding(part: bytes, first: bytes = b"") -> Behaviour:
    """Answer the first request and never end."""

    def behave(peer: Peer) -> None:
        if peer.request():
            peer.send(first)
            while True:
                peer.send(part)

    return behave


BROKEN = {
    "garbage": bytes(range(256)),
    "an answer in TLS": b"\x15\x03\x01\x00\x02\x02\x46",
    "another protocol": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "an HTML page": b"<!doctype html>\n<html></html>\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 99 Odd\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 Odd\r\n\r\n",
    "an unknown version": b"HTTP/3.7 200 OK\r\ncontent-length: 0\r\n\r\n",
    "a field without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\ncontent-length: 0\r\n\r\n",
    "a field without a name": b"HTTP/1.1 200 OK\r\n: nonsense\r\ncontent-length: 0\r\n\r\n",
    "a length that is no number": b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok",
    "an empty length": b"HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\nok",
    "a length beyond 64 bits": b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nok",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
    "a chunk's size that is no number": CHUNKED + b"xyz\r\nok\r\n0\r\n\r\n",
    "a negative chunk": CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
    "a chunk's size beyond 64 bits": CHUNKED + b"fffffffffffffffff\r\nok",
    "a chunk longer than its size": CHUNKED + b"2\r\nokay\r\n0\r\n\r\n",
    "no size at all": CHUNKED + b"\r\nok\r\n0\r\n\r\n",
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_reply_is_protocol(reply: bytes) -> None:
    with HostileServer(replying(reply)) as server:
        load = drive(plan_for(server.port))
    assert load.results == load.errors == {"protocol": 20}
    assert server.requests == server.connections == 20, "a connection that spoke nonsense is not used again"
    assert all(load.messages())


FLOODS = {
    "interim replies": (b"HTTP/1.1 100 Continue\r\n\r\n" * 100, b""),
    "one field": (b"x" * 65_536, b"HTTP/1.1 200 OK\r\nx: "),
    "many fields": (b"x: y\r\n" * 1_000, b"HTTP/1.1 200 OK\r\n"),
    "a status line": (b"x" * 65_536, b"HTTP/1.1 200 "),
    "trailers": (b"x: y\r\n" * 1_000, CHUNKED + b"0\r\n"),
    "chunk extensions": (b";x=y" * 1_000, CHUNKED + b"2"),
    "empty lines": (b"\r\n" * 10_000, b""),
}


@pytest.mark.parametrize(("part", "first"), FLOODS.values(), ids=FLOODS.keys())
def test_an_endless_head_is_protocol(part: bytes, first: bytes) -> None:
    with HostileServer(flooding(part, first)) as server:
        load = drive(plan_for(server.port, requests=5))
    assert load.results == load.errors == {"protocol": 5}
    assert server.requests == 5
    for cell in load.cells:
        assert cell.bytes_in <= cell.count * (262_144 + 65_536 + 65_536), "reading stops at the limit"


def test_a_head_just_below_the_limit_is_read() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: " + b"x" * 262_000 + b"\r\n\r\nok"
    with HostileServer(replying(head)) as server:
        load = drive(plan_for(server.port, requests=5))
    assert load.results == {"200": 5}
    assert sum(cell.bytes_in for cell in load.cells) == 5 * len(head)


def test_a_few_interim_replies_are_passed_over() -> None:
    reply = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 5 + b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    with HostileServer(replying(reply)) as server:
        load = drive(plan_for(server.port, check={"status": [[200, 200]], "contains": ["ok"], "regex": [], "json": []}))
    assert load.results == {"200": 20}
    assert server.connections < 20, "the connections are used again"


LEFTOVER = {
    "more than its length": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokay then",
    "a second reply": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok" * 2,
    "a body after the last chunk": CHUNKED + b"2\r\nok\r\n0\r\n\r\nmore",
    "a body with 204": b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok",
    "a body with 304": b"HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\nok",
    "both a length and chunks": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\ntransfer-encoding: chunked\r\n\r\n"
    b"2\r\nok\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("reply", LEFTOVER.values(), ids=LEFTOVER.keys())
def test_what_is_left_over_does_not_become_the_next_reply(reply: bytes) -> None:
    with HostileServer(replying(reply)) as server:
        load = drive(plan_for(server.port))
    assert load.results == {reply[9:12].decode(): 20}
    assert load.errors == {}
    assert server.requests == server.connections == load.opened == 20


def test_a_body_for_head_is_not_read_as_one() -> None:
    with HostileServer(replying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")) as server:
        load = drive(plan_for(server.port, method="HEAD"))
    assert load.results == {"200": 20}
    assert server.connections == 20


def test_a_body_that_is_read_has_a_limit() -> None:
    check = {"status": None, "contains": ["never"], "regex": [], "json": []}
    with HostileServer(flooding(b"x" * 65_536, b"HTTP/1.1 200 OK\r\n\r\n")) as server:
        load = drive(plan_for(server.port, requests=3, check=check))
    assert load.results == load.errors == {"protocol": 3}


def test_statuses_are_told_apart() -> None:
    def behave(peer: Peer) -> None:
        while number := peer.request():
            status = (200, 404, 500, 599, 302)[number % 5]
            peer.send(b"HTTP/1.1 %d Word\r\ncontent-length: 0\r\n\r\n" % status)

    with HostileServer(behave) as server:
        load = drive(plan_for(server.port))
    assert load.results == {"200": 4, "404": 4, "500": 4, "599": 4, "302": 4}
    assert load.errors == {"404": 4, "500": 4, "599": 4}
    assert server.requests == 20


def test_plain_http_where_tls_was_expected_is_tls() -> None:
    def behave(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        peer.wait_for_end()

    with HostileServer(behave) as server:
        load = drive(plan_for(server.port, scheme="https"))
    assert load.results == load.errors == {"tls": 20}
    assert (load.opened, load.failed, server.connections) == (0, 20, 20)


def test_silence_where_tls_was_expected_is_a_timeout() -> None:
    with HostileServer(Peer.wait_for_end) as server:
        load = drive(plan_for(server.port, scheme="https", timeout_ns=100 * MS))
    assert load.results == load.errors == {"timeout": 20}
