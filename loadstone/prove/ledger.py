"""A line of the ledger: what was predicted of a finding beside what was measured."""

from __future__ import annotations

from loadstone.model.comparison import Comparison, LedgerEntry
from loadstone.model.finding import Bounded

__all__ = ["entry"]


def entry(comparison: Comparison, at_ns: int, service: str | None = None) -> LedgerEntry | None:
    """The entry of a comparison that was to prove a finding; None without one."""
    blamed = comparison.blamed
    if blamed is None or comparison.experiment is None:
        return None
    predicted = comparison.predicted
    at = predicted.at if predicted is not None else "p99"
    judged = next(
        (
            one
            for one in comparison.metrics
            if one.name == f"{at} response" and (one.journey, one.step) == (blamed.journey, blamed.step)
        ),
        None,
    )
    measured_ratio = None
    if judged is not None and judged.ratio is not None and judged.low is not None and judged.high is not None:
        measured_ratio = Bounded(judged.ratio, judged.low, judged.high)
    level = None if judged is None or judged.a is None else judged.a
    return LedgerEntry(
        format=1,
        experiment=comparison.experiment,
        at_ns=at_ns,
        fault=blamed.fault,
        fingerprint=blamed.fingerprint,
        journey=blamed.journey,
        step=blamed.step,
        at=at,
        before_s=None if level is None else Bounded(level, level, level),
        predicted_s=None if predicted is None else predicted.after(at),
        measured_s=comparison.measured.get(f"{at}_s"),
        predicted_ratio=None if predicted is None else predicted.ratio(at),
        measured_ratio=measured_ratio,
        refused=None if predicted is None else predicted.refused,
        verdict=comparison.verdict,
        reason=comparison.reason,
        pairs=comparison.design.pairs,
        same_load=comparison.same_load,
        service=service,
    )
