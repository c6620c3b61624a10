"""A service that runs already, named at the command line by a process or a port."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.throwaway import free_port

WITHOUT = [word for name in ("traces", "recorder", "profile", "sqlite") for word in ("--without", name)]


@pytest.fixture
def port() -> Iterator[int]:
    """Where this very process answers."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_doctor_looks_at_who_listens_at_a_port(loadstone: Command, port: int) -> None:
    told = loadstone("doctor", "--port", str(port), "--json")
    assert told.code == 0, told.err
    doctor = json.loads(told.out)
    assert os.getpid() in doctor["processes"]
    assert any(note.startswith("Not to be had: statements, calls and waits") for note in doctor["notes"])
    page = loadstone("doctor", "--port", str(port)).out
    assert "attached   To a service that Loadstone did not start." in page
    assert loadstone("doctor").out.count("attached") == 0


def test_what_is_lost_goes_with_the_evidence(loadstone: Command, port: int) -> None:
    told = loadstone("gather", "--for", "1s", "--port", str(port), *WITHOUT)
    assert told.code == 0, told.err
    assert "Not to be had: statements, calls and waits" in told.out


def test_an_observed_run_looks_at_the_processes_of_a_port(loadstone: Command, port: int) -> None:
    url = "http://127.0.0.1:9/items"  # a proxy, say: the service's processes are those of the port
    words = ("--rate", "50/s", "--for", "2s", *WITHOUT, "--seed", "3")
    told = loadstone("run", url, "--evidence", "--port", str(port), *words)
    assert told.code == 0, told.err
    evidence = loadstone("evidence", "last").out
    assert "Not to be had: statements, calls and waits" in evidence
    assert "service memory" in evidence


def test_a_process_that_is_not_there_ends_it_before_the_load(loadstone: Command, port: int) -> None:
    for words, says in (
        (("--port", str(free_port())), "nothing listens at 127.0.0.1"),
        (("--pid", "999999999"), "there is no process 999999999"),
    ):
        told = loadstone("run", f"http://127.0.0.1:{port}/", "--rate", "10/s", "--evidence", *words)
        assert (told.code, says in told.err) == (2, True), told.err
    assert not Path(".loadstone").exists()


SPEC = """
[service]
url = "http://127.0.0.1:9"
start = "sleep 60"
[[journey]]
name = "look"
[[journey.step]]
name = "list"
get = "/"
[shape.steady]
rate = "10/s"
duration = "1s"
"""


def test_a_service_that_the_spec_starts_is_not_named_as_well(loadstone: Command) -> None:
    Path("loadstone.toml").write_text(SPEC)
    told = loadstone("run", "--evidence", "--pid", str(os.getpid()))
    assert told.code == 2
    assert "take start out of [service], or these" in told.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "http://127.0.0.1:9/", "--pid", "1"), "go with --evidence"),
        (("diagnose", "--port", "1"), "go with --probe"),
        (("gather", "--port", "70000"), "70000 is not in the range"),
    ],
)
def test_where_it_means_nothing_it_is_refused(loadstone: Command, words: tuple[str, ...], says: str) -> None:
    told = loadstone(*words)
    assert told.code == 2
    assert says in told.err
