"""Python services write their routes whichever server runs them, and run as if nobody asked."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadstone.gather.recorder.collector import INJECT as RECORDER
from loadstone.model.discovery import Database, Dependency
from loadstone.traffic.framework import FrameworkRoutes, read_routes, routes_environment
from loadstone.traffic.framework.environment import INJECT
from tests.traffic.framework import services
from tests.traffic.framework.serving import BIN, own, routes_of, served

GUNICORN = [str(BIN / "gunicorn"), "--bind", "127.0.0.1:{port}", "--workers", "2"]
UVICORN = [str(BIN / "uvicorn"), "--port", "{port}", "--log-level", "warning"]

SERVERS = {
    "django, pre-forked": ([*GUNICORN, "shop:application"], services.DJANGO_ROUTES),
    "django, preloaded": ([*GUNICORN, "--preload", "shop:application"], services.DJANGO_ROUTES),
    "django, asgi": ([*UVICORN, "shop:asgi"], services.DJANGO_ROUTES),
    "django, runserver": ([sys.executable, "shop.py", "runserver", "127.0.0.1:{port}"], services.DJANGO_ROUTES),
    "flask, debugging": (
        [str(BIN / "flask"), "--app", "site_flask:app", "run", "--debug", "--port", "{port}"],
        {route for route in services.FLASK_ROUTES if "other" not in route},
    ),
    "fastapi, workers": ([*UVICORN, "--workers", "2", "site_fastapi:app"], services.FASTAPI_ROUTES),
    "fastapi, reloading": ([*UVICORN, "--reload", "site_fastapi:app"], services.FASTAPI_ROUTES),
    "aiohttp": ([sys.executable, "site_aiohttp.py", "{port}"], services.AIOHTTP_ROUTES),
}


@pytest.mark.parametrize("server", SERVERS)
def test_the_table_is_the_services_own(server: str, tmp_path: Path) -> None:
    services.write(tmp_path)
    argv, routes = SERVERS[server]
    assert own(routes_of(argv, tmp_path)) == routes


def test_applications_that_are_mounted_have_their_prefix(tmp_path: Path) -> None:
    services.write(tmp_path)
    argv = [*GUNICORN[:-2], "site_flask:whole"]
    assert own(routes_of(argv, tmp_path, ("/", "/other/pong"))) == services.FLASK_ROUTES


@pytest.mark.parametrize("module", ["site_flask:app", "shop:application"])
def test_a_service_beneath_a_prefix_tells_its_routes_with_it(module: str, tmp_path: Path) -> None:
    services.write(tmp_path)
    file = tmp_path / "routes.jsonl"
    with served([*GUNICORN, module], tmp_path, file, {"SCRIPT_NAME": "/beneath"}) as ask:
        assert ask("/beneath/") == 200
        read = read_routes(file)
    assert read is not None
    assert {route.template.split("/")[1] for route in read.routes} == {"beneath"}


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> FrameworkRoutes:
    folder = tmp_path_factory.mktemp("django")
    services.write(folder)
    read = routes_of([*GUNICORN, "shop:application"], folder)
    written = (folder / "routes.jsonl").read_text()
    assert "hunter2" not in written, "no password leaves the service"
    assert (folder / "routes.jsonl").stat().st_mode & 0o077 == 0
    return read


def test_django_tells_what_stands_aside_and_who_must_log_in(django: FrameworkRoutes) -> None:
    by_id = {route.id: route for route in django.routes}
    assert {route.aside for route in django.routes if route.template.startswith("/admin/")} == {"admin"}
    assert by_id["GET /media/{path}"].aside == "static"
    assert by_id["GET /account/"].login is True
    assert by_id["GET /private/"].login is True
    assert by_id["GET /"].login is None
    assert by_id["GET /"].name == "index"
    assert by_id["GET /api/products/"].sources == ("django",)
    assert any("any method" in note for note in django.notes)


def test_djangos_converters_are_kinds(django: FrameworkRoutes) -> None:
    kinds = {field.name: field.kind for route in django.routes if route.aside is None for field in route.fields}
    assert kinds == {
        "id": "number",
        "slug": "slug",
        "year": "number",
        "page": "number",
        "file": "text",
        "key": "hash",
        "version": "word",
        "language": "word",
    }
    language = next(field for route in django.routes for field in route.fields if field.name == "language")
    assert language.values == ("de", "fr")


def test_djangos_settings_name_the_database_and_the_cache(django: FrameworkRoutes) -> None:
    told = Database("postgresql", "Django's settings, DATABASES['default']", "db.example", 5433, "shop")
    assert django.databases == (told,)
    assert django.dependencies == (Dependency("redis", "Django's settings, CACHES", "cache.example", 6380),)
    assert django.login_path == "/login/"
    assert django.framework.startswith("Django 5.")


def test_fastapi_tells_types_parameters_and_its_document(tmp_path: Path) -> None:
    services.write(tmp_path)
    read = routes_of([*UVICORN, "site_fastapi:app"], tmp_path)
    by_id = {route.id: route for route in read.routes}
    fields = {field.name: field for field in by_id["GET /"].fields}
    assert (fields["page"].where, fields["page"].kind, fields["page"].required) == ("query", "number", False)
    assert fields["colour"].values == ("red", "blue")
    assert by_id["GET /colours/{colour}"].fields[0].values == ("red", "blue")
    assert by_id["DELETE /outer/inner/{id}"].fields[0].kind == "uuid"
    assert by_id["DELETE /outer/inner/{id}"].login is True
    assert by_id["PUT /items/{number}"].body == "application/json"
    assert by_id["GET /docs"].aside == by_id["GET /openapi.json"].aside == "docs"
    assert by_id["GET /static/{path}"].aside == "static"
    assert read.openapi_path == "/openapi.json"
    assert read.framework.startswith("FastAPI ")
    assert "1 is a WebSocket, not driven." in read.notes
    assert "Mounted, and not one that tells its routes: site_fastapi.Other, site_fastapi.bare." in read.notes


def test_a_service_whose_urls_are_broken_fails_as_without_us(tmp_path: Path) -> None:
    services.write(tmp_path)
    (tmp_path / "shop.py").write_text(services.DJANGO.replace("urlpatterns = [", "urlpatterns_ = ["))
    file = tmp_path / "routes.jsonl"
    with served([*GUNICORN, "shop:application"], tmp_path, file) as ask:
        assert ask("/") == 500
    assert read_routes(file) is None


def test_a_file_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    services.write(tmp_path)
    with served([*GUNICORN, "site_flask:app"], tmp_path, tmp_path / "no" / "such" / "folder") as ask:
        assert ask("/") == 200


def _python(code: str, file: Path, env: dict[str, str] | None = None) -> str:
    given = env or {}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **given, **routes_environment(file, given)},
        cwd=file.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("first", ["routes", "recorder"])
def test_it_stands_beside_the_recorder_and_the_services_own_sitecustomize(first: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('mine')\n")
    both = [str(INJECT), str(RECORDER)] if first == "routes" else [str(RECORDER), str(INJECT)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*both, str(tmp_path)])}
    env |= {"LOADSTONE_ROUTES": str(tmp_path / "routes"), "LOADSTONE_RECORDER": str(tmp_path)}
    code = "import sys, sitecustomize as s; print(s.__file__, '_loadstone_routes' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (f"mine\n{tmp_path / 'sitecustomize.py'} True\n", "")


@pytest.mark.parametrize("first", ["routes", "recorder"])
def test_frameworks_are_imported_with_both(first: str, tmp_path: Path) -> None:
    services.write(tmp_path)
    both = [str(INJECT), str(RECORDER)] if first == "routes" else [str(RECORDER), str(INJECT)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*both, str(tmp_path)])}
    env |= {"LOADSTONE_ROUTES": str(tmp_path / "routes"), "LOADSTONE_RECORDER": str(tmp_path)}
    code = """
import shop, site_flask, site_fastapi, site_aiohttp
import aiohttp.web_app, django.core.handlers.base, flask.app, starlette.applications
hooked = [
    django.core.handlers.base.BaseHandler.get_response, flask.app.Flask.__call__,
    starlette.applications.Starlette.__call__, aiohttp.web_app.Application.pre_freeze,
]
print([hasattr(each, "__loadstone_routes__") for each in hooked])
"""
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[True, True, True, True]\n", "")


def test_a_process_without_a_framework_imports_next_to_nothing_more(tmp_path: Path) -> None:
    code = "import sys; print(*sorted(sys.modules))"
    plain = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    more = set(_python(code, tmp_path / "routes").split()) - set(plain.split())
    assert {name for name in more if not name.startswith("_loadstone_routes")} <= {
        *("sitecustomize", "functools", "collections", "operator", "_collections", "_functools", "_operator"),
        *("itertools", "keyword", "reprlib", "types", "_collections_abc", "__future__"),
    }
    assert not (tmp_path / "routes").exists()


def test_what_was_on_the_path_stays_behind() -> None:
    told = routes_environment(Path("/tmp/x"), {"PYTHONPATH": "/one"}, {"NODE_OPTIONS": "--max-old-space-size=64"})
    assert told["PYTHONPATH"] == f"{INJECT}{os.pathsep}/one"
    assert told["NODE_OPTIONS"].startswith("--max-old-space-size=64 --require ")
    assert routes_environment(Path("/tmp/x"), {}, {})["PYTHONPATH"] == str(INJECT)


FILES = sorted((INJECT / "_loadstone_routes").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_python_3_9_and_imports_the_standard_library_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    assert any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    imported = {
        name.partition(".")[0]
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not getattr(node, "level", 0)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert imported <= {"__future__", "functools", "os", "sys"}


def test_sitecustomize_is_read_by_any_python() -> None:
    tree = ast.parse((INJECT / "sitecustomize.py").read_text(), feature_version=(3, 4))
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.AnnAssign, ast.JoinedStr, ast.NamedExpr)
    assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)]


def test_half_a_line_and_what_is_not_ours_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "routes"
    assert read_routes(file) is None
    row = {"path": [["flask", "/x/<int:n>"]], "methods": ["GET", "HEAD", "OPTIONS"], "name": "x"}
    line = json.dumps({"format": 1, "framework": "flask", "version": "3", "rows": [row, 7, {"path": "x"}, {}]})
    file.write_text(f'nonsense\n{line}\n{{"format": 2}}\n[1]\n{line}\n{line[:40]}')
    read = read_routes(file)
    assert read is not None
    assert [route.id for route in read.routes] == ["GET /x/{n}"]
    assert read.framework == "Flask 3"


def test_a_format_behind_a_route_of_djangos_is_left_out_where_the_route_is_there(tmp_path: Path) -> None:
    rows = [
        {"path": [["plain", "/"], ["regex", pattern]], "methods": ["GET"], "name": "x"}
        for pattern in (
            *(r"^users/$", r"^users\.(?P<format>[a-z0-9]+)/?$", r"^users/(?P<pk>[^/.]+)/$", r"^\.(?P<format>json)$"),
            *(r"^users/(?P<pk>[^/.]+)\.(?P<format>[a-z0-9]+)/?$", r"^export\.(?P<format>csv|xls)$"),
        )
    ]
    file = tmp_path / "routes"
    for framework in ("django", "flask"):
        file.write_text(json.dumps({"format": 1, "framework": framework, "version": "", "rows": rows}))
        read = read_routes(file)
        assert read is not None
        ids = {route.id for route in read.routes}
        if framework == "django":
            assert ids == {"GET /users/", "GET /users/{pk}/", "GET /export.{format}", "GET /.{format}"}
            assert "2 more with a format's suffix (.json) are left out." in read.notes
        else:
            assert len(ids) == 6


@pytest.mark.parametrize(
    ("wall", "told", "login"),
    [(False, None, None), (False, False, None), (False, True, True), (True, None, True), (True, False, False)],
)
def test_a_login_that_a_middleware_asks_for(wall: bool, told: bool | None, login: bool | None, tmp_path: Path) -> None:
    file = tmp_path / "routes"
    row = {"path": [["plain", "/"]], "methods": ["GET"], "login": told}
    file.write_text(json.dumps({"format": 1, "framework": "django", "version": "", "login_wall": wall, "rows": [row]}))
    read = read_routes(file)
    assert read is not None
    assert read.routes[0].login is login
