"""Experiments with the native engine on small real services: counters request by request, a switch, a hang, a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from loadstone.archive import Archive
from loadstone.cli.observe import Ways, observing_of
from loadstone.drive.engine import native
from loadstone.lab.counting import counted
from loadstone.lab.experiment import ExperimentAsked, run_experiment
from loadstone.lab.experiments import experiments, resolve_experiment
from loadstone.model.comparison import Comparison, Metric
from loadstone.model.experiment import SideAsked
from loadstone.spec import Spec, load
from loadstone.stats.pairs.counted import unpaired_share

SERVICE = '''\
"""Items out of SQLite: how many statements and how long a wait, by the environment or by a call."""

import os
import socketserver
import sqlite3
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

STATE = {"statements": int(os.environ.get("STATEMENTS", "1")), "wait_s": float(os.environ.get("WAIT_S", "0"))}
KEEP_BYTES = int(os.environ.get("KEEP_BYTES", "0"))
LOCAL = threading.local()
KEPT = []


def connection():
    if not hasattr(LOCAL, "connection"):
        LOCAL.connection = sqlite3.connect(sys.argv[2])
    return LOCAL.connection


def burn(times):
    total = 0
    for number in range(times):
        total += number * number
    return total


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/switch/"):
        STATE["wait_s"] = float(path.rpartition("/")[2])
        start_response("204 No Content", [])
        return []
    number = int(path.rpartition("/")[2] or 0)
    if "FAILING" in os.environ and path.startswith("/items") and number % 3 == 0:
        connection().execute("SELECT name FROM item WHERE id = ?", (number,)).fetchone()
        start_response("503 Service Unavailable", [])
        return []
    names = [
        connection().execute("SELECT name FROM item WHERE id = ?", (number + place,)).fetchone()
        for place in range(STATE["statements"] if path.startswith("/items") else 1)
    ]
    if path.startswith("/items"):
        burn(int(os.environ.get("BURN", "0")))
    if KEEP_BYTES:
        KEPT.append(b"k" * KEEP_BYTES)
    time.sleep(STATE["wait_s"])
    start_response("200 OK", [("content-type", "text/plain")])
    return [str(names[0]).encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class Threaded(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    with sqlite3.connect(sys.argv[2]) as filling:
        filling.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT)")
        filling.executemany("INSERT OR IGNORE INTO item VALUES (?, ?)", [(n, f"item {n}") for n in range(200)])
    kind = WSGIServer if "SERIAL" in os.environ else Threaded  # a thread of 3 ms for each request is hard to sample
    make_server("127.0.0.1", int(sys.argv[1]), app, kind, Quiet).serve_forever()
'''

SPEC = """\
[service]
url = "http://127.0.0.1:1"
start = {start}

[[journey]]
name = "read"
[[journey.step]]
name = "index"
get = "/index/{{int(1, 99)}}"
timeout = "1s"
[[journey.step]]
think = "exponential(50ms)"
[[journey.step]]
name = "item"
get = "/items/{{int(1, 99)}}"
timeout = "1s"

[shape.short]
rate = "90/s"
duration = "1s"
"""


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    (tmp_path / "service.py").write_text(SERVICE)
    start = f"{sys.executable} service.py {{port}} {tmp_path / 'items.db'}"
    (tmp_path / "loadstone.toml").write_text(SPEC.format(start=json.dumps(start)))
    return load(tmp_path / "loadstone.toml")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.prove.design.COOL_DOWN_S", 0.0)


def _asked(spec: Spec, a: SideAsked, b: SideAsked, measured_s: float = 1.0, **more: object) -> ExperimentAsked:
    given = {"pairs": 6, "measured_s": measured_s, "warm_up_s": 0.2, "seed": 41, "shape": spec.shape} | more
    return ExperimentAsked(sides=(a, b), spec=spec, workload=spec.workload, **given)  # type: ignore[arg-type]


def _doubted(made: Comparison) -> bool:
    return len(made.pairs) > 6 or any(caveat.level == "doubt" for caveat in made.caveats)


def _environment(name: str, **env: str) -> SideAsked:
    return SideAsked(name="A" if name == "A" else "B", kind="environment", label=str(env), env=env)


def test_one_observed_run_a_side_counts_every_request_and_settles_it(spec: Spec, tmp_path: Path) -> None:
    archive = Archive(tmp_path / ".loadstone")
    looks: list[Comparison] = []

    def decided(comparison: Comparison) -> str:
        looks.append(comparison)
        return "the counters have said it"

    phases = tuple(msgspec.structs.replace(phase, rate_per_s=30.0) for phase in spec.shape.phases)
    wanted = _asked(
        spec,
        _environment("A", SERIAL="1", STATEMENTS="41", BURN="20000"),
        _environment("B", SERIAL="1", STATEMENTS="2"),
        measured_s=4.0,
        shape=msgspec.structs.replace(spec.shape, phases=phases),
        observe=lambda service, workload: observing_of(service, workload, Ways(without=("host",))),
        decided_early=decided,
        margins={"statements a request of read.item": 0.0, "statements a request of read.index": 0.0},
    )
    made = run_experiment(archive, wanted, native)
    assert len(looks) == 1 and not made.pairs
    assert any(caveat.code == "decided-early" for caveat in made.caveats), made.caveats

    def metric(label: str) -> Metric:
        return next(one for one in made.metrics if one.label == label)

    item, index = metric("statements a request of read.item"), metric("statements a request of read.index")
    assert (item.a, item.b, item.low, item.high, item.verdict) == (41, 2, -39, -39, "faster")
    assert (index.a, index.b, index.low, index.high) == (1, 1, 0, 0)
    moved = next(one for one in made.moved if one.family == "database")
    assert (moved.step, moved.a, moved.b) == ("item", 41, 2) and "SELECT name FROM item" in moved.label
    assert moved.where is not None and moved.where.rpartition(":")[0].endswith("service.py")
    sides = [counted(archive, archive.run(side.observed or "")) for side in made.sides]
    assert unpaired_share(sides[0].number, sides[1].number) < 0.02
    assert sides[0].steps == (("read", "index"), ("read", "item")) and len(sides[0].number) > 150
    # A profiler on a full machine may see too little of it to tell; what it tells is of this step.
    assert {one.step for one in sides[0].operations if one.label == "burn"} <= {"item"}
    kept = resolve_experiment(archive, "last").manifest
    assert [(step.pair, step.side, step.run) for step in kept.steps[:2]] == [
        (-1, side.name, side.observed) for side in made.sides
    ]


def test_a_side_that_stops_failing_does_no_more_work(spec: Spec, tmp_path: Path) -> None:
    archive = Archive(tmp_path / ".loadstone")
    wanted = _asked(
        spec,
        _environment("A", SERIAL="1", STATEMENTS="4", FAILING="1"),
        _environment("B", SERIAL="1", STATEMENTS="4"),
        measured_s=2.0,
        observe=lambda service, workload: observing_of(service, workload, Ways(without=("host", "profile"))),
        decided_early=lambda comparison: "the counters are all that is asked",
        margins={"statements a request of read.item": 0.0},
    )
    made = run_experiment(archive, wanted, native)
    item = next(one for one in made.metrics if one.label == "statements a request of read.item")
    assert (item.a, item.b, item.low, item.high, item.verdict) == (4, 4, 0, 0, "not-worse")
    first, second = (counted(archive, archive.run(side.observed or "")) for side in made.sides)
    assert 0.05 < first.failed.mean() < 0.5 and not second.failed.any()
    assert set(first.columns["statements"][first.failed].tolist()) == {1}


def test_a_running_service_is_switched_by_a_call_before_each_run(spec: Spec, tmp_path: Path) -> None:
    archive = Archive(tmp_path / ".loadstone")
    a = SideAsked(name="A", kind="call", label="quick", call="POST /switch/0.002")
    b = SideAsked(name="B", kind="call", label="slow", call="POST /switch/0.040")
    made = run_experiment(archive, _asked(spec, a, b), native)
    p50 = next(one for one in made.metrics if one.label == "p50 response")
    assert p50.ratio is not None and p50.ratio > 2
    # On a machine that is full, pairs are left out; then it is undecided with that reason, and never a pass.
    assert made.verdict == "slower" or (made.verdict == "undecided" and _doubted(made))
    assert made.design.together
    assert (resolve_experiment(archive, "last").directory / "service.log").exists()


def test_a_side_that_hangs_is_bounded_by_its_timeouts_and_ends_it(spec: Spec, tmp_path: Path) -> None:
    archive = Archive(tmp_path / ".loadstone")
    made = run_experiment(
        archive, _asked(spec, _environment("A", WAIT_S="0.002"), _environment("B", WAIT_S="600")), native
    )
    assert made.verdict == "invalid" and len(made.pairs) == 1
    assert any("Side B answered none" in text and "timeout" in text for text in made.vetoed), made.vetoed
    assert made.design.spent_s is not None and made.design.spent_s < 60


def test_a_side_that_keeps_memory_run_by_run_is_no_pass(spec: Spec, tmp_path: Path) -> None:
    archive = Archive(tmp_path / ".loadstone")
    sides = _environment("A", WAIT_S="0.02"), _environment("B", WAIT_S="0.002", KEEP_BYTES="200000")
    made = run_experiment(archive, _asked(spec, *sides), native)
    assert made.design.together
    leaks = [caveat for caveat in made.caveats if caveat.code == "leaks"]
    assert len(leaks) == 1 and leaks[0].level == "doubt" and "Side B grew by" in leaks[0].message, made.caveats
    assert made.verdict in ("undecided", "invalid"), "B answers sooner, and yet"


BUSY = "while True: pass"


def test_a_machine_that_others_fill_midway_is_no_pass(spec: Spec, tmp_path: Path) -> None:
    """From the third pair on there are eight times as many busy processes as the machine has cores."""
    archive = Archive(tmp_path / ".loadstone")
    busy: list[subprocess.Popen[bytes]] = []
    ended = threading.Event()

    def fill() -> None:
        while not ended.wait(0.02):
            found = experiments(archive)
            if found and sum(step.run is not None for step in found[0].manifest.steps) >= 5:
                busy.extend(subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(8 * (os.cpu_count() or 1)))
                return

    filling = threading.Thread(target=fill)
    filling.start()
    try:
        sides = _environment("A", WAIT_S="0.006"), _environment("B", WAIT_S="0.002")
        made = run_experiment(archive, _asked(spec, *sides, pairs=8), native)
    finally:
        ended.set()
        filling.join()
        for one in busy:
            one.kill()
            one.wait()
    assert busy, "the third pair was reached"
    assert made.verdict in ("undecided", "invalid"), made.sentence
    told = [*made.vetoed, *(caveat.message for caveat in made.caveats if caveat.level == "doubt")]
    assert any("disturbed" in one or "late" in one for one in told), made.pairs
    assert any("Other processes took" in (row.left_out or "") for row in made.pairs), made.pairs


class _Item(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def two_up() -> Iterator[list[str]]:
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _Item) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in servers]
    for thread in threads:
        thread.start()
    yield [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


def test_kill_9_leaves_an_experiment_that_reads_as_crashed(spec: Spec, two_up: list[str], tmp_path: Path) -> None:
    words = [sys.executable, "-m", "loadstone", "prove", "--a", two_up[0], "--b", two_up[1], "--pairs", "6"]
    words += ["--for", "1s", "--warm-up", "100ms", "--no-observed", "-q"]
    environment = {name: value for name, value in os.environ.items() if name != "LOADSTONE_ARCHIVE"}
    process = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    archive = Archive(tmp_path / ".loadstone")
    try:
        while process.poll() is None:
            found = experiments(archive)
            if found and sum(step.run is not None for step in found[0].manifest.steps) >= 3:
                break
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    killed = resolve_experiment(archive, "last")
    assert killed.status == "crashed"
    assert killed.comparison is not None and killed.comparison.design.pairs <= 2
    assert killed.comparison.verdict in ("undecided", "slower", "invalid"), "never a pass"
    assert sum(step.run is None for step in killed.manifest.steps) >= 8
