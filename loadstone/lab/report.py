"""A run from its archive alone: its summary, its page's noun, its report. What was derived can be derived again."""

from __future__ import annotations

from pathlib import Path

from loadstone.archive import Archive, Run, evidence_run
from loadstone.drive.facts import PlanFacts
from loadstone.drive.summary import summarise, without_load
from loadstone.errors import EvidenceError, SpecError
from loadstone.lab.experiment_report import REPORT, proof_of
from loadstone.lab.findings import kept_diagnosis
from loadstone.model.causes_view import CausesView
from loadstone.model.evidence_view import CostRow, EvidenceView
from loadstone.model.run import Manifest, Summary
from loadstone.model.run_view import RunView
from loadstone.model.slo import Slo

__all__ = ["REPORT", "objectives", "summary", "view", "write_report"]


def summary(run: Run) -> Summary:
    """The summary that the run left, or, of one that is going or has crashed, the summary of what there is.

    Raises EvidenceError when there is neither.
    """
    manifest = run.manifest
    if manifest.summary is not None:
        return manifest.summary
    build = manifest.versions.get("build")
    return summarise(run.id, _facts(run), run.intervals(), objectives(run), manifest.status, build=build)


def view(run: Run, manifest: Manifest | None = None, *, archive: Archive | None = None) -> RunView:
    """Everything that the run's page shows. ``manifest`` stands for the one on disk while a run is being closed.

    ``archive`` is where the observed partner of a bare run is looked for; without one its evidence is not shown.
    """
    from loadstone.render.view import run_view

    manifest = manifest or run.manifest
    told = manifest.summary or (summary(run) if manifest.kind == "load" else without_load(run.id, manifest.status))
    spans = _facts(run).spans() if manifest.kind == "load" else ()
    going = manifest.summary is None and manifest.status == "running"
    seen = None if going else _evidence(run, archive)
    causes = None if going else _causes(run, archive, seen)
    spec = run.text("spec.toml")
    proof = None if causes is None or archive is None else proof_of(archive, run)
    return run_view(
        manifest, told, run.intervals(), run.samples(), spans, spec, evidence=seen, causes=causes, proof=proof
    )


def _evidence(run: Run, archive: Archive | None) -> EvidenceView | None:
    """What was seen of the run, or of its observed partner; None where nothing was."""
    holder = run if archive is None else evidence_run(archive, run)
    evidence = holder.evidence()
    if evidence is None:
        return None
    from loadstone.lab.evidence import COST, document, notes_of
    from loadstone.render.evidence import evidence_view

    counts, audit = evidence.counts(), evidence.audit()
    return evidence_view(
        evidence,
        run=holder.id,
        origin_ns=holder.manifest.started_ns,
        spans=counts.rows.get("spans", 0) if counts else 0,
        steps=_facts(holder).steps if holder.manifest.kind == "load" else (),
        audit=audit.checks if audit else (),
        cost=document(evidence, COST, tuple[CostRow, ...]) or (),
        notes=notes_of(evidence),
        origin="this run" if holder.id == run.id else "observed run",
    )


def _causes(run: Run, archive: Archive | None, seen: EvidenceView | None) -> CausesView | None:
    """What was diagnosed of the run, with the drawings that go with it; None where nothing was."""
    holder = run if archive is None else evidence_run(archive, run)
    told = kept_diagnosis(holder)
    if told is None:
        return None
    from loadstone.render.causes import causes_view

    steps = _facts(holder).steps if holder.manifest.kind == "load" else ()
    return causes_view(told, holder.evidence(), seen, origin_ns=holder.manifest.started_ns, steps=steps)


def write_report(run: Run, manifest: Manifest | None = None, *, archive: Archive | None = None) -> Path:
    """Write ``report.html`` into the run's directory. Raises InstrumentError when the page was not built."""
    from loadstone.render.html import report_html

    path = run.directory / REPORT
    temporary = path.with_suffix(".tmp")
    temporary.write_text(report_html(view(run, manifest, archive=archive)), encoding="utf-8")
    temporary.replace(path)
    return path


def objectives(run: Run) -> tuple[Slo, ...]:
    """The objectives of the run's own copy of the spec; none when it cannot be read without the files beside it."""
    path = run.directory / "spec.toml"
    if not path.exists():
        return ()
    from loadstone.spec import load

    try:
        return load(path).slos
    except SpecError:
        return ()


def _facts(run: Run) -> PlanFacts:
    plan = run.text("plan.json")
    if plan is None:
        raise EvidenceError(f"{run.directory} has no plan.json, so its intervals cannot be judged")
    return PlanFacts.of(plan.encode())
