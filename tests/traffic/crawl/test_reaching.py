"""The first look at a service, against what really stands there instead of it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from loadstone.traffic.crawl import Client, Limits, Reached, reach
from loadstone.traffic.crawl.greeting import greeting
from loadstone.traffic.crawl.obstacles.network import protocol_of
from tests.hostile.server import HostileServer, Peer
from tests.throwaway import free_port, mariadb, postgres, redis
from tests.traffic.crawl.answering import Answer, Asked, Pages, answering, certificate, page

QUICK = Limits(pause_s=0.0, reply_s=1.0)


def reached(url: str) -> Reached:
    with Client(limits=QUICK) as client:
        return reach(url, client)


def met(url: str) -> str:
    """The code of the one obstacle, which is fatal and says what to do."""
    found = reached(url)
    assert found.fatal is not None
    (obstacle,) = found.obstacles
    assert not obstacle.sentence[0].islower() and obstacle.sentence.endswith(".")
    assert obstacle.advice
    return obstacle.code


def through(pages: Pages) -> Reached:
    with answering(pages) as server:
        return reached(server.url)


def test_a_service_is_reached() -> None:
    with answering({"/": page()}) as server:
        found = reached(server.url)
        assert (found.final_url, found.entry, found.obstacles) == (server.url, "/", ())
        assert (found.probe.status, found.probe.media_type) == (200, "text/html")


def test_a_url_with_a_path_and_redirects_end_at_the_page() -> None:
    pages = {
        "/app": Answer("", 301, headers=(("location", "/app/"),)),
        "/app/": Answer("", 302, headers=(("location", "home?x=1"),)),
        "/app/home": page(),
    }
    with answering(pages) as server:
        found = reached(f"{server.url}/app")
        assert (found.final_url, found.entry, found.obstacles) == (server.url, "/app/home?x=1", ())


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "", "/x"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError, match="a service's URL is written"):
        reached(url)


def test_nobody_is_there() -> None:
    assert met(f"http://127.0.0.1:{free_port()}") == "not-up"


def test_the_name_is_not_known() -> None:
    assert met("http://no-such-service.invalid") == "name-unknown"


def _silent(peer: Peer) -> None:
    peer.request()
    peer.wait_unread()


def test_nothing_comes() -> None:
    with HostileServer(_silent) as server:
        assert met(f"http://127.0.0.1:{server.port}") == "timeout"


@pytest.mark.optional(reason="Redis's server program is not installed everywhere")
def test_redis_is_no_service() -> None:
    with redis() as port:
        found = reached(f"http://127.0.0.1:{port}")
    assert found.fatal is not None
    assert found.fatal.sentence == f"Redis answers at 127.0.0.1:{port}, not a web service."


@pytest.mark.optional(reason="PostgreSQL's server programs are not installed everywhere")
def test_postgresql_is_no_service() -> None:
    port = free_port()
    with postgres(options=f"-c listen_addresses=127.0.0.1 -c port={port}"):
        found = reached(f"http://127.0.0.1:{port}")
    assert found.fatal is not None
    assert found.fatal.sentence == f"PostgreSQL answers at 127.0.0.1:{port}, not a web service."


@pytest.mark.optional(reason="MariaDB's server programs are not installed everywhere")
def test_mariadb_is_no_service() -> None:
    with mariadb() as server:
        found = reached(f"http://127.0.0.1:{server.port}")
    assert found.fatal is not None
    assert found.fatal.sentence == f"MySQL answers at 127.0.0.1:{server.port}, not a web service."


def _ssh(peer: Peer) -> None:
    peer.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    peer.wait_for_end()


def _amqp(peer: Peer) -> None:
    peer.request()
    peer.send(b"AMQP\x00\x00\x09\x01")


@pytest.mark.parametrize(("behave", "name"), [(_ssh, "SSH"), (_amqp, "AMQP (RabbitMQ)")])
def test_other_protocols_are_named(behave: Callable[[Peer], None], name: str) -> None:
    with HostileServer(behave) as server:
        found = reached(f"http://127.0.0.1:{server.port}")
    assert found.fatal is not None
    assert found.fatal.code == "other-protocol"
    assert name in found.fatal.sentence


def test_grpc_is_no_web_service() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        found = reached(f"http://127.0.0.1:{port}")
    finally:
        server.stop(None)
    assert found.fatal is not None
    assert found.fatal.sentence == f"HTTP/2 without TLS (gRPC) answers at 127.0.0.1:{port}, not HTTP/1.1."


def _falls_over(peer: Peer) -> None:
    peer.request()


def test_one_that_falls_over_each_request_is_told() -> None:
    with HostileServer(_falls_over) as server:
        assert met(f"http://127.0.0.1:{server.port}") == "no-http"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (b"SSH-2.0-x", "SSH"),
        (b"\x16\x03\x03\x00", "TLS"),
        (b"\x15\x03\x01\x00\x02", "TLS"),
        (b"N", "PostgreSQL"),
        (b"S", "PostgreSQL"),
        (b"-ERR unknown command", "Redis"),
        (b"-NOAUTH Authentication required.", "Redis"),
        (b"J\x00\x00\x00\x0a8.0.36\x00", "MySQL"),
        (b"ERROR\r\n", "memcached"),
        (b"220 mail ESMTP\r\n", "SMTP or FTP"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "HTTP/2 without TLS (gRPC)"),
        (b"HTTP/1.1 200 OK\r\n", None),
        (b"", None),
        (b"Northern lights", None),
    ],
)
def test_greetings(words: bytes, name: str | None) -> None:
    assert protocol_of(words) == name


def test_nobody_to_greet() -> None:
    assert greeting("127.0.0.1", free_port()) == b""


def test_plain_http_at_a_port_of_tls_goes_on_by_itself_here(tmp_path: Path) -> None:
    with answering({"/": page()}, certificate(tmp_path)) as server:
        found = reached(server.url.replace("https:", "http:"))
        assert found.fatal is None
        assert [one.code for one in found.obstacles] == ["speaks-tls", "certificate-unknown"]
        assert (found.final_url, found.tls.verify, found.probe.status) == (server.url, False, 200)


def test_tls_at_a_port_of_plain_http_goes_on_by_itself_here() -> None:
    with answering({"/": page()}) as server:
        found = reached(server.url.replace("http:", "https:"))
        assert found.fatal is None
        assert [one.code for one in found.obstacles] == ["not-tls"]
        assert found.final_url == server.url


@pytest.mark.parametrize(
    ("name", "expired", "code"),
    [
        ("IP:127.0.0.1", False, "certificate-unknown"),
        ("IP:127.0.0.1", True, "certificate-expired"),
    ],
)
def test_a_certificate_that_does_not_hold_is_told(tmp_path: Path, name: str, expired: bool, code: str) -> None:
    with answering({"/": page()}, certificate(tmp_path, name, expired=expired)) as server:
        found = reached(server.url)
        assert [one.code for one in found.obstacles] in ([code], ["certificate-unknown"])
        assert found.fatal is None and not found.tls.verify
        assert "[tls]" in found.obstacles[0].advice


def test_a_redirect_to_a_login_page_is_told() -> None:
    found = through(
        {"/": Answer("", 302, headers=(("location", "/accounts/login/?next=/"),)), "/accounts/login/": page()}
    )
    assert found.fatal is None
    assert [one.code for one in found.obstacles] == ["login-page"]
    assert found.entry == "/accounts/login/?next=/"


def test_a_redirect_to_another_host_ends_it() -> None:
    found = through({"/": Answer("", 301, headers=(("location", "https://www.shop.example/"),))})
    assert found.fatal is not None
    assert found.fatal.code == "other-host"
    assert "www.shop.example" in found.fatal.sentence


def test_a_redirect_to_https_is_followed(tmp_path: Path) -> None:
    with answering({"/": page()}, certificate(tmp_path)) as secure:
        pages = {"/": Answer("", 301, headers=(("location", f"{secure.url}/"),))}
        with answering(pages) as server:
            found = reached(server.url)
        assert [one.code for one in found.obstacles] == ["to-https", "certificate-unknown"]
        assert (found.final_url, found.fatal) == (secure.url, None)


def test_a_circle_of_redirects_ends_it() -> None:
    found = through(
        {"/": Answer("", 302, headers=(("location", "/a"),)), "/a": Answer("", 302, headers=(("location", "/"),))}
    )
    assert found.fatal is not None
    assert found.fatal.code == "redirect-loop"
    found = through(lambda one: Answer("", 302, headers=(("location", one.target + "x"),)))
    assert found.fatal is not None
    assert found.fatal.code == "redirect-loop"


DISALLOWED = (
    "<title>DisallowedHost at /</title> Invalid HTTP_HOST header: '127.0.0.1:8000'. You may need to add '127.0.0.1'"
)


def test_a_host_that_is_refused_is_asked_by_its_other_name() -> None:
    def hosts(one: Asked) -> Answer:
        return page() if one.headers["host"].startswith("localhost:") else Answer(DISALLOWED, 400)

    with answering(hosts) as server:
        found = reached(server.url)
        assert found.fatal is None
        assert [one.code for one in found.obstacles] == ["host-refused"]
        assert found.final_url == server.url.replace("127.0.0.1", "localhost")
    found = through(lambda one: Answer("<h1>Bad Request (400)</h1>", 400))
    assert found.fatal is not None
    assert "ALLOWED_HOSTS" in found.fatal.advice


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (Answer("", 401, headers=(("www-authenticate", "Basic realm=x"),)), "login-needed", "Basic"),
        (Answer("no", 403), "forbidden", "403"),
        (Answer("", 429, headers=(("retry-after", "30"),)), "rate-limited", "try again in 30 s"),
        (Answer("<center>nginx/1.22.1</center>", 502), "gateway", "Nginx"),
        (Answer("upstream connect error or disconnect/reset before headers", 503), "gateway", "Envoy"),
        (Answer("x", 504, headers=(("server", "cloudflare"),)), "gateway", "Cloudflare"),
        (
            Answer("<title>Just a moment...</title>", 403, headers=(("cf-mitigated", "challenge"),)),
            "challenge",
            "robots",
        ),
        (Answer("Traceback", 500), "failing", "500"),
        (Answer("", 503), "failing", "503"),
    ],
)
def test_a_refusal_is_told(answer: Answer, code: str, words: str) -> None:
    found = through({"/": answer})
    assert [one.code for one in found.obstacles] == [code]
    assert words in found.obstacles[0].sentence


@pytest.mark.parametrize("answer", [Answer("", 404), Answer("{}", 200, "application/json"), Answer("", 204)])
def test_what_is_none(answer: Answer) -> None:
    assert through({"/": answer}).obstacles == ()


def test_missing_cors_is_no_obstacle() -> None:
    """CORS stops browsers of other sites; a generator of load is none."""

    def service(one: Asked) -> Answer:
        return Answer("", 403) if one.method == "OPTIONS" or "origin" in one.headers else page()

    assert through(service).obstacles == ()


@pytest.mark.optional(reason="nginx is not installed everywhere")
def test_nginx_before_a_service_that_is_down(tmp_path: Path) -> None:
    with _nginx(tmp_path, "location / { proxy_pass http://127.0.0.1:9; }") as url:
        found = reached(url)
    assert [one.code for one in found.obstacles] == ["gateway"]
    assert "Nginx answers at" in found.obstacles[0].sentence


@pytest.mark.optional(reason="nginx is not installed everywhere")
def test_nginx_asked_in_plain_http_at_its_port_of_tls(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with _nginx(
        tmp_path, "location / { return 200 ok; }", f"ssl_certificate {pem}; ssl_certificate_key {pem};", "ssl"
    ) as url:
        found = reached(url)
        assert [one.code for one in found.obstacles] == ["speaks-tls", "certificate-unknown"]
        assert found.final_url == url.replace("http:", "https:")


@contextmanager
def _nginx(folder: Path, location: str, more: str = "", listen: str = "") -> Iterator[str]:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("nginx is not installed; on Debian: apt-get install nginx-light")
    port = free_port()
    paths = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port} {listen}; {more} {location} }} }}\n"
    )
    process = subprocess.Popen(
        [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.DEVNULL
    )
    up = threading.Event()
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert process.poll() is None, (folder / "error.log").read_text()
            up.wait(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
