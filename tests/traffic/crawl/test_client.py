"""The client sends what is safe, to the service alone, and takes no more than its bounds."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import loadstone.traffic.crawl
from loadstone.errors import SpecError
from loadstone.model.route import SAFE
from loadstone.traffic.crawl import AGENT, Client, Limits, Spent
from tests.hostile.server import HostileServer, Peer
from tests.throwaway import free_port
from tests.traffic.crawl.answering import Answer, Answered, answering

UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PURGE", "get", "Post", "")


@pytest.fixture
def server() -> Iterator[Answered]:
    with answering(lambda asked: Answer("a page")) as answered:
        yield answered


def client(url: str, **bounds: float) -> Client:
    """Without pauses, and quick to give up."""
    limits = Limits(pause_s=0.0, reply_s=bounds.pop("reply_s", 5.0), **bounds)  # type: ignore[arg-type]
    return Client(url, limits)


@pytest.mark.parametrize("method", UNSAFE)
def test_an_unsafe_method_never_leaves(server: Answered, method: str) -> None:
    with client(server.url) as asking, pytest.raises(SpecError, match="nobody said that it may be sent"):
        asking.send(method, "/items", json={"a": 1})
    assert server.asked == []


def test_safe_methods_leave_and_say_who_asks(server: Answered) -> None:
    with client(server.url) as asking:
        for method in SAFE:
            assert asking.send(method, "/items").status == 200
    assert [one.method for one in server.asked] == list(SAFE)
    assert {one.headers["user-agent"] for one in server.asked} == {AGENT}
    assert AGENT.startswith("loadstone/")


def test_an_unsafe_method_leaves_when_it_was_told(server: Answered) -> None:
    with client(server.url) as asking:
        asking.send("POST", "/login", form={"a": "b"}, told=True)
        with pytest.raises(SpecError):
            asking.send("POST", "/login", form={"a": "b"})
    with Client(server.url, allow_unsafe=True) as asking:
        asking.send("DELETE", "/items/1")
    assert [(one.method, one.body) for one in server.asked] == [("POST", b"a=b"), ("DELETE", b"")]


def test_one_place_sends() -> None:
    """Nothing else of the room knows how to send HTTP: the guard cannot be passed by."""
    folder = Path(loadstone.traffic.crawl.__file__).parent
    sending = {path.name for path in folder.rglob("*.py") if "httpx" in path.read_text().replace("of httpx", "")}
    assert sending == {"client.py"}
    source = (folder / "client.py").read_text()
    assert source.count("self._http.send(") == 1
    assert source.count("self._permit(") == 1


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "https://example.com/x", "items", "ftp://x/"])
def test_another_origin_is_not_asked(server: Answered, target: str) -> None:
    with client(server.url) as asking, pytest.raises(ValueError, match="is not an address of"):
        asking.get(target)
    assert server.asked == []


def test_it_follows_nothing_by_itself() -> None:
    with answering({"/": Answer("", 302, headers=(("location", "http://127.0.0.1:9/elsewhere"),))}) as server:
        with client(server.url) as asking:
            reply = asking.get("/")
        assert (reply.status, reply.location, len(server.asked)) == (302, "http://127.0.0.1:9/elsewhere", 1)


def test_proxies_and_credentials_of_the_environment_are_left_alone(
    server: Answered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with client(server.url) as asking:
        assert asking.get("/").status == 200
    assert "authorization" not in server.asked[0].headers


def test_requests_and_seconds_are_bounded(server: Answered) -> None:
    with client(server.url, requests=2) as asking:
        asking.get("/1")
        asking.get("/2")
        with pytest.raises(Spent):
            asking.get("/3")
        asking.renew()
        asking.get("/3")
    with client(server.url, seconds=0.0) as asking, pytest.raises(Spent):
        asking.get("/4")
    assert server.targets == ["/1", "/2", "/3"]


def test_a_body_is_cut_at_its_bound() -> None:
    with answering(lambda asked: Answer(b"x" * 500_000)) as server, client(server.url, reply_bytes=1_000) as asking:
        reply = asking.get("/")
        assert (len(reply.body), reply.cut) == (1_000, True)
        assert asking.get("/", most_bytes=1_000_000).cut is False


def _endless(peer: Peer) -> None:
    while peer.request():
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
        while True:
            peer.send(b"<p>more</p>" * 1_000)


def test_an_endless_body_is_cut() -> None:
    with HostileServer(_endless) as server, client(f"http://127.0.0.1:{server.port}", reply_bytes=50_000) as asking:
        reply = asking.get("/")
        assert (reply.status, len(reply.body), reply.cut) == (200, 50_000, True)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_not_unpacked(encoding: str) -> None:
    zeros = b"\0" * 50_000_000
    small = gzip.compress(zeros) if encoding == "gzip" else zlib.compress(zeros)
    assert len(small) < 1_048_576
    answer = Answer(small, headers=(("content-encoding", encoding),))
    with answering({"/": answer}) as server, client(server.url) as asking:
        reply = asking.get("/")
    assert (len(reply.body), reply.cut) == (1_048_576, True)


def test_a_packed_reply_that_nobody_asked_for_is_unpacked() -> None:
    packed = gzip.compress(b"<html>hello</html>")
    with answering(lambda asked: Answer(packed, headers=(("content-encoding", "gzip"),))) as server:
        with client(server.url) as asking:
            assert asking.get("/").body == b"<html>hello</html>"
        assert server.asked[0].headers["accept-encoding"] == "identity"


def _drips_head(peer: Peer) -> None:
    peer.request()
    for letter in b"HTTP/1.1 200 OK\r\n" + b"x-more: and more\r\n" * 10_000:
        peer.send(bytes([letter]))
        peer.pause(0.02)


def _drips_body(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        peer.send(b"x")
        peer.pause(0.02)


def _says_nothing(peer: Peer) -> None:
    peer.request()
    peer.wait_unread()


@pytest.mark.parametrize("behave", [_drips_head, _says_nothing])
def test_a_reply_that_does_not_come_is_given_up(behave: object) -> None:
    with HostileServer(behave) as server, client(f"http://127.0.0.1:{server.port}", reply_s=0.4) as asking:  # type: ignore[arg-type]
        reply = asking.get("/")
    assert (reply.status, reply.failure) == (0, "timeout")


def test_a_body_that_drips_is_cut_when_its_time_is_over() -> None:
    with HostileServer(_drips_body) as server, client(f"http://127.0.0.1:{server.port}", reply_s=0.4) as asking:
        reply = asking.get("/")
    assert (reply.status, reply.cut) == (200, True)
    assert 1 <= len(reply.body) < 1_000


def _truncates(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 1000\r\n\r\n<p>half")


def _talks_nonsense(peer: Peer) -> None:
    peer.request()
    peer.send(b"220 mail.example.com ESMTP\r\n\r\n")


@pytest.mark.parametrize(
    ("behave", "failure"),
    [
        (lambda peer: peer.request() and peer.reset(), "reset"),
        (lambda peer: peer.request() and None, "reset"),
        (_talks_nonsense, "protocol"),
    ],
)
def test_a_broken_connection_is_data(behave: object, failure: str) -> None:
    with HostileServer(behave) as server, client(f"http://127.0.0.1:{server.port}") as asking:  # type: ignore[arg-type]
        reply = asking.get("/")
    assert (reply.status, reply.failure) == (0, failure)
    assert reply.probe().problem is not None


def test_half_a_body_is_used_and_told() -> None:
    with HostileServer(_truncates) as server, client(f"http://127.0.0.1:{server.port}") as asking:
        reply = asking.get("/")
    assert (reply.status, reply.body, reply.cut) == (200, b"<p>half", True)


def test_nobody_there_is_data() -> None:
    with client(f"http://127.0.0.1:{free_port()}") as asking:
        assert asking.get("/").failure == "connect"
    with client("http://no-such-host.invalid") as asking:
        assert asking.get("/").failure == "dns"


def test_a_pause_lies_between_requests(server: Answered, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    with Client(server.url, Limits(pause_s=1.0)) as asking:
        asking.get("/1")
        asking.get("/2")
        asking.get("/3")
    assert len(waits) == 2
    assert all(0.5 < wait <= 1.0 for wait in waits)


@pytest.mark.parametrize(
    ("body", "media_type", "text"),
    [
        ("grün".encode("latin-1"), "text/html; charset=latin-1", "grün"),
        ("grün".encode(), "text/html", "grün"),
        (b"gr\xffn", "text/html; charset=utf-8", "gr\ufffdn"),
        (b"gr\xffn", "text/html; charset=no-such-thing", "gr\ufffdn"),
        ('<meta charset="latin-1">grün'.encode("latin-1"), "text/html", '<meta charset="latin-1">grün'),
    ],
)
def test_text_is_read_in_its_encoding(body: bytes, media_type: str, text: str) -> None:
    with answering(lambda asked: Answer(body, media_type=media_type)) as server, client(server.url) as asking:
        assert asking.get("/").text == text


@pytest.mark.parametrize(
    ("body", "media_type", "document"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "application/vnd.api+json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "text/plain", {"a": 1}),
        (b'{"a": 1', "application/json", None),
        (b"[" * 100_000, "application/json", None),
        (b"\xff\xfe", "application/json", None),
        (b"<html>", "application/json", None),
        (b'{"a": 1}', "text/html", None),
    ],
)
def test_json_is_what_reads_as_json(body: bytes, media_type: str, document: object) -> None:
    with answering(lambda asked: Answer(body, media_type=media_type)) as server, client(server.url) as asking:
        assert asking.get("/").json() == document
