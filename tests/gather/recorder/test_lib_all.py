"""What every library's hook must hold to: its versions, its Python, a reload, a request that is not to be recorded."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

from loadstone.gather.recorder.inject import _loadstone_recorder
from loadstone.gather.recorder.inject._loadstone_recorder import core, hooks, statements
from loadstone.gather.recorder.inject._loadstone_recorder.libraries import HOOKS
from loadstone.gather.recorder.inject._loadstone_recorder.outgoing import masked, named_in, split
from tests.gather.recorder.scenario import run_both

FOLDER = Path(_loadstone_recorder.__file__).parent
HOOK_FILES = sorted(path.stem for path in FOLDER.glob("lib_*.py"))


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.py")))
def test_every_file_is_python_3_9_of_the_standard_library(name: str) -> None:
    tree = ast.parse((FOLDER / name).read_text(), feature_version=(3, 9))
    top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    strangers = set()
    for node in top:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if not (isinstance(node, ast.ImportFrom) and node.level):
            strangers |= {each.partition(".")[0] for each in names}
    assert strangers <= {
        "__future__", "_blake2", "_thread", "ast", "asyncio", "contextlib", "contextvars", "functools", "gc",
        "inspect", "itertools", "mmap", "os", "struct", "sys", "time", "types",
    }  # fmt: skip


def test_every_hook_file_is_named_beside_a_module() -> None:
    named = {hook for hooks_of_module in HOOKS.values() for hook in hooks_of_module}
    assert set(HOOK_FILES) <= named


@pytest.mark.parametrize(
    ("hook", "library"),
    [
        ("lib_psycopg2", "psycopg2"),
        ("lib_psycopg", "psycopg"),
        ("lib_psycopg_pool", "psycopg_pool"),
        ("lib_asyncpg", "asyncpg"),
        ("lib_mysqldb", "mysqlclient"),
        ("lib_sqlalchemy", "sqlalchemy"),
        ("lib_httpx", "httpx"),
        ("lib_redis", "redis"),
    ],
)
@pytest.mark.parametrize("version", ["0.0.1", "99.0", "", "unknown"])
def test_a_version_out_of_the_known_range_is_not_touched_and_said(
    hook: str, library: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(core, "not_covered", lambda name, version="", note="": said.append((name, version)))
    monkeypatch.setattr(core, "covered", lambda *arguments: pytest.fail("it says that it is covered"))
    monkeypatch.setattr(hooks, "patch", lambda *arguments: pytest.fail("it patches"))
    module = ModuleType(library)
    module.__dict__["__version__"] = version
    importlib.import_module(f"{_loadstone_recorder.__name__}.{hook}").install(module)
    assert said == [(library, version)]


def test_a_request_that_is_not_recorded_costs_no_span_and_passes_the_flag_on(tmp_path: Path) -> None:
    seen = run_both(
        tmp_path,
        """
        import sqlite3, threading, urllib.request
        from http.server import BaseHTTPRequestHandler, HTTPServer
        try:
            from _loadstone_recorder import core
        except ImportError:
            core = None
        headers = []
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                headers.append(self.headers.get("traceparent"))
                self.send_response(204)
                self.end_headers()
            def log_message(self, *arguments): pass
        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        trace = "c" * 32
        span = core and core.continue_from(core.operation("test", "server"), f"00-{trace}-{'d' * 16}-00")
        sqlite3.connect(":memory:").execute("SELECT 1")
        urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").read()
        if span:
            core.leave(span)
            assert headers[0].split("-")[1] == trace and headers[0].endswith("-00"), headers
        server.shutdown()
        print("done")
        """,
    )
    assert seen.spans == []


def test_modules_imported_before_the_recorder_are_patched_too(tmp_path: Path) -> None:
    (tmp_path / "early.pth").write_text("")
    seen = run_both(
        tmp_path,
        """
        import http.client, sqlite3, sqlite3.dbapi2
        from sqlite3 import connect
        connect(":memory:").execute("SELECT 1")
        sqlite3.dbapi2.connect(":memory:").cursor().execute("SELECT 2")
        print("done")
        """,
    )
    assert [span.what for span in seen.spans] == ["connect", "SELECT 1", "connect", "SELECT 2"]


def test_what_a_library_lacks_is_said(tmp_path: Path) -> None:
    (tmp_path / "pymongo.py").write_text("x = 1\n")
    seen = run_both(tmp_path, "import pymongo\nprint(pymongo.x)")
    assert seen.state("pymongo") == {"not covered"}


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/a/b", "/a/b"),
        ("/a?x=1#y", "/a"),
        ("http://u:p@host:1/a?x", "/a"),
        ("https://host", "/"),
        ("http://host?x=/1", "/"),
        ("", "/"),
        ("*", "*"),
    ],
)
def test_the_path_of_a_target(url: str, path: str) -> None:
    assert split(url)[0] == path


def test_a_query_keeps_its_names_and_no_value() -> None:
    one, other = masked("key=hunter2&page=2&key=hunter2&flag&empty="), masked("key=hunter3")
    assert "hunter" not in one + other
    pairs = [pair.partition("=") for pair in one.split("&")]
    assert [name for name, _, _ in pairs] == ["key", "page", "key", "", "empty"]
    assert pairs[0] == pairs[2]
    assert pairs[0][2] != other.partition("=")[2]
    assert pairs[4][2] == ""


def test_a_header_is_found_however_it_is_written() -> None:
    assert named_in(["Accept", "TraceParent"])
    assert named_in([b"traceparent"])
    assert not named_in(["tracestate", b"x", 5])


def test_texts_of_statements_that_are_no_strings() -> None:
    class Literal:
        def as_string(self, context: object) -> str:
            return "hunter2"

    class Identifier:
        def as_string(self, context: object) -> str:
            return '"a"'

    composed = type("Composed", (list,), {})(["SELECT ", Identifier(), " = ", Literal()])
    assert statements.text_of(composed) == 'SELECT "a" = ?'
    assert statements.text_of(b"SELECT \xff") == "SELECT \ufffd"
    assert statements.text_of(5) == ""
    assert statements.text_of() == ""


def test_classes_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(core, "not_covered", lambda name, version="", note="": said.append(note))
    monkeypatch.setattr(statements, "_CLASSES", 5)
    monkeypatch.setattr(statements, "_said", set())

    class Plain:
        pass

    class Ours(Plain):
        pass

    made: dict[object, object] = {}
    for number in range(20):
        theirs = type("Theirs", (Plain,), {"number": number})
        got = statements.between("some", theirs, {Plain: Ours}, made)
        assert issubclass(got, theirs)
        assert issubclass(got, Ours) == (number < 5)
        assert callable(statements.between("some", lambda: None, {Plain: Ours}, made))
    assert len(made) == 5
    assert len(said) == 2
