"""Every request that a server answered is there afterwards: under forks, reloads, SIGTERM and SIGKILL."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.gather.recorder import services
from tests.gather.recorder.serving import BIN, TRACE, Served, rows, served, until
from tests.throwaway import free_port

COUNT = 200
GUNICORN = [str(BIN / "gunicorn"), "--bind", "127.0.0.1:{port}", "--workers", "2"]
UVICORN = [str(BIN / "uvicorn"), "--port", "{port}", "--log-level", "warning"]

SERVERS = {
    "gunicorn": [*GUNICORN, "wsgi_of_test:app"],
    "gunicorn, preloaded": [*GUNICORN, "--preload", "wsgi_of_test:app"],
    "gunicorn, threads": [*GUNICORN, "--threads", "2", "wsgi_of_test:app"],
    "uvicorn, workers": [*UVICORN, "--workers", "2", "fastapi_of_test:app"],
    "uvicorn, reloading": [*UVICORN, "--reload", "fastapi_of_test:app"],
    "runserver": [sys.executable, "manage.py", "runserver", "127.0.0.1:{port}"],
    "flask, debugging": [str(BIN / "flask"), "--app", "flask_of_test", "run", "--debug", "--port", "{port}"],
}


def _argv(words: Sequence[str], port: int) -> list[str]:
    return [word.format(port=port) for word in words]


def _recorded(service: Served) -> Counter[int]:
    """How often each of our requests is there as a server's span."""
    spans = [row for row in rows(service.recorder.close()) if row["kind"] == 2 and row["trace_id"].hex() == TRACE]
    return Counter(int.from_bytes(row["parent_id"], "big") for row in spans)


@pytest.mark.parametrize("server", [name for name in SERVERS if name != "uvicorn, reloading"])
def test_every_answered_request_is_there_after_sigterm(server: str, tmp_path: Path) -> None:
    services.write(tmp_path)
    port = free_port()
    with served(_argv(SERVERS[server], port), tmp_path, port) as service:
        answered = service.many("/", COUNT)
    assert answered == set(range(1, COUNT + 1))
    assert _recorded(service) == Counter(answered)
    assert service.recorder.counts.torn == 0
    assert service.recorder.counts.lost == 0


@pytest.mark.parametrize("server", ["gunicorn", "gunicorn, preloaded", "uvicorn, workers"])
def test_every_answered_request_is_there_after_sigkill_amid_the_load(server: str, tmp_path: Path) -> None:
    services.write(tmp_path)
    port = free_port()
    with served(_argv(SERVERS[server], port), tmp_path, port) as service:

        def kill(seen: int) -> None:
            if seen >= COUNT // 2:  # two threads may count at once, and none see the half itself
                for pid in service.pids():
                    os.kill(pid, signal.SIGKILL)

        answered = service.many("/", COUNT, after=kill)
    assert COUNT // 2 <= len(answered) < COUNT
    recorded = _recorded(service)
    assert answered <= set(recorded)
    assert set(recorded.values()) == {1}


def test_a_reload_begins_a_new_process_and_loses_nothing_of_the_old(tmp_path: Path) -> None:
    services.write(tmp_path)
    port = free_port()
    with served(_argv(SERVERS["uvicorn, reloading"], port), tmp_path, port) as service:
        before = service.many("/", COUNT // 2)
        answered_by = len(_servers(service))
        source = tmp_path / "fastapi_of_test.py"
        source.write_text(source.read_text() + "\n# changed\n")
        until(lambda: len(_servers(service)) > answered_by, "a new process serves")
        after = service.many("/", COUNT // 2, first=COUNT)
    recorded = _recorded(service)
    assert before | after <= set(recorded)
    assert set(recorded.values()) == {1}


def _servers(service: Served) -> set[int]:
    """Which processes have answered: asks once more, so that a new one can."""
    try:
        service.get("/")
    except OSError:
        return set()
    return {row["process_pid"] for row in rows(service.recorder.close()) if row["kind"] == 2}


def test_statements_are_there_too(tmp_path: Path) -> None:
    services.write(tmp_path)
    port = free_port()
    with served(_argv([*GUNICORN, "site_of_test:application"], port), tmp_path, port) as service:
        answered = service.many("/statements/20/", COUNT // 4)
    spans = rows(service.recorder.close())
    asked = [row for row in spans if row["db_query_text"] == "select ? + ?"]
    assert len(asked) == 20 * len(answered)
    servers = {row["span_id"] for row in spans if row["kind"] == 2}
    assert {row["parent_id"] for row in asked} <= servers
