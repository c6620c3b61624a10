"""check and run say what stands in the way: real servers, the native engine, one sentence and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from loadstone.cli import main
from loadstone.model.run import Summary
from tests.hostile.server import HostileServer, Peer
from tests.throwaway import free_port, redis
from tests.traffic.crawl.answering import Answer, Pages, answering, certificate, page

SPEC = """
[service]
url = "{url}"
[[journey]]
name = "visit"
[[journey.step]]
name = "page"
get = "/items"
{more}
[shape.short]
rate = "50/s"
duration = "200ms"
"""


class Told(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Told]


@pytest.fixture
def loadstone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``loadstone(verb, url, more)`` with a spec of one step."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOADSTONE_ARCHIVE", str(tmp_path / "archive"))

    def run(verb: str, url: str, more: str = "check.status = 200") -> Told:
        (tmp_path / "loadstone.toml").write_text(SPEC.format(url=url, more=more))
        words = {"check": ["check"], "run": ["run", "--quiet", "--no-report", "--json"]}[verb]
        with pytest.raises(SystemExit) as leaving:
            main(words)
        captured = capsys.readouterr()
        assert isinstance(leaving.value.code, int)
        return Told(leaving.value.code, captured.out, captured.err)

    return run


def both(loadstone: Command, url: str, more: str, code: str, sentence: str, advice: str) -> Summary:
    """check tells it on stderr, once; run as a caveat of its summary, once."""
    checked = loadstone("check", url, more)
    assert checked.err.count(sentence) == 1, checked.err
    assert advice in checked.err
    summary = msgspec.json.decode(loadstone("run", url, more).out, type=Summary)
    (told,) = [caveat for caveat in summary.caveats if caveat.code == code]
    assert sentence in told.message
    assert advice in told.advice
    return summary


def test_nobody_listens(loadstone: Command) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    summary = both(loadstone, url, "", "not-up", "Nothing listens at 127.0.0.1:", "start = ")
    assert summary.validity == "invalid"
    assert loadstone("check", url).code == loadstone("run", url).code == 4


@pytest.mark.optional(reason="Redis's server program is not installed everywhere")
def test_redis_listens(loadstone: Command) -> None:
    with redis() as port:
        url = f"http://127.0.0.1:{port}"
        sentence = f"Redis answers at 127.0.0.1:{port}, not a web service."
        summary = both(loadstone, url, "", "other-protocol", sentence, "Give the port of the service itself")
        assert summary.validity == "invalid"
        assert loadstone("check", url).code == loadstone("run", url).code == 4


def _falls_over(peer: Peer) -> None:
    peer.request()


def test_a_service_that_falls_over_each_request_is_data(loadstone: Command) -> None:
    with HostileServer(_falls_over) as server:
        url = f"http://127.0.0.1:{server.port}"
        summary = both(loadstone, url, "", "no-http", "gave no HTTP reply", "the service's log")
        assert [caveat.level for caveat in summary.caveats if caveat.code == "no-http"] == ["note"]
        assert loadstone("check", url).code == 4


@pytest.mark.parametrize("secure", [True, False])
def test_tls_and_plain_http_are_told_apart(loadstone: Command, tmp_path: Path, secure: bool) -> None:
    with answering({"/items": page()}, certificate(tmp_path) if secure else None) as server:
        wrong = server.url.replace("https:", "http:") if secure else server.url.replace("http:", "https:")
        code, sentence = ("speaks-tls", "speaks TLS, and was asked") if secure else ("not-tls", "does not speak TLS.")
        summary = both(loadstone, wrong, "", code, sentence, f"in the URL: {server.url}")
        assert summary.validity == "invalid"


@pytest.mark.parametrize(
    ("name", "expired", "trusted", "code"),
    [
        ("IP:127.0.0.1", False, False, "certificate-unknown"),
        ("IP:127.0.0.1", True, True, "certificate-expired"),
        ("DNS:other.example", False, True, "certificate-name"),
    ],
)
def test_certificates(loadstone: Command, tmp_path: Path, name: str, expired: bool, trusted: bool, code: str) -> None:
    pem = certificate(tmp_path, name, expired=expired)
    more = f'check.status = 200\n[tls]\nca_file = "{tmp_path / "cert.pem"}"' if trusted else ""
    with answering({"/items": page()}, pem) as server:
        summary = both(loadstone, server.url, more, code, "The certificate of 127.0.0.1", "[tls]")
        assert summary.validity == "invalid"
        assert loadstone("check", server.url, more).code == 4
        if code == "certificate-unknown":
            good = loadstone("check", server.url, f'[tls]\nca_file = "{tmp_path / "cert.pem"}"')
            assert good.code == 0 and "certificate" not in good.err


@pytest.mark.parametrize(
    ("answer", "more", "code", "sentence", "advice"),
    [
        (Answer("", 401), "", "login-needed", "GET /items asks for a login (401", "LOADSTONE_USER"),
        (Answer("", 403), "", "forbidden", "GET /items is forbidden (403)", "LOADSTONE_USER"),
        (Answer("", 429), "", "rate-limited", "The service limits the rate", "while you measure"),
        (Answer("", 500), "", "failing", "GET /items fails inside the service (500)", "log"),
        (Answer("", 502), "", "gateway", "cannot reach the service behind it (502)", "Start the service behind"),
        (Answer("<!doctype html><p>"), 'extract.id = "$.id"', "html-for-json", "where JSON was expected", "accept"),
    ],
)
def test_replies(loadstone: Command, answer: Answer, more: str, code: str, sentence: str, advice: str) -> None:
    with answering({"/items": answer}) as server:
        both(loadstone, server.url, more, code, sentence, advice)


def one(loadstone: Command, pages: Pages, more: str = "check.status = 200") -> Told:
    with answering(pages) as server:
        return loadstone("check", server.url, more)


def test_check_sees_more_of_a_reply_than_a_run(loadstone: Command) -> None:
    to_login = Answer("", 302, headers=(("location", "/login"),))
    told = one(loadstone, {"/items": to_login}, "")
    assert told.code == 0, "the spec accepts it"
    assert "/items leads to the login page /login: nobody is logged in." in told.err
    assert "is for another" not in told.err
    told = one(loadstone, {"/items": Answer("", 401, headers=(("www-authenticate", "Bearer"),))})
    assert 'bearer = "{env.LOADSTONE_TOKEN}" in [auth]' in told.err
    told = one(loadstone, {"/items": Answer("Invalid host header", 400)})
    assert "refuses the Host header 127.0.0.1:" in told.err
    told = one(loadstone, {"/items": Answer("", 301, headers=(("location", "https://127.0.0.1/items"),))}, "")
    assert "sends everybody on to HTTPS" in told.err
    told = one(loadstone, {"/items": Answer("", 301, headers=(("location", "http://www.shop.example/"),))}, "")
    assert "another host, www.shop.example" in told.err
    told = one(loadstone, {"/items": Answer("{}", 200, headers=(("x-ratelimit-limit", "100"),))})
    assert told.code == 0
    assert "tells of a rate limit (x-ratelimit-limit: 100)" in told.err
    told = one(loadstone, {})
    assert "knows none of the paths that it was asked for (404)" in told.err


def test_a_redirect_that_was_not_meant_is_told_of_a_run(loadstone: Command) -> None:
    with answering({"/items": Answer("", 302, headers=(("location", "/login"),))}) as server:
        summary = msgspec.json.decode(loadstone("run", server.url).out, type=Summary)
    assert "redirected" in [caveat.code for caveat in summary.caveats]


@pytest.mark.parametrize(("status", "allowed"), [(404, "404"), (429, "[200, 429]"), (401, "401"), (503, "503")])
def test_what_was_asked_for_is_no_obstacle(loadstone: Command, status: int, allowed: str) -> None:
    with answering({"/items": Answer("", status)}) as server:
        more = f"check.status = {allowed}"
        checked = loadstone("check", server.url, more)
        assert checked.code == 0
        assert [line for line in checked.err.splitlines() if line.startswith("    ")] == []
        summary = msgspec.json.decode(loadstone("run", server.url, more).out, type=Summary)
    known = {"login-needed", "rate-limited", "failing", "gateway", "not-found", "forbidden"}
    assert not known & {caveat.code for caveat in summary.caveats}


def test_a_few_failures_are_data_not_an_obstacle(loadstone: Command) -> None:
    with answering(lambda asked: Answer("", 500 if len(server.asked) % 5 == 0 else 200)) as server:
        summary = msgspec.json.decode(loadstone("run", server.url).out, type=Summary)
    assert "failing" not in [caveat.code for caveat in summary.caveats]
