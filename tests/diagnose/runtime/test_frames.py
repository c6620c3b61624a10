"""Whose code a frame is, and which of them serialise."""

from __future__ import annotations

import pytest

from loadstone.diagnose.runtime.frames import Frame, Reader, application_files
from loadstone.diagnose.runtime.serialisers import serialiser_at


def _leaf(text: str, known: tuple[str, ...] = ()) -> Frame:
    return Reader(application_files(known)).stack(text)[-1]


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("page (shop/pages.py:3)", "application"),
        ("page (/srv/shop/pages.py:3)", "application"),
        ("page (/srv/.venv/lib/python3.11/site-packages/jinja2/environment.py:3)", "library"),
        ("render (jinja2/environment.py:1295)", "library"),
        ("Query.all (sqlalchemy/orm/query.py:2704)", "data"),
        ("execute (django/db/backends/utils.py:105)", "data"),
        ("get_response (django/core/handlers/base.py:140)", "library"),
        ("Condition.wait (threading.py:327)", "runtime"),
        ("_run_code (<frozen runpy>:88)", "runtime"),
        ("execute (/x/loadstone/gather/recorder/inject/_loadstone_recorder/lib_sqlite3.py:112)", "data"),
        ("answer (/x/loadstone/gather/recorder/inject/_loadstone_recorder/lib_wsgi.py:1)", "observer"),
        ("com.shop.Cart.total (Cart:88)", "application"),
        ("java.util.HashMap.get (HashMap:5)", "runtime"),
        ("org.springframework.web.Dispatcher.doGet (Dispatcher:9)", "library"),
        ("org.hibernate.loader.Loader.load (Loader:9)", "data"),
        ("listing (/app/src/pages.js:10)", "application"),
        ("query (/app/node_modules/pg/lib/client.js:3)", "data"),
        ("next (/app/node_modules/express/lib/router.js:3)", "library"),
        ("emit (node:events:517)", "runtime"),
        ("epoll_wait (/usr/lib/x86_64-linux-gnu/libc.so.6)", "runtime"),
        ("(idle)", "runtime"),
    ],
)
def test_whose_code_a_frame_is(text: str, origin: str) -> None:
    assert _leaf(text).origin == origin


def test_what_spans_call_the_application_is() -> None:
    installed = "/x/.venv/lib/python3.11/site-packages/datasette/database.py"
    assert _leaf("serve (datasette/cli.py:3)").origin == "application"  # an unknown package
    assert _leaf("get (celery/app/base.py:3)").origin == "library"
    assert _leaf("get (celery/app/base.py:3)", ("/x/site-packages/celery/app/task.py",)).origin == "application"
    assert _leaf("serve (datasette/cli.py:3)", (installed,)).origin == "application"
    middleware = "/x/site-packages/whitenoise/middleware.py"
    assert _leaf("process (whitenoise/middleware.py:3)", (middleware,)).origin == "application"
    assert _leaf("process (whitenoise/middleware.py:3)", (middleware, installed)).origin == "library"
    assert _leaf("serve (datasette/cli.py:3)", (middleware, installed)).origin == "application"
    assert _leaf("month (calendar.py:3)").origin == "runtime"
    assert _leaf("month (calendar.py:3)", ("/srv/shop/calendar.py",)).origin == "application"


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("EpollSelector.select (selectors.py:468)", True),
        ("_worker (concurrent/futures/thread.py:81)", True),
        ("SyncWorker.wait (gunicorn/workers/sync.py:35)", True),
        ("jdk.internal.misc.Unsafe.park (Unsafe:9)", True),
        ("(idle)", True),
        ("page (shop/pages.py:3)", False),
        ("waited_s (shop/pages.py:3)", False),
    ],
)
def test_calls_that_wait(text: str, waits: bool) -> None:
    assert _leaf(text).waits is waits


@pytest.mark.parametrize(
    ("stack", "place", "called"),
    [
        ("page (shop/p.py:1);dumps (json/__init__.py:231)", 1, "json"),
        ("page (shop/p.py:1);dumps (json/__init__.py:231);_iterencode (json/encoder.py:3)", 1, "json in pure Python"),
        ("page (shop/p.py:1);deepcopy (copy.py:3);_reconstruct (copy.py:9)", 1, "copy.deepcopy"),
        ("run (shop/main.py:1);page (shop/p.py:1);to_dict (shop/p.py:9);price (shop/q.py:3)", 2, "application's own"),
        ("page (shop/p.py:1);asdict (dataclasses.py:1270)", 1, "dataclasses.asdict"),
        ("page (shop/p.py:1);safe_load (yaml/__init__.py:125)", 1, "yaml"),
    ],
)
def test_the_outermost_serialiser_is_found(stack: str, place: int, called: str) -> None:
    found = serialiser_at(Reader().stack(stack))
    assert found is not None
    assert found[0] == place
    assert called in found[1].called


@pytest.mark.parametrize(
    "stack",
    [
        "dumps (json/__init__.py:231)",  # nothing of the application above it
        "page (shop/p.py:1);render (jinja2/environment.py:1295)",
        "page (shop/p.py:1);load_page (shop/p.py:2);decoded_price (shop/p.py:3);dump_truck (shop/p.py:4)",
        "page (shop/p.py:1);encoder_settings (shop/p.py:2)",
    ],
)
def test_what_only_sounds_like_one_is_not(stack: str) -> None:
    assert serialiser_at(Reader().stack(stack)) is None
