"""The page of an experiment out of the archive alone, and the proof that a run's page shows of its finding."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from loadstone.archive import Archive, Run, evidence_run
from loadstone.archive.writer import replace
from loadstone.errors import EvidenceError
from loadstone.lab.experiments import Experiment, experiments
from loadstone.lab.findings import kept_diagnosis
from loadstone.lab.guardrail import GUARDRAIL
from loadstone.lab.ledger import entries
from loadstone.lab.next_step import next_step
from loadstone.model.guardrail import GateReport
from loadstone.model.proof_view import ExperimentView, ProofView
from loadstone.render.proof import experiment_view, proof_view

__all__ = ["GATE", "REPORT", "answer_of", "experiment_page", "proof_of", "settled", "write_experiment_report"]

REPORT = "report.html"

GATE = "gate.json"
"""What a gate said, beside its verdict."""


def settled(experiment: Experiment) -> bool:
    """Whether its verdict is final: that of one that is running, or has crashed, is what the last look saw."""
    return experiment.status not in ("running", "crashed")


def answer_of(experiment: Experiment) -> tuple[str, str] | None:
    """Its verdict and its sentence, a gate's own where it is one; None where there is no final one."""
    told = _gate(experiment) or experiment.comparison
    return None if told is None or not settled(experiment) else (told.verdict, told.sentence)


def experiment_page(archive: Archive, experiment: Experiment, base_report: str | None = None) -> ExperimentView:
    """What the experiment's page shows. ``base_report`` is where the run is that its finding was told in, as seen from
    the page. Raises EvidenceError before there is a verdict."""
    proof = _proof(archive, experiment, base_report)
    if proof is None:
        raise EvidenceError(f"the experiment {experiment.id} has no verdict yet")
    return experiment_view(experiment.manifest, proof, _gate(experiment))


def write_experiment_report(archive: Archive, experiment: Experiment) -> Path:
    """Write ``report.html`` into the experiment's directory. Raises InstrumentError when the page was not built."""
    from loadstone.render.html import experiment_html

    found = experiment.manifest.found_in
    base = None if found is None else archive.run(found).directory / REPORT
    link = os.path.relpath(base, experiment.directory) if base is not None and base.exists() else None
    path = experiment.directory / REPORT
    replace(path, experiment_html(experiment_page(archive, experiment, link)).encode())
    return path


def proof_of(archive: Archive, run: Run) -> ProofView | None:
    """The newest proof of a finding of this run; None where nothing of it was proved."""
    names = {run.id, evidence_run(archive, run).id}
    for experiment in experiments(archive):
        try:
            manifest = experiment.manifest
            if manifest.kind == "prove" and manifest.found_in in names and settled(experiment):
                proof = _proof(archive, experiment, None)
                if proof is not None:
                    return proof
        except EvidenceError:
            continue  # another experiment's damage is not this run's
    return None


def _proof(archive: Archive, experiment: Experiment, base_report: str | None) -> ProofView | None:
    comparison = experiment.comparison
    if comparison is None:
        return None
    manifest = experiment.manifest
    diagnosis = None
    if manifest.found_in is not None and archive.has(manifest.found_in):
        diagnosis = kept_diagnosis(evidence_run(archive, archive.run(manifest.found_in)))
    return proof_view(
        manifest,
        comparison,
        diagnosis=diagnosis,
        ledger=entries(archive),
        guardrail=_text(experiment.directory / GUARDRAIL),
        base_report=base_report,
        next_step=next_step(comparison),
    )


def _gate(experiment: Experiment) -> GateReport | None:
    path = experiment.directory / GATE
    text = _text(path)
    try:
        return None if text is None else msgspec.json.decode(text, type=GateReport)
    except msgspec.DecodeError as error:
        raise EvidenceError(f"{path} cannot be read: {error}") from error


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
