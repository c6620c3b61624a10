"""A bare run and an observed run of the same seed: latency is judged on the first, causes come from the second.

A service that is looked into is a different service, so the observer's price is told: the difference of the two. One
pair of runs carries no interval; it says what the observer took this time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from loadstone.archive import Archive, Run, amend
from loadstone.drive.engine import Engine
from loadstone.errors import LoadstoneError
from loadstone.lab.audit import write_audit
from loadstone.lab.evidence import COST
from loadstone.lab.report import write_report
from loadstone.lab.trial import Asked, Silent, Trial, Watch, run_trial
from loadstone.model.evidence_view import CostRow
from loadstone.model.run import Summary

__all__ = ["Observed", "observer_cost", "run_observed"]


class Observed(msgspec.Struct, frozen=True):
    """The two trials. ``observed`` is None when the bare one was interrupted or the observed one failed; ``trouble``
    then says why. ``cost`` is the observer's price."""

    bare: Trial
    observed: Trial | None
    cost: tuple[CostRow, ...] = ()
    trouble: str | None = None


def run_observed(
    archive: Archive, bare: Asked, observed: Asked, engine: Callable[[bytes], Engine], watch: Watch | None = None
) -> Observed:
    """Run both, the bare one first; its report and its manifest then name the observed one.

    Raises what ``run_trial`` raises for the bare run. An observed run that fails costs the evidence alone.
    """
    watch = watch or Silent()
    first = run_trial(archive, bare, engine, watch)
    if first.summary.status != "complete":
        return Observed(first, None, trouble=f"the bare run was {first.summary.status}, so no observed run was made")
    watch.doing("the same load again, observed")
    try:
        second = run_trial(archive, msgspec.structs.replace(observed, bare=first.run), engine, watch)
    except LoadstoneError as error:
        return Observed(first, None, trouble=f"the observed run failed: {error}")
    cost = tuple(observer_cost(first, second))
    (second.directory / "evidence" / COST).write_bytes(msgspec.json.format(msgspec.json.encode(cost)))
    amend(first.directory, observed=second.run)
    watch.doing("auditing the evidence")
    write_audit(Run(second.directory))
    for trial in (first, second):
        if trial.report is not None:
            write_report(Run(trial.directory), archive=archive)
    return Observed(first, second, cost)


def observer_cost(bare: Trial, observed: Trial) -> Iterator[CostRow]:
    """The figures of the two runs side by side."""
    left, right = bare.summary, observed.summary
    for name, unit, value in _FIGURES:
        yield CostRow(name, unit, value(left), value(right))
    if bare.service_cpu_per_request_s is not None and observed.service_cpu_per_request_s is not None:
        both = bare.service_cpu_per_request_s, observed.service_cpu_per_request_s
        yield CostRow("service CPU a request", "s", *both)


_FIGURES: tuple[tuple[str, str, Callable[[Summary], float | None]], ...] = (
    ("response p50", "s", lambda summary: summary.latency_s.response.p50),
    ("response p95", "s", lambda summary: summary.latency_s.response.p95),
    ("response p99", "s", lambda summary: summary.latency_s.response.p99),
    ("service p50", "s", lambda summary: summary.latency_s.service.p50),
    ("achieved", "/s", lambda summary: summary.achieved_per_s),
    ("errors", "count", lambda summary: float(summary.errors)),
)
