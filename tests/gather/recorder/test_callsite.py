"""Which frame made a call: the application's innermost, and never the machinery that carried it out."""

from __future__ import annotations

import asyncio.events
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loadstone.gather.recorder.inject._loadstone_recorder import callsite
from loadstone.gather.recorder.reading import read
from tests.gather.recorder.serving import run

Chain = Callable[..., str]
_TEMPLATE = "def call(inner, *rest):\n    return inner(*rest)\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """Calls through functions of the given files, outermost first, and tells where it was said to come from."""
    texts: list[str] = [""]

    class Recording:
        @staticmethod
        def text(value: str) -> int:
            texts.append(value)
            return len(texts) - 1

    monkeypatch.setattr(callsite, "SPOOL", Recording)
    monkeypatch.setattr(callsite, "_sites", {})
    monkeypatch.setattr(callsite, "_last", {})
    monkeypatch.setattr(callsite, "_files", {__file__: callsite._OTHER})
    monkeypatch.setattr(callsite, "_DEPTH", 40)

    made: dict[tuple[str, str], Callable[..., int]] = {}

    def function(file: str, name: str) -> Callable[..., int]:
        if (file, name) not in made:
            space: dict[str, Callable[..., int]] = {}
            exec(compile(_TEMPLATE.replace("call(", f"{name}("), file, "exec"), space)
            made[file, name] = space[name]
        return made[file, name]

    def chain(*files: str, name: str = "call", what: int = 0) -> str:
        first, *rest = [*(function(file, name) for file in files), lambda: callsite.site(2, what)]
        with ThreadPoolExecutor(1) as clean:  # a stack without pytest at its end
            return texts[clean.submit(first, *rest).result()]

    yield chain


@pytest.mark.parametrize(
    "machinery",
    [
        "/env/lib/python3.11/site-packages/django/db/models/query.py",
        "/usr/lib/python3/dist-packages/sqlalchemy/engine/base.py",
        callsite.__file__.replace("callsite", "lib_sqlite3"),
        str(threading.__file__),
        "<string>",
        "<frozen importlib._bootstrap>",
        f"{sys.prefix}/bin/gunicorn",
    ],
)
def test_machinery_is_passed_over(machinery: str, asked: Chain) -> None:
    assert asked("/srv/shop/views.py", machinery, machinery).split("\n") == ["/srv/shop/views.py", "2", "call"]


def test_the_innermost_frame_of_the_application_is_it(asked: Chain) -> None:
    assert asked("/srv/shop/views.py", "/srv/shop/models.py").startswith("/srv/shop/models.py\n")


def test_an_installed_application_stands_for_itself_where_nothing_else_does(asked: Chain) -> None:
    installed = "/env/site-packages/datasette/database.py"
    assert asked("/env/site-packages/uvicorn/main.py", installed).startswith(installed)
    assert asked("/srv/shop/views.py", installed).startswith("/srv/shop/views.py")


def test_the_caller_of_an_event_loop_made_no_call(asked: Chain) -> None:
    events = str(asyncio.events.__file__)
    assert asked("/srv/shop/__main__.py", events, name="_run") == ""
    assert asked("/srv/shop/__main__.py", events, "/srv/shop/views.py", name="_run").startswith("/srv/shop/views.py")


def test_where_all_is_machinery_there_is_no_site(asked: Chain) -> None:
    assert asked("/env/site-packages/django/urls.py") == ""


def test_a_stack_without_end_is_looked_at_so_far(asked: Chain) -> None:
    assert asked("/srv/shop/views.py", *["/env/site-packages/django/urls.py"] * 60) == ""


VIEW, OTHER_VIEW, DRIVER, DRIVER_TOO, MODELS = (
    "/srv/shop/views.py",
    "/srv/shop/other.py",
    "/env/site-packages/django/a.py",
    "/env/site-packages/django/b.py",
    "/srv/shop/models.py",
)
WAYS = [
    (VIEW, DRIVER, DRIVER),
    (VIEW, DRIVER),
    (VIEW, DRIVER, DRIVER),
    (OTHER_VIEW, DRIVER, DRIVER),
    (VIEW, MODELS, DRIVER),
    (VIEW, DRIVER_TOO, DRIVER),
    (VIEW, DRIVER, DRIVER),
    (MODELS, VIEW, DRIVER, DRIVER),
    (DRIVER,),
    (VIEW, DRIVER, DRIVER, DRIVER),
]


def test_what_is_remembered_of_a_statement_is_taken_only_where_it_is_still_so(asked: Chain) -> None:
    expected = [next(file for file in reversed(("", *way)) if "site-packages" not in file) for way in WAYS]
    assert [asked(*way, what=7).split("\n")[0] for way in WAYS * 2] == expected * 2


def test_tasks_of_asyncio_are_told_apart_by_their_lines(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("""
import asyncio, sqlite3
def ask(number):
    return sqlite3.connect(":memory:").execute("select ?", (number,)).fetchone()
async def one():
    await asyncio.sleep(0)
    ask(1)
async def two():
    await asyncio.sleep(0)
    await asyncio.to_thread(ask, 2)
async def main():
    await asyncio.gather(one(), two())
asyncio.run(main())
""")
    run([sys.executable, "program.py"], tmp_path)
    (process,), _ = read(tmp_path / "spool")
    sites = [
        process.text(number)
        for records, _ in process.records()
        for number in records["site"][records["statement"] != 0].tolist()
    ]
    assert [site and site[0].split("\n") for site in sites] == [[str(tmp_path / "program.py"), "4", "ask"]] * 2
