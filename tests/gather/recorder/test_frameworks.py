"""One span a request in every framework: its route, its failure, its end, its children, whoever serves it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.gather.recorder import services
from tests.gather.recorder.serving import BIN, TRACE, Served, rows, run, served, until
from tests.throwaway import free_port

Spans = list[dict[str, Any]]


@contextmanager
def _asked(folder: Path, argv: list[str], paths: list[str], **env: str) -> Iterator[tuple[Served, dict[str, bytes]]]:
    """A service that was asked for each path once; the parent's id is the path's number from 1."""
    services.write(folder)
    port = free_port()
    with served([word.format(port=port) for word in argv], folder, port, env) as service:
        told = {
            path: service.get(path, {"traceparent": f"00-{TRACE}-{number:016x}-01"})[1]
            for number, path in enumerate(paths, 1)
        }
        yield service, told


def _requests(spans: Spans, paths: list[str]) -> dict[str, dict[str, Any]]:
    """The one server's span of each path."""
    found: dict[str, dict[str, Any]] = {}
    for row in spans:
        if row["kind"] == 2 and row["trace_id"].hex() == TRACE:
            path = paths[int.from_bytes(row["parent_id"], "big") - 1]
            assert path not in found, "one span a request"
            found[path] = row
    assert set(found) == set(paths)
    return found


def _children(spans: Spans, request: dict[str, Any]) -> Spans:
    return [row for row in spans if row["parent_id"] == request["span_id"] and row["db_query_text"]]


DJANGO = ["/", "/statements/2/", "/boom/", "/types/", "/stream/", "/later/", "/api/v1/x?secret=1", "/nowhere/"]
DJANGO_ROUTES = [
    "/",
    "/statements/<int:count>/",
    "/boom/",
    "/types/",
    "/stream/",
    "/later/",
    "/api/v1/<slug:name>",
    None,
]


@pytest.mark.parametrize(
    "argv",
    [
        [str(BIN / "gunicorn"), "--bind", "127.0.0.1:{port}", "site_of_test:application"],
        [str(BIN / "uvicorn"), "--port", "{port}", "site_of_test:asgi"],
    ],
    ids=["WSGI", "ASGI"],
)
def test_django(argv: list[str], tmp_path: Path) -> None:
    services.write(tmp_path)
    run([sys.executable, "manage.py", "migrate", "-v", "0"], tmp_path, {"LOADSTONE_RECORDER_OFF": "1"})
    (tmp_path / "spool").rmdir()
    with _asked(tmp_path, argv, DJANGO) as (service, told):
        pass
    spans = rows(service.recorder.close())
    requests = _requests(spans, DJANGO)
    assert [requests[path]["http_route"] for path in DJANGO] == DJANGO_ROUTES
    statuses = [requests[path]["http_response_status_code"] for path in DJANGO]
    assert statuses == [200, 200, 500, 200, 200, 200, 200, 404]
    assert requests["/boom/"]["error_type"] == "ValueError"
    assert told["/stream/"] == b"ab"
    assert [row["parent_id"] for row in spans if row["db_query_text"] == "select ? + ?"] == [
        requests["/statements/2/"]["span_id"]
    ] * 2
    (listed,) = [row for row in _children(spans, requests["/types/"]) if "django_content_type" in row["db_query_text"]]
    assert listed["code_file_path"] == str(tmp_path / "types.html")
    assert listed["code_line_number"] == 2
    cpu = {row["thread_cpu_ns"] is not None for row in requests.values()}
    assert cpu == {"gunicorn" in argv[0]}, "a request of ASGI hops between threads"


FASTAPI = ["/", "/items/3", "/sync/4", "/gather/5", "/boom", "/stream", "/outer/inner/x", "/mounted/deep/3", "/nowhere"]
FASTAPI_ROUTES = [
    *("/", "/items/{number}", "/sync/{number}", "/gather/{number}", "/boom", "/stream"),
    *("/outer/inner/{name}", "/mounted/deep/{number}", None),
]


def test_fastapi(tmp_path: Path) -> None:
    argv = [str(BIN / "uvicorn"), "--port", "{port}", "fastapi_of_test:app"]
    with _asked(tmp_path, argv, FASTAPI) as (service, told):
        unsampled = {"traceparent": f"00-{TRACE}-{0xAA:016x}-00"}
        assert service.get("/sync/9", unsampled) == (200, b"10")
        assert service.get("/sync/8") == (200, b"9")
        assert service.get("/sync/7", {"traceparent": "garbage"}) == (200, b"8")
    spans = rows(service.recorder.close())
    requests = _requests(spans, FASTAPI)
    assert [requests[path]["http_route"] for path in FASTAPI] == FASTAPI_ROUTES
    assert requests["/boom"]["error_type"] == "ValueError"
    assert requests["/boom"]["http_response_status_code"] == 500
    assert told["/stream"] == b"ab"
    gathered = _children(spans, requests["/gather/5"])
    assert len(gathered) == 5, "what a request hands to threads is its own"
    assert {row["code_function_name"] for row in gathered} == {"query"}
    own = [row for row in spans if row["kind"] == 2 and row["trace_id"].hex() != TRACE]
    assert [row["url_path"] for row in own] == ["/sync/8", "/sync/7"], "no parent, or one that nobody can read"
    assert {row["parent_id"] for row in own} == {None}
    assert len({row["trace_id"] for row in own}) == 2
    statements = [row for row in spans if row["db_query_text"]]
    assert len(statements) == 1 + 5 + 2, "a request that is not sampled leaves nothing"


def test_flask_under_its_own_server(tmp_path: Path) -> None:
    paths = ["/", "/items/3", "/boom", "/nowhere"]
    argv = [str(BIN / "flask"), "--app", "flask_of_test", "run", "--port", "{port}"]
    with _asked(tmp_path, argv, paths) as (service, _):
        pass
    gathered = service.recorder.close()
    spans = rows(gathered)
    requests = _requests(spans, paths)
    assert [requests[path]["http_route"] for path in paths] == ["/", "/items/<int:number>", "/boom", None]
    assert requests["/boom"]["error_type"] == "ValueError"
    assert len(_children(spans, requests["/items/3"])) == 1
    covered = {row.library: (row.state, row.version) for row in gathered.coverage}
    assert covered["flask"][0] == "spans"
    assert (covered["flask"][1] or "").startswith("3.")


def test_a_client_that_leaves_ends_the_request(tmp_path: Path) -> None:
    services.write(tmp_path)
    (tmp_path / "endless.py").write_text("""
def app(environ, start_response):
    start_response("200 OK", [])
    def parts():
        while True:
            yield b"x" * 65536
    return parts()
""")
    port = free_port()
    with served([str(BIN / "gunicorn"), "--bind", f"127.0.0.1:{port}", "endless:app"], tmp_path, port) as service:

        def there() -> Spans:
            return [row for row in rows(service.recorder.close()) if row["trace_id"].hex() == TRACE]

        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nhost: x\r\ntraceparent: 00-{TRACE}-{1:016x}-01\r\n\r\n".encode())
            assert connection.recv(1000)
            begun = there()[0]["end_ns"]
        until(lambda: there()[0]["end_ns"] > begun, "the request ends")
    (request,) = there()
    assert request["http_response_status_code"] == 200


def test_a_framework_under_a_server_unknown_has_its_span(tmp_path: Path) -> None:
    services.write(tmp_path)
    (tmp_path / "program.py").write_text("""
import asyncio
import flask_of_test, site_of_test, fastapi_of_test
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", "SERVER_NAME": "x",
           "SERVER_PORT": "80", "wsgi.input": __import__("io").BytesIO(), "HTTP_HOST": "x"}
for application in (flask_of_test.app, site_of_test.application):
    body = application(dict(environ), lambda *given: None)
    print(b"".join(body).decode())
    body.close()
scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "http_version": "1.1",
         "scheme": "http", "server": ("x", 80), "client": ("x", 1), "root_path": "", "asgi": {"version": "3.0"}}
async def send(message):
    pass
async def ask(application):
    body = iter([{"type": "http.request", "body": b"", "more_body": False}])
    async def receive():
        return next(body, None) or await asyncio.sleep(60)
    await application(dict(scope), receive, send)
asyncio.run(ask(fastapi_of_test.app))
asyncio.run(ask(site_of_test.asgi))
""")
    recorder, told = run([sys.executable, "program.py"], tmp_path)
    assert told == "ok\nok\n"
    spans = [row for row in rows(recorder.close()) if row["kind"] == 2]
    assert [(row["scope"], row["http_route"], row["http_response_status_code"]) for row in spans] == [
        ("wsgi", "/", 200),
        ("wsgi", "/", 200),
        ("asgi", "/", 200),
        ("asgi", "/", 200),
    ]


def test_a_thread_that_outlives_its_request_begins_a_trace_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(f"""
import sqlite3, threading
from concurrent.futures import ThreadPoolExecutor
from _loadstone_recorder import lib_wsgi
def ask(text):
    sqlite3.connect(":memory:").execute(text).fetchone()
over = threading.Event()
def lasting():
    ask("select within")
    within.set()
    over.wait()
    ask("select afterwards")
within = threading.Event()
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
threads = []
def app(environ, start_response):
    start_response("200 OK", [])
    threads.append(threading.Thread(target=lasting))
    threads[0].start()
    within.wait()
    pool.submit(ask, "select pooled").result()
    return []
lib_wsgi.answer(app, {{"REQUEST_METHOD": "GET", "HTTP_TRACEPARENT": "00-{TRACE}-00000000000000aa-01"}}, print).close()
over.set()
threads[0].join()
pool.submit(ask, "select free").result()
""".replace("select within", "select 1 as within").replace("select afterwards", "select 1 as afterwards")
   .replace("select pooled", "select 1 as pooled").replace("select free", "select 1 as free"))  # fmt: skip
    recorder, _ = run([sys.executable, "program.py"], tmp_path)
    spans = rows(recorder.close())
    (request,) = [row for row in spans if row["kind"] == 2]
    parents = {row["db_query_text"].split()[-1]: row["parent_id"] for row in spans if row["db_query_text"]}
    assert parents["within"] == parents["pooled"] == request["span_id"]
    assert parents["afterwards"] is parents["free"] is None
    traces = {row["db_query_text"].split()[-1]: row["trace_id"] for row in spans if row["db_query_text"]}
    assert traces["within"].hex() == traces["pooled"].hex() == TRACE
    assert len({request["trace_id"], traces["afterwards"], traces["free"]}) == 3
