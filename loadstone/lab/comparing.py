"""Runs that are in the archive, compared: sides of one experiment as their pairs, all others as before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from loadstone.archive import Archive, Run, evidence_run
from loadstone.errors import EvidenceError, LoadstoneError
from loadstone.lab.experiments import Experiment, experiments, has_experiment, resolve_experiment
from loadstone.lab.findings import kept_diagnosis
from loadstone.lab.measured import side_run
from loadstone.lab.report import objectives
from loadstone.model.comparison import Comparison, DesignTold, SideTold
from loadstone.model.counted import Counted
from loadstone.model.quantity import format_duration
from loadstone.model.run import Caveat, Manifest
from loadstone.model.side_run import Side, SideRun
from loadstone.prove.before_after import before_after
from loadstone.prove.compare import compare

__all__ = ["compare_runs", "runs_of"]

LEVEL = 0.95

Name = Literal["A", "B"]


def compare_runs(
    archive: Archive,
    a: Sequence[str],
    b: Sequence[str],
    *,
    margin: float = 1.05,
    margins: Mapping[str, float] | None = None,
) -> Comparison:
    """Compare two sets of runs, each named as ``runs_of`` has it. Raises EvidenceError where one is not there, drove no
    load, or is on both sides."""
    sets = tuple([run for reference in side for run in runs_of(archive, reference)] for side in (a, b))
    both = {run.id for run in sets[0]} & {run.id for run in sets[1]}
    if both:
        raise EvidenceError(f"the run {min(both)} is on both sides, and would be compared with itself")
    one = _experiment(archive, sets)
    if one is not None:
        return _paired(archive, one, sets, margin, margins)
    measured = [_measured(side, runs) for side, runs in zip(("A", "B"), sets, strict=True)]
    manifests = [[run.manifest for run in runs] for runs in sets]
    return before_after(
        (_told("A", a, sets[0]), _told("B", b, sets[1])),
        _design(measured, manifests),
        *measured,
        counted=_counted(archive, sets),
        slos=objectives(sets[0][0]),
        margin=margin,
        margins=margins,
        machine=manifests[0][0].machine,
        caveats=tuple(_differs(sets, manifests)),
    )


def runs_of(archive: Archive, reference: str) -> list[Run]:
    """The runs that a reference names: a run as everywhere (id, beginning, ``last``, path), ``NAME=VALUE`` for all with
    that label, ``EXPERIMENT:A`` for a side of an experiment. Raises EvidenceError where there is none."""
    name, colon, side = reference.rpartition(":")
    if colon and side in ("A", "B", "a", "b"):
        told = resolve_experiment(archive, name).manifest.sides[side.upper() == "B"]
        if not told.runs:
            raise EvidenceError(f"side {side.upper()} of the experiment {name} has no runs")
        return [archive.run(run) for run in told.runs]
    label, equals, value = reference.partition("=")
    if equals:
        found = [run for run in map(archive.run, archive.ids()) if _labelled(run, label, value)]
        if not found:
            raise EvidenceError(f"no run in {archive.root} has the label {reference}; see: loadstone runs")
        return found[::-1]
    if has_experiment(archive, reference):
        raise EvidenceError(
            f"{reference} is an experiment, with two sides: {reference}:A and {reference}:B\n"
            f"    what it said: loadstone show {reference}"
        )
    return [archive.resolve(reference)]


def _labelled(run: Run, label: str, value: str) -> bool:
    try:
        manifest = run.manifest
    except EvidenceError:
        return False
    alone = manifest.kind == "load" and manifest.experiment is None and manifest.status == "complete"
    return alone and manifest.labels.get(label) == value


def _measured(side: str, runs: Sequence[Run]) -> list[SideRun]:
    name: Side = "A" if side == "A" else "B"
    return [side_run(run, name, place, place) for place, run in enumerate(runs)]


def _experiment(archive: Archive, sets: Sequence[Sequence[Run]]) -> Experiment | None:
    """The experiment whose sides A and B these are, in this order; None where they are not of one."""
    kinds = [{(run.manifest.experiment, run.manifest.side) for run in runs} for runs in sets]
    if any(len(kind) != 1 for kind in kinds):
        return None
    (left, a), (right, b) = kinds[0].pop(), kinds[1].pop()
    if left is None or left != right or (a, b) != ("A", "B"):
        return None
    return next((one for one in experiments(archive) if one.id == left), None)


def _paired(
    archive: Archive,
    experiment: Experiment,
    sets: Sequence[Sequence[Run]],
    margin: float,
    margins: Mapping[str, float] | None,
) -> Comparison:
    """Pairs of one experiment, judged again."""
    manifest = experiment.manifest
    wanted = {run.id for runs in sets for run in runs}
    measured = [
        side_run(archive.run(step.run), step.side, step.pair, place)
        for place, step in enumerate(manifest.steps)
        if step.run in wanted and step.run is not None and step.pair >= 0
    ]
    return compare(
        manifest.sides,
        msgspec.structs.replace(manifest.design, level=LEVEL),
        measured,
        counted=_of_sides(archive, [side.observed for side in manifest.sides]),
        slos=objectives(sets[0][0]),
        margin=margin,
        margins=margins,
        experiment=experiment.id,
        machine=manifest.machine,
    )


def _told(name: Name, references: Sequence[str], runs: Sequence[Run]) -> SideTold:
    services = [run.manifest.service for run in runs]
    commits = {service.commit for service in services if service is not None}
    dirty = {service.dirty for service in services if service is not None}
    return SideTold(
        name=name,
        label=", ".join(references),
        kind="archive",
        commit=commits.pop() if len(commits) == 1 else None,
        dirty=dirty.pop() if len(dirty) == 1 else None,
        runs=tuple(run.id for run in runs),
        observed=runs[0].manifest.observed,
    )


def _design(measured: Sequence[Sequence[SideRun]], manifests: Sequence[Sequence[Manifest]]) -> DesignTold:
    first = measured[0][0]
    return DesignTold(
        pairs=0,
        planned=0,
        most=0,
        order=(),
        seed=manifests[0][0].seed,
        measured_s=first.measured_s,
        warm_up_s=0.0,
        load=f"{first.offered_per_s:.3g} journeys/s offered to A, {measured[1][0].offered_per_s:.3g}/s to B",
        requests=first.whole.requests,
        looks=(),
        level=LEVEL,
        interleaved=False,
    )


def _counted(archive: Archive, sets: Sequence[Sequence[Run]]) -> tuple[Counted, Counted] | None:
    """Counters of the first run of each set that has evidence, where both answered the same requests."""
    chosen: list[Run] = []
    for runs in sets:
        seen = [run for run in runs if evidence_run(archive, run).evidence() is not None]
        if not seen:
            return None
        chosen.append(evidence_run(archive, seen[0]))
    if chosen[0].manifest.seed != chosen[1].manifest.seed or chosen[0].id == chosen[1].id:
        return None
    return _of_sides(archive, [run.id for run in chosen])


def _of_sides(archive: Archive, names: Sequence[str | None]) -> tuple[Counted, Counted] | None:
    from loadstone.lab.counting import counted  # numpy and the digest, for runs that have evidence

    found = []
    for name in names:
        if name is None:
            return None
        run = archive.run(name)
        try:
            found.append(counted(archive, run, kept_diagnosis(run)))
        except LoadstoneError:
            return None  # counters are then not among the metrics
    return found[0], found[1]


def _differs(sets: Sequence[Sequence[Run]], manifests: Sequence[Sequence[Manifest]]) -> Iterator[Caveat]:
    """What is not the same on both sides, beside what is to be compared."""
    every = [manifest for side in manifests for manifest in side]
    for code, what, values in (
        ("other-machine", "machine", [_machine(one) for one in every]),
        ("other-version", "version of Loadstone", [one.versions.get("loadstone", "?") for one in every]),
    ):
        if len(set(values)) > 1:
            yield _doubt(code, f"The runs are not of one {what}: {', '.join(dict.fromkeys(values))}.")
    loads = [run.text("plan.json") for runs in sets for run in runs]
    shapes = {_load(plan) for plan in loads if plan is not None}
    if len(shapes) > 1:
        yield _doubt("other-load", "The runs did not have the same load: journeys, rates, phases or checks differ.")
    seeds = [{manifest.seed for manifest in side} for side in manifests]
    if seeds[0] != seeds[1]:
        message = "The sides had other seeds, so other arrivals and other requests: counts cannot be paired."
        yield Caveat("other-traffic", "note", ("latency",), message, "loadstone run --seed repeats a run's traffic.")
    ends = [(min(one.started_ns for one in side), max(one.started_ns for one in side)) for side in manifests]
    apart_s = max(ends[1][0] - ends[0][1], ends[0][0] - ends[1][1], 0) / 1e9
    if apart_s >= 1:
        message = f"{format_duration(apart_s)} lie between the last run of one side and the first of the other."
        yield Caveat("time-between", "note", ("latency",), message, "")
    observed = [sum(bool(one.collectors) for one in side) for side in manifests]
    if any(observed) and observed != [len(side) for side in manifests]:
        yield _doubt("observed-beside-bare", "Some of the runs were observed, which takes time of its own, some not.")


def _doubt(code: str, message: str) -> Caveat:
    return Caveat(code, "doubt", ("latency", "rate"), message, "Compare runs that differ in the change alone.")


def _machine(manifest: Manifest) -> str:
    told = manifest.machine
    return f"{told.class_}, {told.cores} cores"


def _load(plan: str) -> bytes:
    """The plan without what may differ between two sides: where the service is, the seed, trace ids."""
    document = msgspec.json.decode(plan, type=dict[str, object])
    for name in ("seed", "target", "record", "limits"):
        document.pop(name, None)
    return msgspec.json.encode(document, order="deterministic")
