"""What a diagnosis is told of a run beside its evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.archive import Archive, Run, RunEvidence
from loadstone.diagnose.subject import Bare
from loadstone.drive.compile import compile_plan
from loadstone.drive.engine import Engine
from loadstone.drive.fake import Script, scripted
from loadstone.drive.quick import quick
from loadstone.lab.diagnosis import subject_of
from loadstone.lab.observed_sides import bare_of
from loadstone.lab.trial import Asked, run_trial
from tests.prove.made import side_run

STEP = ("quick", "GET /items")


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    """Two runs of the same plan, the second slower."""
    archive = Archive(tmp_path)
    service, workload, shape = quick("http://127.0.0.1:9/items", duration_s=4.0, rate_per_s=50.0, users=None)
    plan = compile_plan(workload, shape, service, seed=7, hash_key="0" * 32)

    def made(mean_s: float) -> Run:
        def engine(plan: bytes) -> Engine:
            return scripted(plan, Script(mean_s=mean_s))

        return archive.run(run_trial(archive, Asked(plan=plan, service=service, seed=7, report=False), engine).run)

    return [made(0.010), made(0.015)]


def test_the_bare_run_says_what_the_service_takes_unobserved(runs: list[Run]) -> None:
    bare, observed = runs
    told = subject_of(bare, observed, RunEvidence(observed.directory))
    summary = bare.manifest.summary
    assert summary is not None
    assert {(one.journey, one.step) for one in told.bare} >= {(None, None), STEP}
    assert told.bare[0].quantile_s["p95"] == summary.latency_s.response.p95


def test_a_run_that_has_no_bare_one_has_none_to_tell_of(runs: list[Run]) -> None:
    observed = runs[1]
    assert subject_of(observed, observed, RunEvidence(observed.directory)).bare == ()
    given = (Bare(None, None, {"p95": 0.2}),)
    assert subject_of(observed, observed, RunEvidence(observed.directory), given).bare == given


def test_bare_runs_of_a_side_are_told_by_their_middle() -> None:
    made = [side_run("A", pair, pair, times=times, spread=0.0, seed=5) for pair, times in enumerate((1.0, 4.0))]
    told = {(one.journey, one.step): one.quantile_s for one in bare_of(made)}
    assert set(told) == {(None, None), ("browse", "list"), ("browse", "detail")}
    first = made[0].whole.response.quantile(0.95)
    assert first is not None
    assert told[None, None]["p95"] == pytest.approx(2 * first, rel=0.02)
    assert list(bare_of([])) == [Bare(None, None, {})]
