"""The wheel is whole: it runs where there is neither Rust nor Node, nor this checkout."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import loadstone
from loadstone.handbook import questions

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
BUNDLE = "loadstone/render/bundle/report.html"


def call(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run to a good end; stdout."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from what `make build` has left in target/."""
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not installed: https://rustup.rs")
    if not (ROOT / BUNDLE).is_file():
        pytest.skip("the report's page is not built: make build")
    folder = tmp_path_factory.mktemp("dist")
    env = os.environ | {"VIRTUAL_ENV": str(BIN.parent), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    call(BIN / "maturin", "build", "--release", "--locked", "--out", folder, env=env)
    call(BIN / "maturin", "sdist", "--out", folder, env=env)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel, what it depends on, and nothing else."""
    home = tmp_path_factory.mktemp("clean") / "env"
    call(sys.executable, "-m", "venv", "--without-pip", home)
    if (BIN / "uv").exists():
        installer: list[str | Path] = [BIN / "uv", "pip", "install", "--python", home / "bin/python"]
    else:
        installer = [sys.executable, "-m", "pip", "--python", home / "bin/python", "install"]
    call(*installer, "--constraint", ROOT / "requirements/dev.txt", wheel)
    return home / "bin"


SERVICE = """
import sqlite3, sys
from wsgiref.simple_server import make_server

def application(environ, start_response):
    sqlite3.connect(":memory:").execute("SELECT 1")
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"hello"]

make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
"""

SPEC = """
[service]
url = "http://127.0.0.1:{port}"
start = "{python} service.py {port}"
[[journey]]
name = "hello"
[[journey.step]]
name = "hello"
get = "/"
[shape.short]
rate = "20/s"
duration = "2s"
"""


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/items"
    server.shutdown()
    server.server_close()


def test_one_wheel_serves_every_python(wheel: Path) -> None:
    assert wheel.name.startswith(f"loadstone-{loadstone.__version__}-cp311-abi3-")


def test_the_wheel_carries_what_is_not_code(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        BUNDLE,
        "loadstone/_core.abi3.so",
        "loadstone/_core.pyi",
        "loadstone/demo/loadstone.toml",
        "loadstone/gather/otlp/inject/terminate.cjs",
        "loadstone/gather/profile/node_hook.cjs",
        "loadstone/gather/recorder/inject/sitecustomize.py",
        "loadstone/gather/recorder/inject/_loadstone_recorder/core.py",
        "loadstone/handbook/questions.toml",
        "loadstone/py.typed",
        f"loadstone-{loadstone.__version__}.dist-info/licenses/LICENSE",
    ):
        assert name in names
    assert not [name for name in names if name.startswith(("tests/", "benches/", "ui/", "core/"))]


def test_the_sdist_needs_no_node(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {BUNDLE, "Cargo.lock", "core/Cargo.toml", "core/src/lib.rs", "loadstone/__init__.py", "LICENSE"} <= names


def test_it_runs_without_rust_and_node(clean: Path, url: str, tmp_path: Path) -> None:
    env = {"PATH": str(clean), "LANG": "C.UTF-8"}
    assert not any(shutil.which(tool, path=env["PATH"]) for tool in ("cargo", "rustc", "node", "npm"))
    command = clean / "loadstone"
    assert call(command, "--version", cwd=tmp_path, env=env) == f"loadstone {loadstone.__version__}\n"

    arguments = [str(command), "run", url, "--rate", "50/s", "--for", "2s", "--even", "--json"]
    done = subprocess.run(arguments, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 4), done.stderr  # a machine too busy to measure is said, and is not what is tested
    summary = json.loads(done.stdout)
    assert (summary["requests"], summary["errors"]) == (100, 0)

    report = (tmp_path / summary["report"]).read_text(encoding="utf-8")
    page = (ROOT / BUNDLE).read_text(encoding="utf-8")
    assert summary["run"] in report
    assert report.startswith(page.partition("{{")[0])
    assert len(report) > len(page)

    rows = json.loads(call(command, "sql", "SELECT run, requests FROM runs", "--json", cwd=tmp_path, env=env))
    assert summary["run"] in json.dumps(rows)


def test_it_looks_into_a_service_with_nothing_but_itself(clean: Path, tmp_path: Path) -> None:
    """The recorder and the receiver need no package beside the wheel's own; what needs an extra says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "loadstone.toml").write_text(SPEC.format(port=port, python=clean / "python"))
    env = {"PATH": str(clean), "LANG": "C.UTF-8"}
    words = [str(clean / "loadstone"), "run", "--evidence", "--json"]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 4), done.stderr
    told = json.loads(call(clean / "loadstone", "evidence", "last", "--json", cwd=tmp_path, env=env))
    assert {check["code"]: check["outcome"] for check in told["audit"]}["requests"] == "pass"
    assert [one for one in told["missing"] if "loadstone[profile]" in one["advice"]], told["missing"]


def test_the_handbook_is_in_it(clean: Path, tmp_path: Path) -> None:
    told = call(clean / "loadstone", "handbook", "5", cwd=tmp_path, env={"PATH": str(clean), "LANG": "C.UTF-8"})
    assert questions()[4].question.split()[-1] in told
