"""The official packages put into real services by their environment: nothing of the service's own is changed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from loadstone.gather.collector import Scene, Start
from loadstone.gather.otlp.collector import Traces
from loadstone.gather.otlp.otel import INJECT, Runtime, instrumented, runtime
from loadstone.gather.otlp.spool import HEADER
from loadstone.model.evidence import Missing
from loadstone.model.redaction import Redaction
from tests.throwaway import free_port

NONCE = 0xABCD1234
REQUESTS = 12

FLASK = """
import sqlite3
from flask import Flask
app = Flask(__name__)
@app.get("/")
def index():
    sqlite3.connect(":memory:").cursor().execute("select 1")
    return "ok"
if __name__ == "__main__":
    import sys
    app.run(port=int(sys.argv[1]))
"""

ASGI = """
from opentelemetry import trace
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    parent = next((value.decode() for name, value in scope["headers"] if name == b"traceparent"), None)
    from opentelemetry.propagate import extract
    with trace.get_tracer("own").start_as_current_span(
        "GET /", extract({"traceparent": parent} if parent else {}), kind=trace.SpanKind.SERVER
    ):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
"""


class Watched:
    """A collector in mode ``otel`` and the service that it instrumented, until ``spans`` ends both."""

    def __init__(self, folder: Path, argv: tuple[str, ...], env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.traces = Traces("otel")
        spool = folder / "spool"
        spool.mkdir()
        self.scene = Scene(spool, Redaction("0" * 32), self._pids, os.getpid(), nonce=NONCE, cwd=folder)
        self.start = self.traces.prepare(self.scene, Start(argv, env or {}))

    def _pids(self) -> set[int]:
        if self.process is None:
            return set()
        found = {self.process.pid}
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return found | ({int(pid) for pid in children.read_text().split()} if children.exists() else set())

    def serve(self, port: int) -> None:
        assert self.start is not None
        self.process = subprocess.Popen(
            self.start.argv,
            env={**os.environ, **self.start.env},
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, "the service did not start"
            assert time.monotonic() < deadline
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)

    def load(self, port: int) -> None:
        self.traces.open()
        for number in range(1, REQUESTS + 1):
            parent = f"00-{NONCE << 96 | number:032x}-{1 << 40 | number:016x}-01"
            request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"traceparent": parent})
            with urllib.request.urlopen(request, timeout=30) as reply:
                assert reply.read() == b"ok"
        self.traces.stop()

    def end(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def spans(self) -> list[Span]:
        gathered = self.traces.close()
        assert gathered.missing == ()
        assert gathered.coverage == ()
        assert "receiver.json" in gathered.documents
        return spooled(self.scene.spool)


def spooled(spool: Path) -> list[Span]:
    found: list[Span] = []
    for path in sorted(spool.glob("*.spool")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            length = HEADER.unpack_from(data, at)[0]
            at += HEADER.size + length
            request = ExportTraceServiceRequest.FromString(data[at - length : at])
            found += [span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans]
    return found


@contextmanager
def watched(folder: Path, argv: tuple[str, ...], env: dict[str, str] | None = None) -> Iterator[Watched]:
    one = Watched(folder, argv, env)
    try:
        yield one
    finally:
        if one.process is not None and one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        one.traces.close()


def of_this_run(spans: list[Span]) -> list[Span]:
    return [span for span in spans if int.from_bytes(span.trace_id[:4], "big") == NONCE]


def assert_all_requests_are_there(spans: list[Span]) -> None:
    servers = [span for span in of_this_run(spans) if span.kind == Span.SPAN_KIND_SERVER]
    parents = Counter(int.from_bytes(span.parent_span_id, "big") & (1 << 40) - 1 for span in servers)
    assert parents == Counter(range(1, REQUESTS + 1))


def test_flask_by_its_development_server(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FLASK)
    port = free_port()
    with watched(tmp_path, (sys.executable, "app.py", str(port))) as service:
        service.serve(port)
        service.load(port)
        assert service.end() == -signal.SIGTERM
        spans = service.spans()
    assert_all_requests_are_there(spans)
    statements = [span for span in of_this_run(spans) if span.kind == Span.SPAN_KIND_CLIENT]
    assert len(statements) == REQUESTS
    names = {attribute.key for span in statements for attribute in span.attributes}
    assert "db.query.text" in names, "the stable names were asked for"


def test_flask_in_forked_gunicorn_workers(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FLASK)
    port = free_port()
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    argv = (gunicorn, "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}", "app:app")
    with watched(tmp_path, argv) as service:
        service.serve(port)
        service.load(port)
        assert service.end() == 0
        assert_all_requests_are_there(service.spans())


def test_uvicorn_that_raises_sigterm_again(tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text(ASGI)
    port = free_port()
    argv = (sys.executable, "-m", "uvicorn", "--port", str(port), "service:app")
    with watched(tmp_path, argv) as service:
        service.serve(port)
        service.load(port)
        assert service.end() == -signal.SIGTERM
        assert_all_requests_are_there(service.spans())


def test_the_users_own_sitecustomize_still_runs(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("import sys; sys.own_was_here = __file__\n")
    script = (
        "import sys; print(sys.own_was_here); import opentelemetry.trace as t; print(type(t.get_tracer_provider()))"
    )
    env = {"PYTHONPATH": str(tmp_path / "own")}
    start, missing = instrumented(
        Start((sys.executable, "-c", script), env), "http://127.0.0.1:9", tmp_path, tmp_path, {}
    )
    assert missing is None
    assert start.env["PYTHONPATH"] == f"{INJECT}{os.pathsep}{tmp_path / 'own'}"
    quiet = {"OTEL_TRACES_EXPORTER": "none"}
    told = subprocess.run(start.argv, env={**os.environ, **start.env, **quiet}, capture_output=True, text=True)
    first, second = told.stdout.splitlines()
    assert first == str(tmp_path / "own" / "sitecustomize.py")
    assert "opentelemetry.sdk.trace.TracerProvider" in second
    assert len(list(tmp_path.glob("*.json"))) == 1


DJANGO = """
import os, sys, types
# What opentelemetry-instrumentation-django would be: it touches the settings, as the real one does.
module = types.ModuleType("opentelemetry.instrumentation.django")
class DjangoInstrumentor:
    def instrument(self, **named):
        from django.conf import settings
        print("instrumented", settings.configured, settings.ROOT_URLCONF, named, flush=True)
module.DjangoInstrumentor = DjangoInstrumentor
sys.modules["opentelemetry.instrumentation.django"] = module
"""


def test_django_is_instrumented_when_it_loads_its_middleware_and_not_before(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text(DJANGO)
    (tmp_path / "service.py").write_text(
        textwrap.dedent(
            """
            from django.conf import settings
            print("started", settings.configured, flush=True)
            settings.configure(ROOT_URLCONF="service", SECRET_KEY="x", ALLOWED_HOSTS=["*"])
            import django
            django.setup()
            from django.core.wsgi import get_wsgi_application
            get_wsgi_application()
            get_wsgi_application()
            """
        )
    )
    env = {"PYTHONPATH": str(tmp_path / "own")}
    start, _ = instrumented(Start((sys.executable, "service.py"), env), "http://127.0.0.1:9", tmp_path, tmp_path, {})
    quiet = {"OTEL_TRACES_EXPORTER": "none"}
    told = subprocess.run(
        start.argv, env={**os.environ, **start.env, **quiet}, cwd=tmp_path, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == ["started False", "instrumented True service {'skip_dep_check': True}"]


def test_a_process_that_did_not_load_the_packages_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("print('up', flush=True)\nimport time\ntime.sleep(600)\n")
    with watched(tmp_path, (sys.executable, "app.py")) as service:
        assert service.start is not None
        with subprocess.Popen((sys.executable, "-S", "-u", "app.py"), cwd=tmp_path, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            service.process = other
            service.traces.stop()
            other.kill()
            other.wait()
        (told,) = service.traces.close().coverage
    if Path("/proc/self/exe").exists():
        assert (told.process_pid, told.state) == (other.pid, "not loaded")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("python", "-m", "shop"), Runtime("python", ("python",))),
        (("/opt/venv/bin/python3.12", "manage.py"), Runtime("python", ("/opt/venv/bin/python3.12",))),
        (("python", "-I", "app.py"), Runtime("python", ("python",), "-I")),
        (("python", "-uE", "app.py"), Runtime("python", ("python",), "-uE")),
        (("python", "-u", "app.py"), Runtime("python", ("python",))),
        (("env", "A=1", "python3", "x.py"), Runtime("python", ("python3",))),
        (("uv", "run", "shop"), Runtime("python", ("uv", "run", "python"))),
        (("node", "server.js"), Runtime("node")),
        (("npm", "start"), Runtime("node")),
        (("java", "-jar", "shop.jar"), Runtime("jvm")),
        (("./shop",), None),
        (("sh", "-c", "python app.py"), None),
        (("env",), None),
    ],
)
def test_what_a_command_starts(argv: tuple[str, ...], expected: Runtime | None) -> None:
    assert runtime(argv, lambda program: None) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("#!/opt/venv/bin/python\n", Runtime("python", ("/opt/venv/bin/python",))),
        ("#!/usr/bin/env python3\n", Runtime("python", ("python3",))),
        ("#!/usr/bin/env -S python3 -u\n", Runtime("python", ("python3",))),
        ("#!/bin/sh\n'''exec' \"/a b/bin/python3\" \"$0\" \"$@\"\n' '''\n", Runtime("python", ("/a b/bin/python3",))),
        ("#!/usr/bin/env node\n", Runtime("node")),
        ("#!/bin/bash\n", None),
        ("\x7fELF", None),
        ("#!\n", None),
        ("#!/bin/'unbalanced\n", None),
    ],
)
def test_what_a_script_starts(tmp_path: Path, head: str, expected: Runtime | None) -> None:
    script = tmp_path / "gunicorn"
    script.write_text(head)
    assert runtime(("gunicorn", "app:app"), lambda program: str(script)) == expected


def missing_of(argv: tuple[str, ...], folder: Path, env: dict[str, str] | None = None) -> Missing:
    start = Start(argv, {})
    ready, missing = instrumented(start, "http://127.0.0.1:9", folder, folder, env or {"PATH": os.environ["PATH"]})
    assert ready == start, "what cannot be instrumented is left as it was"
    assert missing is not None
    return missing


def test_what_is_missing_is_told_with_the_way_to_get_it(tmp_path: Path) -> None:
    assert "start the service without -I" in missing_of((sys.executable, "-I", "app.py"), tmp_path).advice
    assert "is none of python, node and java" in missing_of(("./shop",), tmp_path).reason
    assert "npm install" in missing_of(("node", "server.js"), tmp_path).advice
    java = missing_of(("java", "-jar", "shop.jar"), tmp_path, {"HOME": str(tmp_path)})
    assert "mvn dependency:get" in java.advice
    absent = missing_of((str(tmp_path / "python"), "app.py"), tmp_path)
    assert "could not be asked" in absent.reason


def test_an_interpreter_without_the_packages(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    missing = missing_of((str(bare), "app.py"), tmp_path)
    assert "has no OpenTelemetry packages" in missing.reason
    assert missing.advice.startswith(f"{bare} -m pip install opentelemetry-distro")


def test_the_agent_of_the_jvm_beside_its_jar(tmp_path: Path) -> None:
    (tmp_path / "lib dir").mkdir()
    agent = tmp_path / "lib dir" / "opentelemetry-javaagent-2.0.16.jar"
    agent.touch()
    (tmp_path / "lib dir" / "opentelemetry-javaagent-2.0.9.jar").touch()
    start, missing = instrumented(
        Start(("java", "-jar", "lib dir/shop.jar"), {"JAVA_TOOL_OPTIONS": "-Xmx1g"}),
        "http://127.0.0.1:9",
        tmp_path,
        tmp_path,
        {"HOME": str(tmp_path)},
    )
    assert missing is None
    assert start.env["JAVA_TOOL_OPTIONS"] == f'-Xmx1g "-javaagent:{agent}"'
    assert start.env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == "http://127.0.0.1:9/v1/traces"


def test_the_hook_of_node_from_the_directory_above(tmp_path: Path) -> None:
    package = tmp_path / "node_modules/@opentelemetry/auto-instrumentations-node"
    (package / "build/src").mkdir(parents=True)
    (package / "build/src/register.js").touch()
    (package / "package.json").write_text('{"exports": {"./register": "./build/src/register.js"}}')
    (tmp_path / "service").mkdir()
    start, missing = instrumented(
        Start(("node", "server.js"), {"NODE_OPTIONS": "--enable-source-maps"}),
        "http://127.0.0.1:9",
        tmp_path,
        tmp_path / "service",
        {},
    )
    assert missing is None
    official, ours = f"{package}/build/src/register.js", INJECT / "terminate.cjs"
    assert start.env["NODE_OPTIONS"] == f'--enable-source-maps --require "{official}" --require "{ours}"'
    assert ours.is_file()


JAVA = """
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
public class Server {
    public static void main(String[] words) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(words[0])), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("ok".getBytes());
            exchange.close();
        });
        server.start();
    }
}
"""


@pytest.mark.optional("the agent's jar comes from the network")
def test_java_by_its_official_agent(tmp_path: Path) -> None:
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("a JDK is not installed; on Debian: apt-get install default-jdk-headless")
    (tmp_path / "Server.java").write_text(JAVA)
    subprocess.run(["javac", "-d", str(tmp_path), str(tmp_path / "Server.java")], check=True, timeout=120)
    port = free_port()
    with watched(tmp_path, ("java", "-cp", str(tmp_path), "Server", str(port))) as service:
        if service.start is not None and "JAVA_TOOL_OPTIONS" not in service.start.env:
            pytest.skip("the OpenTelemetry agent is neither in OTEL_JAVAAGENT nor in ~/.m2")
        service.serve(port)
        service.load(port)
        service.end()
        assert_all_requests_are_there(service.spans())


NODE = """
const http = require("http");
http.createServer((request, reply) => reply.end("ok")).listen(Number(process.argv[2]), "127.0.0.1");
"""


@pytest.mark.optional("the npm package comes from the network")
def test_node_by_its_official_package(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or os.environ.get("LOADSTONE_TEST_NPM") != "1":
        pytest.skip("set LOADSTONE_TEST_NPM=1 to install @opentelemetry/auto-instrumentations-node from npm")
    words = ["@opentelemetry/auto-instrumentations-node", "@opentelemetry/api"]
    subprocess.run([npm, "install", "--no-audit", "--no-fund", *words], cwd=tmp_path, check=True, timeout=250)
    (tmp_path / "server.js").write_text(NODE)
    port = free_port()
    with watched(tmp_path, ("node", "server.js", str(port))) as service:
        service.serve(port)
        service.load(port)
        assert service.end() == -signal.SIGTERM
        assert_all_requests_are_there(service.spans())
