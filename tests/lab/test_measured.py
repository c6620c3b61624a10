"""A run as one of a side's, read back from the archive."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from loadstone.archive import Archive
from loadstone.archive.writer import amend
from loadstone.drive.compile import compile_plan
from loadstone.drive.engine import Engine
from loadstone.drive.fake import Script, scripted
from loadstone.drive.quick import quick
from loadstone.errors import EvidenceError
from loadstone.lab.manifest import Place
from loadstone.lab.measured import side_run
from loadstone.lab.trial import Asked, run_trial
from loadstone.model.run import Caveat, ServiceUse


def _run(
    archive: Archive, *, users: int | None = None, error_share: float = 0.0, busy_share: float | None = None
) -> str:
    rate = 50.0 if users is None else None
    service, workload, shape = quick("http://127.0.0.1:9/items", duration_s=4.0, rate_per_s=rate, users=users)
    plan = compile_plan(workload, shape, service, seed=7, hash_key="0" * 32)

    def engine(plan: bytes) -> Engine:
        return scripted(plan, Script(error_share=error_share, busy_share=busy_share))

    asked = Asked(plan=plan, service=service, seed=7, report=False, place=Place("20261125T233000-x7f3a", "B", 3))
    return run_trial(archive, asked, engine).run


def test_it_has_what_the_summary_has_and_the_histograms_whole(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    run = archive.run(_run(archive, error_share=0.1))
    told = run.manifest.summary
    assert told is not None
    made = side_run(run, "B", 3, 5)
    assert (made.run, made.side, made.pair, made.place, made.seed) == (run.id, "B", 3, 5, 7)
    assert (made.whole.requests, made.whole.errors) == (told.requests, told.errors) and made.whole.errors > 0
    assert made.whole.response.quantile(0.95) == told.latency_s.response.p95
    assert made.measured_s == pytest.approx(4) and made.complete and not made.closed
    step = made.step("quick", "GET /items")
    assert step is not None and step.requests == made.whole.requests and step.results == made.whole.results
    assert step.bytes_in == made.whole.bytes_in == sum(
        cell.bytes_in for interval in run.intervals() for cell in interval.cells if cell.step is not None
    )  # fmt: skip
    assert (made.service_cpu_s, made.service_rss_bytes, made.ended) == (None, None, None)


def test_what_the_service_took_and_how_it_ended_are_read_from_the_manifest(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    run = archive.run(_run(archive, users=3))
    told = run.manifest.summary
    assert told is not None
    ended = Caveat("service-ended", "note", (), "The service ended during the run, with SIGKILL.", "See a.log.")
    amend(
        run.directory,
        status="interrupted",
        service_use=ServiceUse(1.5, 42),
        summary=msgspec.structs.replace(told, caveats=(ended,)),
    )
    made = side_run(archive.run(run.id), "A", 0, 0)
    assert (made.service_cpu_s, made.service_rss_bytes, made.ended) == (1.5, 42, "SIGKILL")
    assert made.closed and not made.complete and made.caveats == (ended,)


def test_others_are_what_is_busy_beside_service_and_generator(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    name = _run(archive, busy_share=0.75)
    machine = msgspec.structs.replace(archive.run(name).manifest.machine, cores=4)
    amend(archive.run(name).directory, machine=machine)
    run = archive.run(name)
    told = list(run.intervals())
    span_s, generator_s = sum(one.span_s for one in told), sum(one.generator.cpu_s for one in told)
    assert generator_s > 0
    alone = (3 * span_s - generator_s) / (4 * span_s)
    assert side_run(run, "A", 0, 0).others_share == pytest.approx(alone)
    amend(run.directory, service_use=ServiceUse(1.5, 42))
    assert side_run(archive.run(name), "A", 0, 0).others_share == pytest.approx(alone - 1.5 / (4 * span_s))


def test_others_are_unknown_where_the_system_does_not_tell(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert side_run(archive.run(_run(archive)), "A", 0, 0).others_share is None


def test_a_run_that_drove_nothing_is_no_side(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    run = archive.run(_run(archive))
    (run.directory / "plan.json").unlink()
    with pytest.raises(EvidenceError, match="drove no load"):
        side_run(run, "A", 0, 0)
