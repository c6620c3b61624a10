"""Collectors around a trial: each step reaches each of them, and one that fails costs its evidence alone."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from loadstone.archive import Archive
from loadstone.drive.compile import compile_plan
from loadstone.drive.engine import Engine
from loadstone.drive.fake import Script, scripted
from loadstone.drive.quick import quick
from loadstone.gather.collector import Gathered, Scene, Start
from loadstone.lab.evidence import evidence_summary
from loadstone.lab.observation import Observing, new_redaction
from loadstone.lab.observed import run_observed
from loadstone.lab.trial import Asked, Silent, run_trial
from loadstone.model.evidence import Missing


class Heard:
    """A collector that writes down what it is told and brings two rows."""

    name = "heard"

    def __init__(self, fails_at: str | None = None) -> None:
        self.steps: list[str] = []
        self.scene: Scene | None = None
        self._fails_at = fails_at

    def prepare(self, scene: Scene, start: Start | None) -> Start | None:
        self.scene = scene
        (scene.spool / "raw").write_text("raw")
        self._step("prepare")
        return None if start is None else Start((*start.argv, "--seen"), {**start.env, "SEEN": "1"})

    def open(self) -> None:
        self._step("open")

    def mark(self, phase: str) -> None:
        self._step(f"mark {phase}")

    def stop(self) -> None:
        self._step("stop")

    def close(self) -> Gathered:
        self._step("close")
        host = {"at_ns": np.array([1, 2]), "value": np.array([0.5, 0.25])}
        lacking = (Missing("waits", "nobody waited", "wait"),)
        return Gathered(
            tables={"host": [host]},
            documents={"told.json": b"[]", "decoded.json": b'{"rejected": 3}'},
            missing=lacking,
            cpu_s=0.25,
            cost="little",
        )

    def _step(self, step: str) -> None:
        self.steps.append(step)
        if step == self._fails_at:
            raise RuntimeError("with a secret in it")


def _asked(*collectors: Heard) -> Asked:
    service, workload, shape = quick("http://127.0.0.1:9/items", duration_s=4.0, rate_per_s=50.0)
    plan = compile_plan(workload, shape, service, seed=41, hash_key="0" * 32)
    observing = Observing(collectors, new_redaction()) if collectors else None
    return Asked(plan=plan, service=service, seed=41, nonce=7, report=False, observing=observing)


def _scripted(plan: bytes) -> Engine:
    return scripted(plan, Script())


def test_every_step_reaches_the_collector_and_what_it_brings_is_kept(tmp_path: Path) -> None:
    heard = Heard()
    trial = run_trial(Archive(tmp_path), _asked(heard), _scripted)
    assert heard.steps == ["prepare", "open", "mark steady", "stop", "close"]
    assert heard.scene is not None
    assert (heard.scene.nonce, heard.scene.url) == (7, "http://127.0.0.1:9")
    assert [caveat.code for caveat in trial.summary.caveats if caveat.level == "doubt"] == ["instrumented"]
    told = evidence_summary(Archive(tmp_path), Archive(tmp_path).resolve("last"))
    assert told.rows["host"] == 2
    assert [(one.name, one.cost) for one in told.collectors] == [("heard", "little; 0.25 s of CPU beside the service")]
    assert told.missing == (Missing("waits", "nobody waited", "wait"),)
    assert told.notes == ("3 received spans had no trace id or no id of their own and were left out.",)
    assert (trial.directory / "evidence" / "told.json").exists()
    assert not (trial.directory / "evidence" / "spool").exists()


def test_a_spool_is_found_from_wherever_the_service_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Node takes a relative path for a package's name, the JVM for one of its own folder."""
    monkeypatch.chdir(tmp_path)
    heard = Heard()
    run_trial(Archive(Path(".loadstone")), _asked(heard), _scripted)
    assert heard.scene is not None
    assert heard.scene.spool.is_absolute()


def test_a_bare_run_has_no_evidence_and_no_doubt_from_it(tmp_path: Path) -> None:
    trial = run_trial(Archive(tmp_path), _asked(), _scripted)
    assert "instrumented" not in {caveat.code for caveat in trial.summary.caveats}
    assert not (trial.directory / "evidence").exists()


@pytest.mark.parametrize("step", ["prepare", "open", "mark steady", "stop", "close"])
def test_a_collector_that_fails_costs_its_evidence_alone(tmp_path: Path, step: str) -> None:
    fails, other = Heard(step), Heard()
    other.name = "other"
    trial = run_trial(Archive(tmp_path), _asked(fails, other), _scripted)
    assert trial.summary.status == "complete"
    assert other.steps == ["prepare", "open", "mark steady", "stop", "close"]
    told = evidence_summary(Archive(tmp_path), Archive(tmp_path).resolve("last"))
    reasons = {one.kind: one.reason for one in told.missing}
    assert reasons["heard"] == "the collector failed with RuntimeError"
    assert "secret" not in json.dumps(msgspec.to_builtins(told))


def test_an_observed_partner_is_named_and_is_never_the_last(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    both = run_observed(archive, _asked(), _asked(Heard()), _scripted)
    assert both.observed is not None
    assert both.trouble is None
    last = archive.resolve("last")
    assert last.id == both.bare.run
    assert last.manifest.observed == both.observed.run
    partner = archive.run(both.observed.run).manifest
    assert (partner.experiment, partner.side) == (both.bare.run, "observed")
    told = evidence_summary(archive, last)
    assert told.run == both.observed.run
    rows = {row.name: (row.bare, row.observed) for row in told.cost}
    assert rows["response p50"][0] == both.bare.summary.latency_s.response.p50
    assert rows["response p50"][1] == both.observed.summary.latency_s.response.p50


def test_a_bare_run_that_was_interrupted_has_no_partner(tmp_path: Path) -> None:
    class Stops(Silent):
        def interval(self, interval: object) -> None:
            import os
            import signal

            os.kill(os.getpid(), signal.SIGINT)

    both = run_observed(Archive(tmp_path), _asked(), _asked(Heard()), _scripted, Stops())
    assert both.observed is None
    assert both.trouble == "the bare run was interrupted, so no observed run was made"
    assert len(Archive(tmp_path).ids()) == 1


def test_an_observed_run_that_fails_leaves_the_bare_one(tmp_path: Path) -> None:
    bare, seen = _asked(), _asked(Heard())
    broken = msgspec.structs.replace(seen, service=msgspec.structs.replace(seen.service, start="no-such-program"))
    both = run_observed(Archive(tmp_path), bare, broken, _scripted)
    assert both.observed is None
    assert both.trouble is not None
    assert "no-such-program" in both.trouble
    assert Archive(tmp_path).resolve("last").manifest.observed is None
