"""A run that is going: its page is told of each second, costs little however long it is, and ends when it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from loadstone.archive import Archive, Run, RunWriter
from loadstone.drive.compile import compile_plan
from loadstone.drive.fake import FakeEngine, scripted
from loadstone.drive.quick import quick
from loadstone.errors import InstrumentError
from loadstone.lab.trial import Asked, Trial, run_trial
from loadstone.model.interval import Interval
from loadstone.model.run_view import RunView
from loadstone.web import following, serve
from loadstone.web.following import Following, GrowingRun
from tests.archive.made import interval, manifest

SERVER = """
import sys
from pathlib import Path
from loadstone.archive import Archive
from loadstone.web import serve
serve(Archive(Path(sys.argv[1])), "127.0.0.1", 0, lambda url: print(url, flush=True))
"""


class Stepping(FakeEngine):
    """Tells an interval whenever it is let."""

    def __init__(self, inner: FakeEngine) -> None:
        super().__init__(())
        self._inner = inner
        self.turns = threading.Semaphore(0)

    def poll(self, timeout_s: float) -> Interval | None:
        self.turns.acquire()
        return self._inner.poll(timeout_s)

    def finished(self) -> bool:
        return self._inner.finished()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / ".loadstone")


@pytest.fixture
def url(archive: Archive) -> Iterator[str]:
    """A server in a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(archive.root)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


class Going:
    """A trial in a thread, one interval at a time."""

    def __init__(self, archive: Archive, duration_s: float = 4.0) -> None:
        service, workload, shape = quick("http://127.0.0.1:9/items", duration_s=duration_s, rate_per_s=50.0)
        plan = compile_plan(workload, shape, service, (), seed=41, hash_key="0" * 32)
        self.engine = Stepping(scripted(plan.engine))
        asked = Asked(plan=plan, service=service, seed=41, nonce=7, report=False)
        self.trial: Trial | None = None
        self._thread = threading.Thread(target=self._drive, args=(archive, asked))
        self._thread.start()

    def _drive(self, archive: Archive, asked: Asked) -> None:
        self.trial = run_trial(archive, asked, lambda _plan: self.engine)

    def let(self, count: int = 1) -> None:
        self.engine.turns.release(count)

    def end(self) -> None:
        while self._thread.is_alive():
            self.let()
            self._thread.join(0.01)


@pytest.fixture
def going(archive: Archive) -> Iterator[Going]:
    trial = Going(archive)
    yield trial
    trial.end()


def events(response: httpx.Response) -> Iterator[tuple[str, bytes]]:
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ").encode()


def running(archive: Archive) -> str:
    for _ in range(3000):
        for run in archive.ids():
            if (archive.run(run).directory / "plan.json").exists():
                return run
        threading.Event().wait(0.01)
    raise AssertionError("no run has begun")


def test_a_running_run_tells_its_page_of_every_second_and_of_its_end(archive: Archive, url: str, going: Going) -> None:
    run = running(archive)
    going.let()
    page = httpx.get(f"{url}/runs/{run}", timeout=30).text
    assert '"live":true' in page
    rows = json.loads(page_element(httpx.get(url, timeout=30).text, "runs"))
    assert [(row["run"], row["status"], row["requests"]) for row in rows] == [(run, "running", None)]
    with httpx.stream("GET", f"{url}/runs/{run}/events", timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        told = events(response)
        name, content = next(told)
        first = msgspec.json.decode(content, type=RunView)
        assert (name, first.manifest.status) == ("view", "running")
        going.let()
        later = next(view for view in decoded(told) if len(view.series.t_s) > len(first.series.t_s))
        assert later.series.t_s[: len(first.series.t_s)] == first.series.t_s
        going.end()
        *_, (name, content) = told
    last = msgspec.json.decode(content, type=RunView)
    assert (name, last.manifest.status) == ("end", "complete")
    assert going.trial is not None
    assert last.summary == going.trial.summary


def page_element(page: str, name: str) -> str:
    return page.split(f'id="{name}">', 1)[1].split("</script>", 1)[0]


def decoded(told: Iterator[tuple[str, bytes]]) -> Iterator[RunView]:
    for _, content in told:
        yield msgspec.json.decode(content, type=RunView)


def test_a_run_that_has_ended_says_so_at_once(archive: Archive, url: str) -> None:
    trial = Going(archive)
    trial.end()
    assert trial.trial is not None
    with httpx.stream("GET", f"{url}/runs/{trial.trial.run}/events", timeout=60) as response:
        assert [name for name, _ in events(response)] == ["end"]


def test_the_server_ends_although_pages_are_open(archive: Archive, going: Going) -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(archive.root)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        run = running(archive)
        going.let()
        with httpx.stream("GET", f"{url}/runs/{run}/events", timeout=60) as response:
            next(events(response))
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def test_a_taken_port_is_told_with_the_way_out(archive: Archive, url: str) -> None:
    port = int(url.rpartition(":")[2])
    with pytest.raises(
        InstrumentError, match=r"cannot be served at 127\.0\.0\.1:\d+: Address already in use\n.*--port 0"
    ):
        serve(archive, "127.0.0.1", port, lambda _url: None)


def test_a_growing_run_is_read_on_from_where_it_was(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunWriter(archive, manifest())
    growing = GrowingRun(archive.run(writer.run))
    reads = 0

    def counted(self: Run) -> Iterator[Interval]:
        nonlocal reads
        reads += 1
        return original(self)

    original = Run.intervals
    monkeypatch.setattr(Run, "intervals", counted)
    times: list[float] = []
    for second in range(1, 30):
        writer.add(interval(float(second)))
        times.append(float(second))
        if second == 12:
            writer.close_part()
        assert [one.t_s for one in growing.intervals()] == times
    assert reads == 2  # when it was opened, and when its tail was closed into a part
    writer.close(status="complete")
    assert [one.t_s for one in growing.intervals()] == times
    assert [one.t_s for one in archive.run(writer.run).intervals()] == times


def test_a_torn_line_waits_for_its_end(archive: Archive) -> None:
    writer = RunWriter(archive, manifest())
    growing = GrowingRun(archive.run(writer.run))
    writer.add(interval(1.0))
    assert len(list(growing.intervals())) == 1
    line = msgspec.json.encode(interval(2.0)) + b"\n"
    tail = writer.directory / "intervals.jsonl"
    with tail.open("ab", buffering=0) as file:
        file.write(line[:50])
        assert len(list(growing.intervals())) == 1
        file.write(line[50:])
        assert len(list(growing.intervals())) == 2


def test_a_costly_view_is_made_less_often(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, spent = [100.0], [0.0]
    monkeypatch.setattr(following, "monotonic", lambda: clock[0])
    monkeypatch.setattr(following, "thread_time", lambda: spent[0])
    made: list[float] = []

    def told(_run: object) -> bytes:
        made.append(clock[0])
        spent[0] += 0.5
        return b"%d" % len(made)

    writer = RunWriter(archive, manifest())
    follow = Following(archive.run(writer.run), told)
    for _ in range(30):
        follow.latest()
        clock[0] += 1.0
    assert made == [100.0, 110.0, 120.0]  # half a second of work, a twentieth of a core
    writer.close(status="complete")
    assert follow.latest() == (b"4", False)
    assert follow.latest() == (b"4", False)
