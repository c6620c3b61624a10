"""The hooks of HTTP clients: each request that the server counts is one span, and its traceparent names that span."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.gather.recorder.scenario import Recorded, Span, run_both


class Server(ThreadingHTTPServer):
    """Remembers what it was asked: the path, and the traceparent that came with it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("traceparent")))
        path = self.path.partition("?")[0]
        if path == "/hang-up":
            self.close_connection = True
            return
        self.send_response({"/missing": 404, "/redirect": 302, "/flaky": 503}.get(path, 200))
        if path == "/redirect":
            self.send_header("Location", "/found?via=redirect")
        body = b"x" * 1000 if path == "/slow" else b"hello"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if path == "/slow":
            self.wfile.write(body[:10])
            self.wfile.flush()
            threading.Event().wait(0.1)  # a body that takes its time is what is tested
            body = body[10:]
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()


def _run(server: Server, folder: Path, program: str) -> Recorded:
    """Both runs; what is left in ``server.asked`` is of the recorded one."""
    return run_both(
        folder, program, f"http://127.0.0.1:{server.server_port}", between=server.asked.clear, env={"no_proxy": "*"}
    )


def _checked(server: Server, spans: list[Span], folder: Path) -> None:
    """One span a request, in order, each named by the header that the server got."""
    sent = [span for span in spans if span.status or span.path == "/hang-up"]
    assert [span.path for span in sent] == [path.partition("?")[0] for path, _ in server.asked]
    for span, (path, header) in zip(sent, server.asked, strict=True):
        assert header is not None, path
        assert header.split("-")[1:3] == [span.trace.hex(), f"{span.id:016x}"]
        assert (span.error == "") == (0 < span.status < 400)
    assert {span.server for span in sent} == {f"127.0.0.1:{server.server_port}"}
    written = b"".join(path.read_bytes() for path in (folder / "spool").iterdir())
    assert b"hunter2" not in written


BASICS = ["GET /found", "POST /found", "GET /missing", "GET /redirect", "GET /found", "GET /slow", "GET /hang-up"]


def test_requests_and_urllib3_make_one_span(server: Server, tmp_path: Path) -> None:
    seen = _run(
        server,
        tmp_path,
        """
        import pickle, sys
        import requests, urllib3
        url = sys.argv[1]
        print(requests.get(url + "/found", params={"key": "hunter2", "page": "2"}).text)  # here
        session = requests.Session()
        print(session.post(url + "/found", data={"a": "b"}).status_code, sorted(session.headers))
        print(session.get(url + "/missing").status_code)
        answer = session.get(url + "/redirect")
        print(answer.status_code, len(answer.history), sorted(answer.request.headers))
        print(len(session.get(url + "/slow").content))
        try:
            session.get(url + "/hang-up")
        except requests.ConnectionError as error:
            print(type(error))
        streamed = session.get(url + "/slow", stream=True)
        print(len(b"".join(streamed.iter_content(100))))
        print(pickle.loads(pickle.dumps(answer)).status_code)
        print(pickle.loads(pickle.dumps(session)).headers == session.headers)

        pool = urllib3.PoolManager()
        headers = {"X-Mine": "1"}
        print(pool.request("GET", url + "/found", headers=headers).status, headers)
        retries = urllib3.Retry(2, status_forcelist=[503], backoff_factor=0)
        try:
            pool.request("GET", url + "/flaky", retries=retries)
        except urllib3.exceptions.MaxRetryError as error:
            print(type(error))
        print(len(pool.request("GET", url + "/slow").data))
        try:
            urllib3.PoolManager(retries=False).request("GET", "http://127.0.0.1:1/nobody")
        except urllib3.exceptions.HTTPError as error:
            print(type(error))
        """,
    )
    spans = seen.of("urllib3")
    assert [f"{span.method} {span.path}" for span in spans] == [
        *BASICS,
        "GET /slow",
        "GET /found",
        *["GET /flaky"] * 3,
        "GET /slow",
        "GET /nobody",
    ]
    _checked(server, spans[:-1], tmp_path)
    assert len(seen.spans) == len(spans), "and none of http.client"
    assert spans[0].query.startswith("key=")
    assert [pair.partition("=")[0] for pair in spans[0].query.split("&")] == ["key", "page"]
    assert spans[0].line == seen.line("# here")
    assert spans[2].error == "404"
    assert spans[6].error == "http.client.RemoteDisconnected"
    assert spans[-1].error.startswith("urllib3.exceptions.NewConnectionError")
    lasted = [span.end - span.start for span in spans if span.path == "/slow"]
    assert lasted[0] > 90e6 > lasted[1], "with the body where the client reads it"
    assert lasted[2] > 90e6
    redirect, found = spans[3:5]
    assert redirect.end <= found.start
    assert redirect.parent == found.parent


def test_httpx_both_halves(server: Server, tmp_path: Path) -> None:
    seen = _run(
        server,
        tmp_path,
        """
        import asyncio, sys
        import httpx
        url = sys.argv[1]
        with httpx.Client(follow_redirects=True) as client:
            print(client.get(url + "/found?key=hunter2").text)
            print(client.post(url + "/found", json={}).status_code, sorted(client.headers))
            print(client.get(url + "/missing").status_code)
            answer = client.get(url + "/redirect")
            print(answer.status_code, len(answer.history), sorted(answer.request.headers))
            print(len(client.get(url + "/slow").content))
            try:
                client.get(url + "/hang-up")
            except httpx.HTTPError as error:
                print(type(error))
            request = client.build_request("GET", url + "/found")
            print(client.send(request).status_code, client.send(request).status_code, sorted(request.headers))
            with client.stream("GET", url + "/slow") as streamed:
                print(len(b"".join(streamed.iter_bytes())))

        async def main():
            async with httpx.AsyncClient() as client:
                print((await client.get(url + "/found", headers={"x": "y"})).status_code)
                print(len((await client.get(url + "/slow")).content))
                async with client.stream("GET", url + "/found") as streamed:
                    print(len(await streamed.aread()))
        asyncio.run(main())
        print(httpx.get(url + "/found").status_code)
        """,
    )
    spans = seen.of("httpx")
    assert [f"{span.method} {span.path}" for span in spans] == [
        *BASICS,
        *["GET /found"] * 2,
        "GET /slow",
        "GET /found",
        "GET /slow",
        "GET /found",
        "GET /found",
    ]
    _checked(server, spans, tmp_path)
    lasted = [span.end - span.start for span in spans if span.path == "/slow"]
    assert lasted[0] > 90e6 > lasted[1]
    assert lasted[2] > 90e6
    assert spans[6].error == "httpx.RemoteProtocolError"


def test_aiohttp_keeps_tasks_apart(server: Server, tmp_path: Path) -> None:
    seen = _run(
        server,
        tmp_path,
        """
        import asyncio, sys
        import aiohttp
        try:
            from _loadstone_recorder import core
        except ImportError:
            core = None
        url = sys.argv[1]

        async def work(session, number):
            span = core and core.enter(core.operation("test", "internal", "", str(number)))
            for turn in range(3):
                async with session.get(url + f"/task-{number}") as answer:
                    await answer.read()
            if span:
                core.leave(span)

        async def main():
            async with aiohttp.ClientSession(headers={"X-Own": "1"}) as session:
                async with session.get(url + "/found", params={"key": "hunter2"}) as answer:
                    print(answer.status, await answer.text())
                async with session.post(url + "/found", json={"a": 1}, headers=[("X", "y")]) as answer:
                    print(answer.status)
                async with session.get(url + "/missing", headers={"X": "y"}) as answer:
                    print(answer.status)
                try:
                    await session.get(url + "/hang-up")
                except aiohttp.ClientError as error:
                    print(type(error))
                try:
                    await session.get("http://127.0.0.1:1/nobody?key=hunter2")
                except aiohttp.ClientError as error:
                    print(type(error))
                await asyncio.gather(*(work(session, number) for number in range(5)))
        asyncio.run(main())
        """,
    )
    spans = seen.of("aiohttp")
    assert [span.path for span in spans[:5]] == ["/found", "/found", "/missing", "/hang-up", "/nobody"]
    asked = [path for path, _ in server.asked]
    assert len(asked) >= 4 + 15
    tasks = {span.id: span.name for span in seen.of("test")}
    assert len(tasks) == 5
    for span in spans[5:]:
        assert span.path == f"/task-{tasks[span.parent]}"
    named = {(path.partition("?")[0], header) for path, header in server.asked}
    for span in spans:
        if span.status:
            assert (span.path, f"00-{span.trace.hex()}-{span.id:016x}-01") in named
    assert spans[4].server == "127.0.0.1:1"
    written = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"hunter2" not in written


def test_http_client_and_urllib(server: Server, tmp_path: Path) -> None:
    seen = _run(
        server,
        tmp_path,
        """
        import http.client, sys, urllib.error, urllib.request
        url = sys.argv[1]
        print(urllib.request.urlopen(url + "/found?key=hunter2").read())
        try:
            urllib.request.urlopen(url + "/missing")
        except urllib.error.HTTPError as error:
            print(error.code)
        print(urllib.request.urlopen(url + "/redirect").status)
        connection = http.client.HTTPConnection(url.partition("//")[2])
        connection.request("POST", "/found", b"body", {"X": "y"})
        answer = connection.getresponse()
        print(answer.status, answer.read())
        connection.request("GET", "/hang-up")
        try:
            connection.getresponse()
        except http.client.RemoteDisconnected as error:
            print(error)
        """,
    )
    spans = seen.of("http.client")
    assert [f"{span.method} {span.path}" for span in spans] == [
        "GET /found",
        "GET /missing",
        "GET /redirect",
        "GET /found",
        "POST /found",
        "GET /hang-up",
    ]
    _checked(server, spans, tmp_path)


def test_a_header_of_the_caller_is_left_alone(server: Server, tmp_path: Path) -> None:
    _run(
        server,
        tmp_path,
        """
        import asyncio, sys, urllib.request
        import aiohttp, httpx, requests
        url = sys.argv[1] + "/found"
        own = {"Traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
        requests.get(url, headers=own)
        httpx.get(url, headers=own)
        urllib.request.urlopen(urllib.request.Request(url, headers=own)).read()
        async def main():
            async with aiohttp.ClientSession() as session:
                async with session.get(url, headers=own) as answer:
                    await answer.read()
            async with aiohttp.ClientSession(headers=own) as session:
                async with session.get(url) as answer:
                    await answer.read()
        asyncio.run(main())
        """,
    )
    assert [header for _, header in server.asked] == [f"00-{'a' * 32}-{'b' * 16}-01"] * 5
