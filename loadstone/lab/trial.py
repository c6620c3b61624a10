"""One trial: open the archive, start the service, drive, close, summarise, report.

Whatever happens the run is left readable: the manifest is on disk before the first request, intervals as they come,
and an exception closes the run as ``aborted`` with what was tallied so far.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from loadstone.archive import Archive, Run, RunWriter
from loadstone.drive.compile import Plan
from loadstone.drive.engine import Engine
from loadstone.drive.facts import PlanFacts
from loadstone.drive.summary import summary_of
from loadstone.drive.tally import Tally
from loadstone.gather.collector import Start
from loadstone.lab.interrupts import Interrupts
from loadstone.lab.manifest import Place, new_manifest
from loadstone.lab.observation import Observation, Observing, observation
from loadstone.lab.processes import family
from loadstone.lab.report import REPORT, write_report
from loadstone.lab.service import Command, ServiceProcess, argv, ending, serving
from loadstone.lab.surroundings.attaching import service_pids, with_elsewhere
from loadstone.model.interval import Interval, Sample
from loadstone.model.run import Caveat, Manifest, ServiceUse, Status, Summary
from loadstone.model.service import Service
from loadstone.model.slo import Slo

__all__ = ["ENDED", "POLL_S", "Asked", "Silent", "Trial", "Watch", "run_trial"]

POLL_S = 0.2
"""Longest wait inside the engine: how soon Ctrl-C is heeded."""


ENDED = "service-ended"
"""The caveat of a run whose service went away while it ran."""


class Asked(msgspec.Struct, frozen=True):
    """What a trial is to do; ``spec`` is the text of ``loadstone.toml``, where there is one.

    ``observing`` makes it an observed run, whose latency is in doubt for it; ``bare`` is the run whose partner it is,
    ``place`` where it stands in an experiment.
    """

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
    observing: Observing | None = None
    bare: str | None = None
    place: Place | None = None


class Trial(msgspec.Struct, frozen=True):
    """What came of it. ``trouble`` says why there is no report, when one was wanted; ``service_cpu_per_request_s``
    is what the service's processes took, warm-up included, None where they are unknown."""

    run: str
    directory: Path
    summary: Summary
    report: Path | None
    trouble: str | None = None
    service_cpu_per_request_s: float | None = None


class Watch(Protocol):
    """Told what happens while it happens."""

    def opened(self, run: str, directory: Path) -> None:
        """The run has its place in the archive."""
        ...

    def starting(self, service: Service) -> None:
        """The service is being started."""
        ...

    def doing(self, what: str) -> None:
        """Something begins that takes its time."""
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

    def doing(self, what: str) -> None:
        """Say nothing."""

    def interval(self, interval: Interval) -> None:
        """Say nothing."""

    def stopping(self, *, now: bool) -> None:
        """Say nothing."""


def run_trial(
    archive: Archive,
    asked: Asked,
    engine: Callable[[bytes], Engine],
    watch: Watch | None = None,
    process: ServiceProcess | None = None,
    ready: Callable[[], None] | None = None,
) -> Trial:
    """Run it. ``process`` is the service where the caller started it: it is then neither started nor stopped here.
    ``ready`` is called once the service is up, before the first request.

    Raises SpecError before anything is written when the engine refuses the plan, TargetError when the
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
            log = writer.directory / "service.log"
            with observation(writer, asked.observing) as watched:
                command = (None, {}) if process else _prepared(asked.service, watched)
                if command[0] is not None:
                    watch.starting(asked.service)
                patience = lambda: not interrupts.count  # noqa: E731
                with serving(asked.service, log, patience=patience, command=command) as started:
                    served = started or process
                    if ready is not None:
                        ready()
                    watched.open(with_elsewhere(served.pids, asked.service.url) if served else _found(asked))
                    _drive(driver, writer, tally, interrupts, watch, watched)
                    watched.stop()
                    samples = driver.samples()
                    writer.samples(samples)
                    caveats = (*_instrumented(asked), *_service_ended(served), *_met(writer.run, asked, tally, samples))
                if asked.observing is not None:
                    watch.doing("reading the evidence")
        except BaseException:
            status: Status = "interrupted" if interrupts.count else "aborted"
            with suppress(
                Exception
            ):  # a run that cannot be closed reads as crashed; the first error is the one to tell
                writer.close(status=status, summary=summary_of(tally, writer.run, status, build=asked.build))
            raise
        if watched.service_cpu_s is not None or watched.service_rss_bytes is not None:
            writer.manifest = msgspec.structs.replace(
                writer.manifest, service_use=ServiceUse(watched.service_cpu_s, watched.service_rss_bytes)
            )
        trial = _finish(writer, tally, "interrupted" if interrupts.count else "complete", asked, caveats)
        cpu_s, requests = watched.service_cpu_s, tally.all_requests
        each_s = cpu_s / requests if cpu_s is not None and requests else None
        return msgspec.structs.replace(trial, service_cpu_per_request_s=each_s)


def _prepared(service: Service, watched: Observation) -> Command:
    """How the service is started, after every collector has changed it to its need."""
    words = argv(service)
    start = None if words is None else Start(words, dict(service.env))
    start = watched.prepare(service.url, service.cwd, start)
    return (words, service.env) if start is None else (start.argv, start.env)


def _found(asked: Asked) -> Callable[[], set[int]] | None:
    """The processes of a service that is up already: those that were named, else who answers at its URL on this
    machine; with their children."""
    roots = set(asked.observing.pids) if asked.observing else set()
    roots = roots or service_pids(asked.service.url)
    return (lambda: family(roots)) if roots else None


def _drive(
    engine: Engine, writer: RunWriter, tally: Tally, interrupts: Interrupts, watch: Watch, watched: Observation
) -> None:
    started_ns, monotonic_ns = engine.start()
    phases = deque(tally.facts.spans())
    heeded = 0
    try:
        writer.update(started_ns=started_ns, monotonic_ns=monotonic_ns)
        while not engine.finished():
            while phases and time.monotonic_ns() - monotonic_ns >= phases[0].start_s * 1e9:
                watched.mark(phases.popleft().name)
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


def _instrumented(asked: Asked) -> tuple[Caveat, ...]:
    """A service that is looked into is a different service."""
    if asked.observing is None:
        return ()
    names = ", ".join(collector.name for collector in asked.observing.collectors)
    message = f"The service was observed from inside ({names}), which takes time of its own."
    advice = "Latency verdicts come from a bare run of the same seed; causes come from this one."
    return (Caveat("instrumented", "doubt", ("latency", "rate"), message, advice),)


def _service_ended(process: ServiceProcess | None) -> tuple[Caveat, ...]:
    """A service that went away under load is data, and worth a word."""
    code = None if process is None else process.exit_code()
    if process is None or code is None:
        return ()
    message = f"The service that was started ended during the run, with {ending(code)}."
    return (Caveat(ENDED, "note", (), message, f"Its last words are in {process.log}."),)


def _met(run: str, asked: Asked, tally: Tally, samples: tuple[Sample, ...]) -> tuple[Caveat, ...]:
    """What failed requests met, while what they met is still there: each obstacle, and what to do, as a note."""
    if not tally.overall.errors:
        return ()
    from loadstone.lab.met import caveats_of_obstacles, in_run

    return tuple(caveats_of_obstacles(in_run(asked.service.url, summary_of(tally, run, "complete"), samples)))


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
    return new_manifest(
        "load",
        asked.service,
        labels=asked.labels,
        command=asked.command,
        seed=asked.seed,
        nonce=asked.nonce,
        build=asked.build,
        bare=asked.bare,
        place=asked.place,
    )
