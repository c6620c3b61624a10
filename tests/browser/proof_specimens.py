"""Pages of experiments, each verdict once, and the founding run with its proof."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from loadstone.model.comparison import Comparison
from loadstone.model.experiment import ExperimentManifest
from loadstone.model.guardrail import GateReport
from loadstone.model.proof_view import ExperimentView
from loadstone.model.run_view import RunView
from loadstone.render.proof import experiment_view, proof_view
from tests.browser.causes_specimens import CAUSES_SPECIMENS
from tests.render import comparison_specimens as told
from tests.render import gate_specimens as gates

__all__ = ["PROOF_SPECIMENS", "manifest"]

GUARDRAIL = '[guardrails]\n"statements of browse.detail" = "+0"\n'

HOSTILE = "</script><script>alert(1)</script>\u202e<img src=x onerror=alert(1)>"


def manifest(comparison: Comparison, kind: str = "prove", found_in: str | None = None) -> ExperimentManifest:
    """The experiment that the comparison is of."""
    return msgspec.convert(
        {
            "format": 1,
            "experiment": comparison.experiment or "20261125T101500-x7f3a",
            "kind": kind,
            "status": "complete",
            "pid": 1,
            "pid_start_ticks": None,
            "boot_id": None,
            "started_ns": 1_764_065_700_000_000_000,
            "sides": comparison.sides,
            "design": comparison.design,
            "found_in": found_in,
            "command": ("loadstone", "prove", "--finding", "3b9e"),
        },
        ExperimentManifest,
    )


def _experiment(comparison: Comparison) -> Callable[[], ExperimentView]:
    def made() -> ExperimentView:
        kept = manifest(comparison)
        return experiment_view(kept, proof_view(kept, comparison, guardrail=GUARDRAIL, next_step=comparison.next_step))

    return made


def _gate(report: Callable[[], GateReport]) -> Callable[[], ExperimentView]:
    def made() -> ExperimentView:
        gate = report()
        kept = manifest(gate.comparison, "gate")
        return experiment_view(kept, proof_view(kept, gate.comparison), gate)

    return made


def proved() -> RunView:
    """The founding run, its fix proved."""
    view = CAUSES_SPECIMENS["causes"]()
    assert view.causes is not None
    diagnosis = view.causes.diagnosis
    kept = manifest(told.FOR_THE_REASON, found_in=view.manifest.run)
    kept = msgspec.structs.replace(kept, finding=diagnosis.findings[0].fingerprint)
    proof = proof_view(kept, told.FOR_THE_REASON, diagnosis=diagnosis, guardrail=GUARDRAIL)
    return msgspec.structs.replace(view, proof=proof)


PROOF_SPECIMENS: dict[str, Callable[[], RunView | ExperimentView]] = {
    "for the reason": _experiment(told.FOR_THE_REASON),
    "not for it": _experiment(told.NOT_FOR_IT),
    "proof slower": _experiment(told.SLOWER),
    "proof undecided": _experiment(told.UNDECIDED),
    "proof invalid": _experiment(told.INVALID),
    "before and after": _experiment(told.BEFORE_AFTER),
    "counted only": _experiment(told.COUNTED_ONLY),
    "proof going on": lambda: msgspec.structs.replace(_experiment(told.UNDECIDED)(), status="running"),
    "hostile proof": _experiment(told.hostile(HOSTILE)),
    "gate": _gate(gates.slower),
    "hostile gate": _gate(gates.hostile),
    "proved": proved,
}
