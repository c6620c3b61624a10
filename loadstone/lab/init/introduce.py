"""``init`` from its arguments to a spec on disk: meet, draft, check, measure, write."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from loadstone.archive import Archive
from loadstone.drive.engine import Engine, native
from loadstone.errors import LoadstoneError
from loadstone.lab.init.asked import InitAsked
from loadstone.lab.init.drafting import Drafted, covered, drafted, hosts_of, variables
from loadstone.lab.init.loads import Chosen, chosen_load, lengthened
from loadstone.lab.init.measuring import Measuring
from loadstone.lab.init.meeting import Met, Unreached, meet
from loadstone.lab.init.mending import Mended, mended
from loadstone.lab.init.objectives import drafted as objectives_of
from loadstone.lab.init.objectives import duration_for
from loadstone.lab.init.sources import Source, counted
from loadstone.lab.init.writing import check_free, try_out, write_spec
from loadstone.lab.service import ServiceProcess, argv, serving
from loadstone.lab.trial import Watch
from loadstone.model.assumption import Unknown
from loadstone.model.discovery import Discovery, Obstacle, Probe
from loadstone.model.draft import Draft
from loadstone.model.introduction import BaselineTold, Introduction
from loadstone.model.quantity import format_rate
from loadstone.model.service import Service
from loadstone.model.workload import Workload
from loadstone.render.spec_toml import spec_toml
from loadstone.spec import check_host
from loadstone.spec.hosts import parse_url
from loadstone.traffic.framework import routes_environment
from loadstone.traffic.lines import masked_line

__all__ = ["introduce"]

NOTHING = Obstacle(
    "nothing-to-drive",
    "No route was found that is safe to ask and answers.",
    "Give what knows more: --openapi FILE, --har FILE, --log FILE, or a user with --user NAME.",
    fatal=True,
)


def introduce(
    asked: InitAsked,
    archive: Archive,
    *,
    doing: Callable[[str], None] = lambda _: None,
    watch: Watch | None = None,
    engine: Callable[[bytes], Engine] = native,
    more: Sequence[Source] = (),
) -> Introduction:
    """Do it. Raises SpecError for arguments and files, Unreached where no service answers or nothing can be driven,
    TargetError where it does not start."""
    check_free(asked.output, force=asked.force)
    url = parse_url(asked.url)
    check_host(url, asked.hosts)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "routes.json" if asked.start else None
        with _started(asked, Path(folder) / "service.log", table, doing) as started:
            pids = started.pids if started is not None else set
            met = meet(asked, archive, doing, table=table, pids=pids, more=more)
            check_host(met.reached.final_url, asked.hosts)
            done = drafted(asked, met)
            good = _checked(asked, done, doing, engine)
        if not good.journeys:
            raise Unreached(NOTHING)
        with _bare(asked, done.service, Path(folder) / "bare.log", doing) as process:
            measuring = Measuring(
                archive,
                done.service,
                engine,
                seed=asked.seed,
                environ=_environ(asked, done),
                command=asked.command,
                process=process,
                watch=watch,
            )
            draft, baseline, rate = _measured(asked, met, done, good, measuring, Path(folder), doing)
    spec, feeds = write_spec(draft, asked.output, force=asked.force)
    told = covered(met, done, good.broken)
    driven = sum(one.how == "journey" for one in told)
    return Introduction(
        spec=str(asked.output),
        sentence=(
            f"{counted(len(met.routes), 'route')} found at {met.reached.final_url}, {driven} of them driven by "
            f"{counted(len(draft.journeys), 'journey')}."
        ),
        discovery=_discovery(met, draft),
        covered=told,
        journeys=tuple(one.name for one in spec.workload.journeys),
        off=tuple(one.name for one in draft.off),
        feeds=tuple(str(path) for path in feeds),
        objectives=tuple(_objective(slo.journey, slo.step, slo.objective.text) for slo in draft.slos),
        rate_per_s=draft.shapes[0].phases[-1].rate_per_s,
        rate=rate,
        baseline=baseline,
        notes=(
            *_doubt(baseline),
            *done.notes,
            *good.notes,
            *met.around.notes,
            *variables(done.service, draft.journeys, asked.environ),
        ),
    )


@contextmanager
def _started(
    asked: InitAsked, log: Path, table: Path | None, doing: Callable[[str], None]
) -> Iterator[ServiceProcess | None]:
    """The service with its framework's route table written, where it is to be started."""
    if asked.start is None or table is None:
        yield None
        return
    service = Service(url=asked.url, start=asked.start)
    doing(f"starting {asked.start} …")
    command = (argv(service), {**service.env, **routes_environment(table, service.env)})
    with serving(service, log, command=command) as process:
        yield process


@contextmanager
def _bare(
    asked: InitAsked, service: Service, log: Path, doing: Callable[[str], None]
) -> Iterator[ServiceProcess | None]:
    """The service as every later run starts it."""
    if asked.start is None or not asked.baseline:
        yield None
        return
    doing("starting the service anew, with nothing of ours in it …")
    with serving(service, log) as process:
        yield process


def _environ(asked: InitAsked, done: Drafted) -> dict[str, str]:
    """Variables that steps read: the recordings' own values stand in where nobody set any."""
    return {**done.secrets, **asked.environ}


def _checked(
    asked: InitAsked, done: Drafted, doing: Callable[[str], None], engine: Callable[[bytes], Engine]
) -> Mended:
    return mended(
        done.grouped.journeys,
        done.service,
        feeds=done.grouped.feeds,
        allowed=done.allowed,
        secrets=_environ(asked, done),
        allow_hosts=asked.hosts,
        seed=asked.seed,
        engine=engine,
        doing=doing,
    )


def _measured(
    asked: InitAsked,
    met: Met,
    done: Drafted,
    good: Mended,
    measuring: Measuring,
    folder: Path,
    doing: Callable[[str], None],
) -> tuple[Draft, BaselineTold | None, str]:
    """The rate, a baseline, and the draft with objectives from it."""
    workload = Workload(good.journeys, done.feeds)
    try_out(_draft(asked, met, done, good, chosen_load(done.shapes, None)), folder)
    unknowns = [*done.unknowns, *good.unknowns]
    alone = None
    if asked.baseline:
        doing("measuring what one user alone can do …")
        alone = measuring.alone(workload)
    chosen = chosen_load(done.shapes, alone)
    draft = _draft(asked, met, done, good, chosen)
    assumptions = [*done.assumptions, *chosen.assumptions]
    baseline = None
    if asked.baseline:
        doing(f"measuring a baseline at {format_rate(chosen.rate_per_s, exact=True)}: 10 s of warm-up, then 20 s …")
        try:
            baseline = measuring.baseline(workload, chosen.rate_per_s, spec_toml(draft))
        except LoadstoneError as error:
            unknowns.append(Unknown(f"how fast it is: {str(error).splitlines()[0]}"[:200], "loadstone run"))
    if baseline is None:
        unknowns.append(Unknown("how fast it is today: no baseline was measured", "loadstone run"))
    else:
        if baseline.validity == "invalid":
            unknowns.append(
                Unknown("how fast it is: the baseline is no valid measurement", f"loadstone show {baseline.run}")
            )
        slos, said = objectives_of(baseline)
        shapes = tuple(lengthened(one, duration_for(slos, baseline)) for one in draft.shapes)
        draft = msgspec.structs.replace(draft, slos=slos, shapes=shapes, comments={**draft.comments, **said})
    draft = msgspec.structs.replace(draft, assumptions=tuple(assumptions), unknowns=tuple(_once(unknowns)))
    return draft, baseline, chosen.how


def _draft(asked: InitAsked, met: Met, done: Drafted, good: Mended, chosen: Chosen) -> Draft:
    used = {part for journey in (*good.journeys, *done.off.grouped.journeys) for part in _feeds_in(journey)}
    comments: dict[str, tuple[str, ...]] = {
        "": (
            f"Drafted by loadstone init from what it found at {met.reached.final_url}:",
            *(f"  {looked}" for looked in met.looked),
            "Everything here is yours to change. loadstone check tries it, loadstone run measures it.",
        ),
        **chosen.comments,
        **done.off.comments,
    }
    return Draft(
        service=done.service,
        journeys=good.journeys,
        shapes=chosen.shapes,
        feeds=tuple(feed for feed in done.feeds if feed.name in used),
        off=done.off.grouped.journeys,
        allow_hosts=hosts_of(asked, met.reached.final_url),
        comments=comments,
    )


def _feeds_in(journey: object) -> set[str]:
    from loadstone.model import template
    from loadstone.model.workload import Journey, Step

    assert isinstance(journey, Journey)
    return {
        part.feed
        for step in journey.actions
        if isinstance(step, Step)
        for text in (step.target, *step.headers.values())
        for part in template.parse(text)
        if isinstance(part, template.Column)
    }


def _discovery(met: Met, draft: Draft) -> Discovery:
    return Discovery(
        url=met.reached.final_url,
        routes=met.routes,
        probes=tuple(_masked(one) for one in (met.reached.probe, *(met.crawled.probes if met.crawled else ()))),
        login=met.entered or met.login,
        databases=met.around.databases,
        dependencies=met.around.dependencies,
        obstacles=met.obstacles,
        unknowns=draft.unknowns,
        framework=met.framework.framework if met.framework else "",
        looked=met.looked,
    )


def _doubt(baseline: BaselineTold | None) -> Iterator[str]:
    """Whether to believe the baseline, where there is reason to ask."""
    if baseline is not None and baseline.validity != "valid":
        yield f"The baseline is {baseline.validity}: loadstone show {baseline.run} says why, and what to do."


def _masked(probe: Probe) -> Probe:
    """A probe as it may be shown: without tokens and what tells of a person."""
    location = None if probe.location is None else masked_line(probe.location.encode())
    return msgspec.structs.replace(probe, target=masked_line(probe.target.encode()), location=location)


def _objective(journey: str | None, step: str | None, text: str) -> str:
    place = f"{journey}.{step}: " if journey and step else f"{journey}: " if journey else ""
    return f"{place}{text}"


def _once(unknowns: Sequence[Unknown]) -> list[Unknown]:
    return list({one.name: one for one in unknowns}.values())
