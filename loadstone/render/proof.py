"""A proof as its page shows it: the comparison with the finding before it and the guardrail after it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from loadstone.model.comparison import Comparison, LedgerEntry
from loadstone.model.experiment import ExperimentManifest
from loadstone.model.finding import Diagnosis, Finding
from loadstone.model.guardrail import GateReport
from loadstone.model.proof_view import ExperimentView, ProofView

__all__ = ["experiment_view", "proof_view"]


def proof_view(
    manifest: ExperimentManifest,
    comparison: Comparison,
    *,
    diagnosis: Diagnosis | None = None,
    ledger: Iterable[LedgerEntry] = (),
    guardrail: str | None = None,
    base_report: str | None = None,
    next_step: str | None = None,
) -> ProofView:
    """``diagnosis`` is the one that the finding was told in, ``ledger`` every entry of the archive."""
    return ProofView(
        comparison=comparison,
        before=_finding(manifest, diagnosis),
        ledger=next((entry for entry in ledger if entry.experiment == manifest.experiment), None),
        guardrail=guardrail,
        repeat=_repeat(manifest),
        started_ns=manifest.started_ns,
        base_report=base_report,
        next_step=next_step,
    )


def experiment_view(manifest: ExperimentManifest, proof: ProofView, gate: GateReport | None = None) -> ExperimentView:
    """The experiment's own page."""
    return ExperimentView(1, "experiment", manifest.experiment, proof, gate, dict(manifest.versions), manifest.status)


def _finding(manifest: ExperimentManifest, diagnosis: Diagnosis | None) -> Finding | None:
    if diagnosis is None or manifest.finding is None:
        return None
    return next((one for one in diagnosis.findings if one.fingerprint == manifest.finding), None)


def _repeat(manifest: ExperimentManifest) -> str:
    """The command as it was typed, with its seed."""
    command = shlex.join(manifest.command)
    named = any(part == "--seed" or part.startswith("--seed=") for part in manifest.command)
    return command if named or not command else f"{command} --seed {manifest.design.seed}"
