"""The diagnosis of a run out of the archive: its own facts put beside its evidence, the answer kept with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from loadstone.archive import Archive, Run, RunEvidence
from loadstone.diagnose.diagnosis import diagnose
from loadstone.diagnose.subject import Bare, Client, Judged, Subject
from loadstone.drive.facts import PlanFacts
from loadstone.lab.evidence import COST, document, evidence_of
from loadstone.lab.findings import keep_diagnosis
from loadstone.lab.report import REPORT, objectives, summary, write_report
from loadstone.model.evidence_view import CostRow
from loadstone.model.finding import Diagnosis
from loadstone.model.run import Summary
from loadstone.model.slo import Slo

__all__ = ["diagnose_run", "subject_of"]


def diagnose_run(
    archive: Archive, run: Run, watch: Callable[[str], None] | None = None, *, bare: Sequence[Bare] = ()
) -> Diagnosis:
    """Diagnose a run by its evidence, its observed partner's where it names one; keep ``findings.json`` with the
    evidence and draw the reports again. ``bare`` are response times of bare runs of the same load, where there are
    others than ``run`` itself.

    Raises EvidenceError where nothing was collected.
    """
    holder, evidence = evidence_of(archive, run)
    told = diagnose(subject_of(run, holder, evidence, bare), evidence, watch)
    keep_diagnosis(holder, told)
    if watch is not None:
        watch("drawing the report")
    for each in {run.directory: run, holder.directory: holder}.values():
        if (each.directory / REPORT).exists():
            write_report(Run(each.directory), archive=archive)
    return told


def subject_of(run: Run, holder: Run, evidence: RunEvidence, bare: Sequence[Bare] = ()) -> Subject:
    """The run's own facts. Objectives are judged by ``run``, the bare one; the client's record is of ``holder``."""
    audit = evidence.audit()
    manifest = holder.manifest
    subject = Subject(
        run=run.id,
        kind=manifest.kind,
        cores=manifest.machine.cores,
        observer_s_per_request=_observer(document(evidence, COST, tuple[CostRow, ...]) or ()),
        takes_away=tuple(
            dict.fromkeys(what for check in audit.checks if check.outcome == "fail" for what in check.takes_away)
        )
        if audit
        else (),
        seed=manifest.seed,
    )
    plan = holder.text("plan.json")
    if manifest.kind != "load" or plan is None:
        return subject
    facts = PlanFacts.of(plan.encode())
    return msgspec.structs.replace(
        subject,
        steps=facts.steps,
        warm_up=frozenset(place for place in range(len(facts.phases)) if not facts.measured(place)),
        closed=not facts.open_model,
        objectives=tuple(_judged(objectives(run), summary(run))),
        client=_client(holder, facts),
        bare=tuple(bare) if bare or run.id == holder.id else tuple(_bare(summary(run))),
    )


def _observer(cost: Sequence[CostRow]) -> float | None:
    """CPU seconds a request that being observed added."""
    for row in cost:
        if row.name == "service CPU a request" and row.bare is not None and row.observed is not None:
            return max(0.0, row.observed - row.bare)
    return None


def _bare(told: Summary) -> Iterator[Bare]:
    rows = [(None, None, told.latency_s), *((row.journey, row.step, row.latency_s) for row in told.steps)]
    for journey, step, latency_s in rows:
        response = latency_s.response
        quantiles = {"p50": response.p50, "p95": response.p95, "p99": response.p99}
        yield Bare(journey, step, {name: value for name, value in quantiles.items() if value is not None})


def _judged(slos: Sequence[Slo], told: Summary) -> list[Judged]:
    results = {result.name: result for result in told.slos}
    found = []
    for slo in slos:
        result = results.get(slo.name)
        if result is None or slo.objective.limit_s is None or result.outcome == "none":
            continue
        found.append(
            Judged(
                name=slo.name,
                journey=slo.journey,
                step=slo.step,
                share=slo.objective.good_share,
                limit_s=slo.objective.limit_s,
                value_s=result.value if slo.objective.kind == "quantile" else _quantile(slo, told),
                outcome=result.outcome,
            )
        )
    return found


def _quantile(slo: Slo, told: Summary) -> float | None:
    """The response time at the objective's share, where the summary holds that quantile."""
    name = {0.5: "p50", 0.9: "p90", 0.95: "p95", 0.99: "p99", 0.999: "p999"}.get(slo.objective.good_share)
    if name is None:
        return None
    if slo.step is None and slo.journey is None:
        found: float | None = getattr(told.latency_s.response, name)
        return found
    rows = [row for row in told.steps if row.journey == slo.journey and row.step == slo.step]
    return getattr(rows[0].latency_s.response, name) if rows else None


def _client(holder: Run, facts: PlanFacts) -> Client | None:
    """The requests that the engine kept whole; all of them where the run had no more than it keeps."""
    import numpy as np

    columns = holder.sample_columns()
    if columns is None:
        return None
    numbers = {step: place for place, step in enumerate(facts.steps, 1)}
    steps = zip(columns["journey"].tolist(), columns["step"].tolist(), strict=True)
    step = np.array([numbers.get(one, 0) for one in steps], np.int32)
    sent = np.ma.filled(columns["sent_ns"], -1).astype(np.int64)
    done = summary(holder).requests
    measured = np.isin(columns["phase"], [place for place in range(len(facts.phases)) if facts.measured(place)])
    return Client(
        number=np.asarray(columns["request"], np.int64),
        step=step,
        phase=np.asarray(columns["phase"], np.int32),
        intended_ns=np.asarray(columns["intended_ns"], np.int64),
        sent_ns=sent,
        done_ns=np.asarray(columns["done_ns"], np.int64),
        bytes_in=np.asarray(columns["bytes_in"], np.int64),
        error=np.asarray(columns["error"], np.bool_),
        every=int(measured.sum()) >= done,
    )
