"""A trial with a scripted engine: what is asked is archived, whatever ends it leaves a readable run."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from pathlib import Path

import msgspec
import pytest

from loadstone.archive import Archive
from loadstone.drive.compile import compile_plan
from loadstone.drive.engine import Engine
from loadstone.drive.fake import FakeEngine, Script, scripted
from loadstone.drive.quick import quick
from loadstone.errors import InstrumentError, SpecError, TargetError
from loadstone.lab.report import summary
from loadstone.lab.trial import Asked, Silent, run_trial
from loadstone.model.interval import Interval
from loadstone.model.service import Service
from loadstone.model.slo import Slo, parse_objective


def _asked(duration_s: float = 5.0, *, start: str | None = None, slos: tuple[Slo, ...] = ()) -> Asked:
    service, workload, shape = quick("http://127.0.0.1:9/items", duration_s=duration_s, rate_per_s=50.0)
    plan = compile_plan(workload, shape, service, slos, seed=41, hash_key="0" * 32)
    return Asked(
        plan=plan,
        service=Service(service.url, start=start, env={"SHOP_TOKEN": "hunter2"}),
        seed=41,
        slos=slos,
        spec="# asked\n",
        labels={"why": "test"},
        command=("loadstone", "run"),
        nonce=7,
    )


def _scripted(plan: bytes) -> Engine:
    return scripted(plan, Script())


class _Failing(FakeEngine):
    """Fails after a few intervals."""

    def __init__(self, inner: FakeEngine, error: BaseException, after: int = 2) -> None:
        self._inner = inner
        self._error = error
        self._left = after
        super().__init__(())

    def poll(self, timeout_s: float) -> Interval | None:
        if self._left == 0:
            raise self._error
        self._left -= 1
        return self._inner.poll(timeout_s)

    def finished(self) -> bool:
        return False


class _Tells(Silent):
    """Keeps what it is told, and sends this process a signal at given intervals."""

    def __init__(self, *at: int, number: signal.Signals = signal.SIGINT) -> None:
        self.words: list[str] = []
        self.seen = 0
        self._at = at
        self._number = number

    def opened(self, run: str, directory: Path) -> None:
        self.words.append("opened")

    def starting(self, service: Service) -> None:
        self.words.append("starting")

    def interval(self, interval: Interval) -> None:
        self.seen += 1
        if self.seen in self._at:
            os.kill(os.getpid(), self._number)

    def stopping(self, *, now: bool) -> None:
        self.words.append("cut off" if now else "stop")


class _Deaf(FakeEngine):
    """Heeds only the second request to stop, as an engine does that waits for requests in flight."""

    def stop(self, *, now: bool = False) -> None:
        if now:
            super().stop(now=True)


def test_a_whole_run_is_archived(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    watch = _Tells()
    trial = run_trial(archive, _asked(), _scripted, watch)
    run = archive.resolve("last")
    assert run.id == trial.run
    assert run.manifest.status == "complete"
    assert run.manifest.summary == trial.summary == summary(run)
    assert run.manifest.labels == {"why": "test"}
    assert (run.manifest.seed, run.manifest.nonce) == (41, 7)
    assert run.manifest.service is not None
    assert run.manifest.service.env_names == ("SHOP_TOKEN",)
    assert "hunter2" not in (run.directory / "manifest.json").read_text()
    assert run.text("spec.toml") == "# asked\n"
    assert "0" * 32 not in (run.text("plan.json") or "")
    assert watch.seen == len(tuple(run.intervals()))
    assert trial.summary.requests == sum(
        cell.count for one in run.intervals() for cell in one.cells if cell.step is not None
    )
    assert len(run.samples()) > 0
    assert watch.words == ["opened"]


def test_what_the_engine_refuses_leaves_no_run(tmp_path: Path) -> None:
    def refuses(plan: bytes) -> Engine:
        raise SpecError("no")

    with pytest.raises(SpecError):
        run_trial(Archive(tmp_path), _asked(), refuses)
    assert Archive(tmp_path).ids() == []


def test_a_summary_derived_again_still_doubts_a_debug_build(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    run_trial(archive, msgspec.structs.replace(_asked(), build="debug"), _scripted)
    run = archive.resolve("last")
    path = run.directory / "manifest.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(run.manifest, summary=None)))
    assert "debug-build" in {caveat.code for caveat in summary(archive.resolve("last")).caveats}


def test_an_engine_that_fails_leaves_what_was_told_before(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(InstrumentError, match="out of descriptors"):
        run_trial(archive, _asked(), lambda plan: _Failing(scripted(plan), InstrumentError("out of descriptors")))
    run = archive.resolve("last")
    assert run.manifest.status == "aborted"
    assert len(tuple(run.intervals())) == 2
    assert run.manifest.summary is not None
    assert run.manifest.summary.requests > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_the_run_in_order(tmp_path: Path, number: signal.Signals) -> None:
    archive = Archive(tmp_path)
    watch = _Tells(2, number=number)
    before = signal.signal(number, signal.default_int_handler)  # the suite itself may run under nohup
    try:
        trial = run_trial(archive, _asked(), _scripted, watch)
        assert signal.getsignal(number) is signal.default_int_handler  # put back as it was
    finally:
        signal.signal(number, before)
    run = archive.resolve("last")
    assert run.manifest.status == trial.summary.status == "interrupted"
    assert watch.words == ["opened", "stop"]
    assert len(tuple(run.intervals())) == 2


def test_a_second_signal_cuts_off_what_is_in_flight(tmp_path: Path) -> None:
    watch = _Tells(2, 4)

    def deaf(plan: bytes) -> Engine:
        engine = scripted(plan)
        return _Deaf(engine._intervals, engine._samples)

    trial = run_trial(Archive(tmp_path), _asked(10.0), deaf, watch)
    assert watch.words == ["opened", "stop", "cut off"]
    assert watch.seen == 4
    assert trial.summary.status == "interrupted"


def test_a_third_signal_gives_up_and_the_run_is_readable(tmp_path: Path) -> None:
    class _Stuck(FakeEngine):
        def stop(self, *, now: bool = False) -> None: ...

    def stuck(plan: bytes) -> Engine:
        return _Stuck(scripted(plan)._intervals)

    archive = Archive(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_trial(archive, _asked(10.0), stuck, _Tells(1, 2, 3))
    assert archive.resolve("last").manifest.status == "interrupted"
    assert len(tuple(archive.resolve("last").intervals())) == 3


def test_a_service_that_does_not_start_leaves_an_aborted_run_with_its_output(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    start = f"{sys.executable} -c \"import sys; print('no such table'); sys.exit(1)\""
    with pytest.raises(TargetError, match="no such table"):
        run_trial(archive, _asked(start=start), _scripted)
    run = archive.resolve("last")
    assert run.manifest.status == "aborted"
    assert run.text("service.log") == "no such table\n"


def test_objectives_are_judged(tmp_path: Path) -> None:
    slos = (Slo("fast", parse_objective("p99 < 1us")),)
    assert run_trial(Archive(tmp_path), _asked(20.0, slos=slos), _scripted).summary.outcome == "fail"


def test_a_report_that_cannot_be_written_leaves_the_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Path:
        raise InstrumentError("the report's page is not built")

    monkeypatch.setattr("loadstone.lab.trial.write_report", fails)
    trial = run_trial(Archive(tmp_path), _asked(), _scripted)
    assert trial.trouble == "no report was written: the report's page is not built"
    assert trial.summary.report is None
    assert Archive(tmp_path).resolve("last").manifest.status == "complete"


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("loadstone.archive.writer._write_all", full)
    with pytest.raises(InstrumentError, match=r"intervals\.jsonl cannot be written: No space left"):
        run_trial(Archive(tmp_path), _asked(), _scripted)
    assert Archive(tmp_path).resolve("last").manifest.status == "aborted"


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="this system has no waitid")
def test_a_service_that_ends_under_load_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = tmp_path / "once.py"
    script.write_text(
        "import socket, sys\nsocket.create_server(('127.0.0.1', int(sys.argv[1]))).accept()\nsys.exit(7)\n"
    )
    service = Service(f"http://127.0.0.1:{port}", start=f"{sys.executable} {script} {port}")
    asked = msgspec.structs.replace(_asked(), service=service)

    class _Waits(Silent):
        """Goes on once the service has ended."""

        def interval(self, interval: Interval) -> None:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)

    trial = run_trial(Archive(tmp_path / "archive"), asked, _scripted, _Waits())
    told = [caveat.message for caveat in trial.summary.caveats if caveat.code == "service-ended"]
    assert told == ["The service that was started ended during the run, with exit code 7."]
