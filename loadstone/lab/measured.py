"""What one archived run measured, as a comparison takes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from loadstone.archive import Run
from loadstone.drive.facts import PlanFacts
from loadstone.drive.summary import summary_of
from loadstone.drive.tally import StepTally, Tally
from loadstone.errors import EvidenceError
from loadstone.lab.trial import ENDED
from loadstone.model.interval import Interval
from loadstone.model.run import Summary
from loadstone.model.side_run import Side, SideRun, StepMeasured

__all__ = ["side_run"]


def side_run(run: Run, side: Side, pair: int, place: int) -> SideRun:
    """The run as one of a side's. Raises EvidenceError where it drove no load or cannot be read."""
    manifest = run.manifest
    plan = run.text("plan.json")
    if manifest.kind != "load" or plan is None:
        raise EvidenceError(f"the run {run.id} drove no load, so there is nothing to compare")
    facts = PlanFacts.of(plan.encode())
    tally = Tally(facts)
    bytes_in: Counter[tuple[str | None, str | None]] = Counter()
    intervals: list[Interval] = []
    for interval in run.intervals():
        tally.add(interval)
        intervals.append(interval)
        for key, count in _bytes(facts, interval):
            bytes_in[key] += count
    told = manifest.summary or summary_of(tally, run.id, manifest.status, build=manifest.versions.get("build"))
    use = manifest.service_use
    return SideRun(
        run=run.id,
        side=side,
        pair=pair,
        place=place,
        seed=manifest.seed,
        started_ns=manifest.started_ns,
        measured_s=tally.measured_s,
        offered_per_s=told.offered_per_s,
        achieved_per_s=told.achieved_per_s,
        whole=_measured(None, None, tally.overall, bytes_in[None, None]),
        steps=tuple(
            _measured(journey, step, one, bytes_in[journey, step]) for (journey, step), one in tally.steps.items()
        ),
        all_requests=tally.all_requests,
        service_cpu_s=use.cpu_s if use else None,
        service_rss_bytes=use.rss_bytes if use else None,
        others_share=_others_share(intervals, manifest.machine.cores, use.cpu_s if use else None),
        ended=_ended(told),
        complete=manifest.status == "complete",
        closed=not facts.open_model,
        caveats=told.caveats,
    )


def _others_share(intervals: Iterable[Interval], cores: int, service_cpu_s: float | None) -> float | None:
    """Of the CPU time of a machine with so many cores, from the first look at it to the last: what is busy beside the
    service and the generator."""
    span_s = busy_s = generator_s = 0.0
    for one in intervals:
        if one.host is not None and one.host.busy_share is not None:
            span_s += one.span_s
            busy_s += one.host.busy_share * one.span_s * cores
            generator_s += one.generator.cpu_s
    if not span_s or not cores:
        return None
    return min(1.0, max(0.0, busy_s - generator_s - (service_cpu_s or 0.0)) / (span_s * cores))


def _bytes(facts: PlanFacts, interval: Interval) -> Iterator[tuple[tuple[str | None, str | None], int]]:
    """Bytes of measured replies: of their step, of their journey, of all."""
    for cell in interval.cells:
        if facts.measured(cell.phase) and cell.step is not None:
            yield (cell.journey, cell.step), cell.bytes_in
            yield (cell.journey, None), cell.bytes_in
            yield (None, None), cell.bytes_in


def _measured(journey: str | None, step: str | None, tally: StepTally, bytes_in: int) -> StepMeasured:
    return StepMeasured(
        journey=journey,
        step=step,
        requests=tally.requests,
        errors=tally.errors,
        results=dict(sorted(tally.results.items())),
        response=tally.response,
        service=tally.service,
        bytes_in=bytes_in,
    )


def _ended(told: Summary) -> str | None:
    """How the service ended while the run lasted (``exit code 3``, ``SIGKILL``), as its caveat says it."""
    message = next((caveat.message for caveat in told.caveats if caveat.code == ENDED), None)
    return None if message is None else message.rpartition(", with ")[2].rstrip(".")
