"""An experiment's page out of the archive, and the run's page that shows the newest proof of its finding."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from loadstone.archive import Archive, EvidenceWriter, Run
from loadstone.drive.compile import compile_plan
from loadstone.drive.fake import scripted
from loadstone.drive.quick import quick
from loadstone.errors import EvidenceError
from loadstone.lab.experiment_report import GATE, answer_of, experiment_page, proof_of
from loadstone.lab.experiments import Experiment, ExperimentWriter
from loadstone.lab.findings import keep_diagnosis
from loadstone.lab.guardrail import GUARDRAIL
from loadstone.lab.next_step import next_step
from loadstone.lab.report import view
from loadstone.lab.trial import Asked, run_trial
from tests.browser.proof_specimens import manifest
from tests.render import causes_specimens
from tests.render.comparison_specimens import FOR_THE_REASON, SLOWER
from tests.render.gate_specimens import slower

DIAGNOSIS = causes_specimens.founding()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / ".loadstone")


@pytest.fixture
def run(archive: Archive) -> Run:
    """A run with a diagnosis."""
    service, workload, shape = quick("http://127.0.0.1:9/items", duration_s=3.0, rate_per_s=20.0)
    plan = compile_plan(workload, shape, service, (), seed=41, hash_key="0" * 32)
    trial = run_trial(archive, Asked(plan=plan, service=service, seed=41, nonce=7, report=False), scripted)
    writer = EvidenceWriter(trial.directory)
    writer.finish(7)
    made = archive.run(trial.run)
    keep_diagnosis(made, DIAGNOSIS)
    return made


def kept(archive: Archive, run: Run | None, comparison: object = FOR_THE_REASON, kind: str = "prove") -> Experiment:
    told = msgspec.structs.replace(FOR_THE_REASON if comparison is FOR_THE_REASON else SLOWER)
    finding = DIAGNOSIS.findings[0].fingerprint
    made = manifest(told, kind, None if run is None else run.id)
    writer = ExperimentWriter(archive, msgspec.structs.replace(made, finding=finding))
    writer.tell(msgspec.structs.replace(told, experiment=writer.id))
    (writer.directory / GUARDRAIL).write_text('[guardrails]\n"statements" = "+0"\n')
    writer.update(status="complete")
    return Experiment(writer.directory)


def test_a_proof_has_its_finding_and_its_guardrail(archive: Archive, run: Run) -> None:
    experiment = kept(archive, run)
    page = experiment_page(archive, experiment, "base.html")
    assert page.proof.before == DIAGNOSIS.findings[0]
    assert page.proof.guardrail is not None
    assert "statements" in page.proof.guardrail
    assert page.proof.repeat.endswith(f"--seed {experiment.manifest.design.seed}")
    assert page.proof.base_report == "base.html"
    assert page.gate is None


def test_a_gate_shows_what_it_said(archive: Archive) -> None:
    experiment = kept(archive, None, SLOWER, "gate")
    (experiment.directory / GATE).write_bytes(msgspec.json.encode(slower()))
    page = experiment_page(archive, experiment)
    assert page.gate is not None
    assert page.gate.verdict == "fail"


def test_a_run_shows_the_newest_proof_of_it(archive: Archive, run: Run) -> None:
    assert proof_of(archive, run) is None
    kept(archive, None)
    assert proof_of(archive, run) is None
    kept(archive, run, SLOWER, "gate")
    assert proof_of(archive, run) is None
    experiment = kept(archive, run)
    found = proof_of(archive, run)
    assert found is not None
    assert found.comparison.experiment == experiment.id
    shown = view(run, archive=archive).proof
    assert shown == found
    assert view(run).proof is None


def test_a_damaged_experiment_costs_no_other_page(archive: Archive, run: Run) -> None:
    (kept(archive, run).directory / "verdict.json").write_text("{")
    assert proof_of(archive, run) is None


def test_no_verdict_no_page(archive: Archive) -> None:
    writer = ExperimentWriter(archive, manifest(FOR_THE_REASON))
    with pytest.raises(EvidenceError, match="no verdict yet"):
        experiment_page(archive, Experiment(writer.directory))


def test_the_last_look_of_what_goes_on_is_no_verdict(archive: Archive, run: Run) -> None:
    experiment = kept(archive, run)
    assert answer_of(experiment) == ("faster", FOR_THE_REASON.sentence)
    path = experiment.directory / "manifest.json"
    going = msgspec.structs.replace(experiment.manifest, status="running")
    path.write_bytes(msgspec.json.encode(going))
    going_on = Experiment(experiment.directory)
    assert answer_of(going_on) is None
    assert proof_of(archive, run) is None
    assert experiment_page(archive, going_on).status == going_on.status


def test_a_gate_answers_for_itself(archive: Archive) -> None:
    experiment = kept(archive, None, SLOWER, "gate")
    assert answer_of(experiment) == ("slower", SLOWER.sentence)
    (experiment.directory / GATE).write_bytes(msgspec.json.encode(slower()))
    assert answer_of(experiment) == ("fail", slower().sentence)
    (experiment.directory / GATE).write_text("{")
    with pytest.raises(EvidenceError, match="cannot be read"):
        answer_of(experiment)
    with pytest.raises(EvidenceError, match="cannot be read"):
        experiment_page(archive, experiment)


def test_what_is_settled_has_no_next_step_and_a_slower_side_is_diagnosed(archive: Archive) -> None:
    settled = msgspec.structs.replace(FOR_THE_REASON, next_step=None)
    assert next_step(settled) is None
    seen = msgspec.structs.replace(SLOWER.sides[1], observed="20261125T101500-7f3a")
    worse = msgspec.structs.replace(SLOWER, next_step=None, sides=(SLOWER.sides[0], seen))
    assert next_step(worse) == "loadstone diagnose 7f3a"
    page = experiment_page(archive, kept(archive, None, SLOWER))
    assert page.proof.next_step == next_step(SLOWER)
