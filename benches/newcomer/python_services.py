"""doccano (Django, PostgreSQL), I Hate Money (Flask, SQLite) and Prefect's server (FastAPI, SQLite), from PyPI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from benches.newcomer.service import Foreign, Place, ran, uv_venv

__all__ = ["DOCCANO", "IHATEMONEY", "PREFECT"]

DOCCANO_AS_OF = "2023-12-31"
"""Its last release pins few of its libraries; these are the ones of its time."""

_FILL_DOCCANO = """
import django
django.setup()
from django.contrib.auth import get_user_model
from examples.models import Example
from projects.models import Project, TextClassificationProject
user = get_user_model().objects.get(username="admin")
for number in range(5):
    project = TextClassificationProject.objects.create(
        name=f"project {number}", description="made for a benchmark", created_by=user,
        project_type="DocumentClassification")
    project.add_admin()
    for text in range(40):
        Example.objects.create(project=project, text=f"text {text} of project {number}")
"""

_URLS_DOCCANO = """
from config.settings.production import *
INSTALLED_APPS = [*INSTALLED_APPS, "django_extensions"]
"""


def _python(place: Place) -> str:
    return str(place.folder / "venv" / "bin" / "python")


def _installed(package: str, place: Place) -> str:
    return ran([_python(place), "-c", f"import importlib.metadata as m; print(m.version({package!r}))"]).strip()


def _backend(place: Place) -> Path:
    (found,) = (place.folder / "venv" / "lib").glob("python3*/site-packages/backend")
    return found


def _doccano_env(place: Place) -> Mapping[str, str]:
    return {
        "DATABASE_URL": place.dsn,
        "DOCCANO_HOME": str(place.folder / "home"),
        "MEDIA_ROOT": str(place.folder / "home" / "media"),
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "STANDALONE": "True",
        "ALLOW_SIGNUP": "False",
    }


def _doccano_install(place: Place) -> None:
    packages = ["doccano[postgresql]", "psycopg2-binary", "django-extensions"]
    uv_venv(place, packages, newest=DOCCANO_AS_OF)


def _doccano_prepare(place: Place) -> None:
    env, program = _doccano_env(place), str(place.folder / "venv" / "bin" / "doccano")
    ran([program, "init"], env=env, cwd=place.folder)
    ran([program, "createuser", "--username", "admin", "--password", "newcomer-pass"], env=env, cwd=place.folder)
    ran([_python(place), "-c", _FILL_DOCCANO], env=env, cwd=_backend(place))


def _doccano_truth(place: Place) -> list[tuple[str, str]]:
    """By django-extensions' show_urls, which tells no methods."""
    (place.folder / "shown_settings.py").write_text(_URLS_DOCCANO)
    env = {
        **_doccano_env(place),
        "DJANGO_SETTINGS_MODULE": "shown_settings",
        "PYTHONPATH": f"{place.folder}:{_backend(place)}",
    }
    told = ran([_python(place), "manage.py", "show_urls", "--format", "json"], env=env, cwd=_backend(place))
    return [("*", one["url"]) for one in json.loads(told[told.index("[\n") if "[\n" in told else told.index("[{") :])]


DOCCANO = Foreign(
    name="doccano",
    what="Django, PostgreSQL; PyPI",
    install=_doccano_install,
    prepare=_doccano_prepare,
    start=lambda place: (
        f"{place.folder}/venv/bin/gunicorn --chdir {_backend(place)} --bind 127.0.0.1:{{port}} --workers 2 config.wsgi"
    ),
    env=_doccano_env,
    truth=_doccano_truth,
    version=lambda place: _installed("doccano", place),
    user="admin",
    password="newcomer-pass",
    dsn_env="DATABASE_URL",
)


def _ihatemoney_env(place: Place) -> Mapping[str, str]:
    return {"IHATEMONEY_SETTINGS_FILE_PATH": str(place.folder / "ihatemoney.cfg")}


def _ihatemoney_prepare(place: Place) -> None:
    (place.folder / "ihatemoney.cfg").write_text(
        f'SQLALCHEMY_DATABASE_URI = "sqlite:///{place.folder}/ihatemoney.db"\nSQLALCHEMY_TRACK_MODIFICATIONS = False\n'
        'SECRET_KEY = "for a benchmark"\nACTIVATE_DEMO_PROJECT = True\nALLOW_PUBLIC_PROJECT_CREATION = True\n'
        'MAIL_DEFAULT_SENDER = ("nobody", "nobody@example.com")\n'
    )


def _ihatemoney_truth(place: Place) -> list[tuple[str, str]]:
    """By Flask's own ``routes``."""
    told = ran([str(place.folder / "venv" / "bin" / "ihatemoney"), "routes"], env=_ihatemoney_env(place))
    lines = told.splitlines()
    columns = next(line for line in lines if line.startswith("----"))
    first, second = len(columns.split()[0]) + 2, columns.rindex("  ") + 2
    rows = lines[lines.index(columns) + 1 :]
    return [
        (method, row[second:].strip())
        for row in rows
        if row.strip()
        for method in row[first:second].strip().split(", ")
    ]


IHATEMONEY = Foreign(
    name="ihatemoney",
    what="Flask, SQLite; PyPI",
    install=lambda place: uv_venv(place, ["ihatemoney", "gunicorn"]),
    prepare=_ihatemoney_prepare,
    start=lambda place: (
        f"{place.folder}/venv/bin/gunicorn --bind 127.0.0.1:{{port}} --workers 2 ihatemoney.wsgi:application"
    ),
    env=_ihatemoney_env,
    truth=_ihatemoney_truth,
    version=lambda place: _installed("ihatemoney", place),
)

_TRUTH_PREFECT = """
import json
from prefect.server.api.server import create_app
app = create_app()
told = []
for mounted in app.routes:
    inner = getattr(mounted, "app", None)
    if hasattr(inner, "openapi"):
        for path, methods in inner.openapi()["paths"].items():
            told += [[method.upper(), mounted.path + path] for method in methods if method != "parameters"]
print("ROUTES" + json.dumps(told))
"""


def _prefect_env(place: Place) -> Mapping[str, str]:
    return {
        "PREFECT_HOME": str(place.folder / "home"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_API_URL": "",
    }


def _prefect_truth(place: Place) -> list[tuple[str, str]]:
    """By FastAPI's own OpenAPI document."""
    told = ran([_python(place), "-c", _TRUTH_PREFECT], env=_prefect_env(place), cwd=place.folder)
    return [(method, path) for method, path in json.loads(told[told.index("ROUTES") + 6 :])]


PREFECT = Foreign(
    name="prefect",
    what="FastAPI, SQLite; PyPI",
    install=lambda place: uv_venv(place, ["prefect"]),
    start=lambda place: f"{place.folder}/venv/bin/prefect server start --host 127.0.0.1 --port {{port}}",
    env=_prefect_env,
    truth=_prefect_truth,
    version=lambda place: _installed("prefect", place),
)
