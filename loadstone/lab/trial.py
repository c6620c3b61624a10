"""One trial: open the archive, start the service, drive, close, summarise, report.

Whatever happens the run is left readable: the manifest is on disk before the first request, intervals as they come,
and an exception closes the run as ``aborted`` with what was tallied so far.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from loadstone import __version__
from loadstone.archive import Archive, Run, RunWriter
from loadstone.drive.compile import Plan
from loadstone.drive.engine import Engine
from loadstone.drive.facts import PlanFacts
from loadstone.drive.summary import summary_of
from loadstone.drive.tally import Tally
from loadstone.lab.interrupts import Interrupts
from loadstone.lab.machine import machine, revision
from loadstone.lab.report import REPORT, write_report
from loadstone.lab.service import ServiceProcess, argv, ending, serving
from loadstone.model.interval import Interval
from loadstone.model.run import Caveat, Manifest, ServiceRecord, Status, Summary
from loadstone.model.service import Service
from loadstone.model.slo import Slo

__all__ = ["POLL_S", "Asked", "Silent", "Trial", "Watch", "run_trial"]

POLL_S = 0.2
"""Longest wait inside the engine: how soon Ctrl-C is heeded."""


class Asked(msgspec.Struct, frozen=True):
    """What a trial is to do; ``spec`` is the text of ``loadstone.toml``, where there is one."""

    plan: Plan
    service: Service
    seed: int
    slos: tuple[Slo, ...] = ()
    spec: str | None = None
    labels: dict[str, str] = {}
    command: tuple[str, ...] = ()
    nonce: int | None = None
    build: Literal["release", "debug"] | None = None
    report: bool = True


class Trial(msgspec.Struct, frozen=True):
    """What came of it. ``trouble`` says why there is no report, when one was wanted."""

    run: str
    directory: Path
    summary: Summary
    report: Path | None
    trouble: str | None = None


class Watch(Protocol):
    """Told what happens while it happens."""

    def opened(self, run: str, directory: Path) -> None:
        """The run has its place in the archive."""
        ...

    def starting(self, service: Service) -> None:
        """The service is being started."""
        ...

    def interval(self, interval: Interval) -> None:
        """One more second has passed."""
        ...

    def stopping(self, *, now: bool) -> None:
        """A signal has ended the schedule; ``now``: and cut off what is in flight."""
        ...


class Silent:
    """Watches without a word."""

    def opened(self, run: str, directory: Path) -> None:
        """Say nothing."""

    def starting(self, service: Service) -> None:
        """Say nothing."""

    def interval(self, interval: Interval) -> None:
        """Say nothing."""

    def stopping(self, *, now: bool) -> None:
        """Say nothing."""


def run_trial(archive: Archive, asked: Asked, engine: Callable[[bytes], Engine], watch: Watch | None = None) -> Trial:
    """Run it. Raises SpecError before anything is written when the engine refuses the plan, TargetError when the
    service does not come up, InstrumentError when the engine fails; the run is then in the archive."""
    watch = watch or Silent()
    facts = PlanFacts.of(asked.plan.engine)
    driver = engine(asked.plan.engine)
    with Interrupts() as interrupts:
        writer = RunWriter(archive, _manifest(asked))
        tally = Tally(facts, asked.slos)
        try:
            watch.opened(writer.run, writer.directory)
            writer.write("plan.json", asked.plan.archive)
            if asked.spec is not None:
                writer.write("spec.toml", asked.spec.encode())
            if asked.service.start is not None:
                watch.starting(asked.service)
            log = writer.directory / "service.log"
            with serving(asked.service, log, patience=lambda: not interrupts.count) as process:
                _drive(driver, writer, tally, interrupts, watch)
                caveats = _service_ended(process, log)
                writer.samples(driver.samples())
        except BaseException:
            status: Status = "interrupted" if interrupts.count else "aborted"
            with suppress(
                Exception
            ):  # a run that cannot be closed reads as crashed; the first error is the one to tell
                writer.close(status=status, summary=summary_of(tally, writer.run, status, build=asked.build))
            raise
        return _finish(writer, tally, "interrupted" if interrupts.count else "complete", asked, caveats)


def _drive(engine: Engine, writer: RunWriter, tally: Tally, interrupts: Interrupts, watch: Watch) -> None:
    started_ns, monotonic_ns = engine.start()
    heeded = 0
    try:
        writer.update(started_ns=started_ns, monotonic_ns=monotonic_ns)
        while not engine.finished():
            interval = engine.poll(POLL_S)
            if interval is not None:
                writer.add(interval)
                tally.add(interval)
                watch.interval(interval)
            if interrupts.count > heeded:
                heeded = interrupts.count
                engine.stop(now=heeded > 1)
                watch.stopping(now=heeded > 1)
    except BaseException:
        engine.stop(now=True)
        raise


def _service_ended(process: ServiceProcess | None, log: Path) -> tuple[Caveat, ...]:
    """A service that went away under load is data, and worth a word."""
    code = None if process is None else process.exit_code()
    if code is None:
        return ()
    message = f"The service that was started ended during the run, with {ending(code)}."
    return (Caveat("service-ended", "note", (), message, f"Its last words are in {log}."),)


def _finish(writer: RunWriter, tally: Tally, status: Status, asked: Asked, caveats: tuple[Caveat, ...]) -> Trial:
    wanted = REPORT if asked.report else None
    summary = summary_of(tally, writer.run, status, build=asked.build, caveats=caveats, report=wanted)
    report: Path | None = None
    trouble: str | None = None
    if asked.report:
        final = msgspec.structs.replace(writer.manifest, status=status, summary=summary)
        try:
            report = write_report(Run(writer.directory), final)
        except Exception as error:  # the measurement stands without its page; what went wrong is told
            trouble = f"no report was written: {error}"
            summary = msgspec.structs.replace(summary, report=None)
    writer.close(status=status, summary=summary)
    return Trial(writer.run, writer.directory, summary, report, trouble)


def _manifest(asked: Asked) -> Manifest:
    commit, dirty = revision(Path(asked.service.cwd or "."))
    return Manifest(
        format=1,
        run="",
        kind="load",
        status="running",
        pid=os.getpid(),
        pid_start_ticks=None,
        boot_id=None,
        nonce=secrets.randbits(32) if asked.nonce is None else asked.nonce,
        versions={"loadstone": __version__, "python": sys.version.split()[0]}
        | ({"build": asked.build} if asked.build else {}),
        started_ns=time.time_ns(),
        monotonic_ns=time.monotonic_ns(),
        machine=machine(),
        service=ServiceRecord(
            url=asked.service.url,
            argv=argv(asked.service),
            env_names=tuple(sorted(asked.service.env)),
            commit=commit,
            dirty=dirty,
        ),
        seed=asked.seed,
        labels=asked.labels,
        command=asked.command,
    )
