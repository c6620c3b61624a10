"""One gate: the experiment that the guardrails ask for, its runs read back, the report kept beside its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from loadstone.archive import Archive
from loadstone.archive.writer import replace as write
from loadstone.drive.engine import Engine
from loadstone.errors import LoadstoneError
from loadstone.guard.defaults import guards_of, margins_of
from loadstone.guard.gate import gate, settled
from loadstone.guard.objective import CandidateRun
from loadstone.lab.code_place import code_place, repository_of
from loadstone.lab.experiment import ExperimentAsked, ExperimentWatch, run_experiment
from loadstone.lab.experiment_report import GATE, write_experiment_report
from loadstone.lab.experiments import Experiment
from loadstone.lab.findings import kept_diagnosis
from loadstone.lab.measured import side_run
from loadstone.model.comparison import Comparison, SideTold
from loadstone.model.finding import Diagnosis
from loadstone.model.guardrail import GateReport, Guard
from loadstone.model.slo import Slo
from loadstone.render.gate_markdown import gate_markdown
from loadstone.render.junit import junit_xml

__all__ = ["GateAsked", "report_on", "run_gate"]

COMMENT = "gate.md"
SUITE = "gate.xml"


@dataclass(frozen=True)
class GateAsked:
    """The experiment; ``every`` goes on with it where a counter fails; ``base`` and ``candidate`` are what the
    sides are called."""

    experiment: ExperimentAsked
    every: bool = False
    base: str = ""
    candidate: str = ""


def run_gate(
    archive: Archive, asked: GateAsked, engine: Callable[[bytes], Engine], watch: ExperimentWatch | None = None
) -> GateReport:
    """Run it and keep ``gate.json``, ``gate.md`` and ``gate.xml`` in the experiment's directory.

    Raises SpecError for a margin below the floor that was calibrated, and whatever an experiment raises.
    """
    spec = asked.experiment.spec
    guards = guards_of(spec.guardrails, spec.slos)

    def decided_early(comparison: Comparison) -> str | None:
        return settled(comparison, guards, every=asked.every)

    wanted = msgspec.structs.replace(asked.experiment, margins=margins_of(guards), decided_early=decided_early)
    comparison = run_experiment(archive, wanted, engine, watch)
    report = report_on(archive, comparison, guards, spec.slos, asked.base, asked.candidate)
    report = _placed(report, archive, Path(spec.service.cwd or "."))
    directory = archive.root / "experiments" / report.experiment
    write(directory / GATE, msgspec.json.format(msgspec.json.encode(report)))
    write(directory / COMMENT, f"{gate_markdown(report)}\n".encode())
    write(directory / SUITE, junit_xml(report).encode())
    with suppress(LoadstoneError, OSError):  # a page that cannot be drawn costs no verdict
        write_experiment_report(archive, Experiment(directory))
    return report


def report_on(
    archive: Archive,
    comparison: Comparison,
    guards: Sequence[Guard],
    slos: Sequence[Slo],
    base: str,
    candidate: str,
) -> GateReport:
    """The report, from what the archive has of the experiment's runs."""
    a, b = comparison.sides
    judged = {
        row.run for pair in comparison.pairs if pair.left_out is None for row in (pair.a, pair.b) if row is not None
    }
    told = next((one.message for one in comparison.caveats if one.code == "not-counted"), "")
    missing = told.partition("; ")[0].rstrip(".")  # one side's reason; both stand among the caveats
    return gate(
        comparison,
        guards,
        slos=slos,
        base_runs=_runs(archive, a, judged),
        candidate_runs=_runs(archive, b, judged),
        diagnoses=(_diagnosis(archive, a), _diagnosis(archive, b)),
        ended=not comparison.pairs and settled(comparison, guards) is not None,
        missing=missing[:1].lower() + missing[1:],
        base=base,
        candidate=candidate,
    )


def _runs(archive: Archive, side: SideTold, judged: set[str]) -> list[CandidateRun]:
    """The side's runs in judged pairs, with their summaries; a run that left none behind is not among them."""
    found = []
    for place, name in enumerate(side.runs):
        run = archive.run(name)
        summary = run.manifest.summary
        if name in judged and summary is not None:
            found.append(CandidateRun(side_run(run, side.name, place, place), summary))
    return found


def _diagnosis(archive: Archive, side: SideTold) -> Diagnosis | None:
    return None if side.observed is None else kept_diagnosis(archive.run(side.observed))


def _placed(report: GateReport, archive: Archive, cwd: Path) -> GateReport:
    """The cause with its file as the repository names it, where it lies in one."""
    root = repository_of(cwd)
    if report.cause is None or report.cause.where is None or root is None:
        return report
    worktrees = archive.root.resolve() / "worktrees"
    folders = [cwd.resolve(), *(worktrees / f"{report.experiment}-{side}" for side in ("a", "b"))]
    where = code_place(report.cause.where, root.resolve(), folders)
    if where is None:
        return report
    return msgspec.structs.replace(report, cause=msgspec.structs.replace(report.cause, where=where))
