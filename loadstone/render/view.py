"""The page of a run as data: one noun, built by one pure function, for the report, the server and JSON alike."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from loadstone.model.causes_view import CausesView
from loadstone.model.evidence_view import EvidenceView
from loadstone.model.interval import Cell, Interval, Sample
from loadstone.model.proof_view import ProofView
from loadstone.model.run import Manifest, Summary
from loadstone.model.run_view import ErrorRow, PercentileCurve, PhaseSpan, RunView, SampleRow
from loadstone.render.headline import collected, headline
from loadstone.render.series import heat_of, points_of, series_of
from loadstone.stats.histogram import Histogram

__all__ = ["run_view"]

NS = 1e9

CURVE_STEPS_PER_NINE = 20
NAMED_SHARES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999)

FEW_BEYOND = 10
"""A share is drawn only while this many requests lie beyond it: one or two would draw an accident as a shape."""

SLOWEST_ROWS = 50


class _Measured:
    """What the measured phases add up to: the curve's distributions, and the ways of failing."""

    def __init__(self, phases: Sequence[PhaseSpan]) -> None:
        self.phases = phases
        self.response, self.service, self.lag = Histogram(), Histogram(), Histogram()
        self.requests: dict[tuple[str, str], int] = {}
        self.errors: dict[tuple[str, str, str], list[float]] = {}

    def counts(self, phase: int) -> bool:
        return not self.phases or (phase < len(self.phases) and self.phases[phase].measured)

    def watch(self, intervals: Iterable[Interval]) -> Iterator[Interval]:
        """The same intervals, counted as they pass: one reading of a long run serves all its charts."""
        for interval in intervals:
            for cell in interval.cells:
                if cell.step is not None and self.counts(cell.phase):
                    self._add(cell, cell.step, interval)
            yield interval

    def _add(self, cell: Cell, step: str, interval: Interval) -> None:
        for mine, data in ((self.response, cell.response), (self.service, cell.service), (self.lag, cell.lag)):
            mine.add(data.count, data.min_ns, data.max_ns, data.sum_ns, data.buckets)
        key = (cell.journey, step)
        self.requests[key] = self.requests.get(key, 0) + cell.count
        if cell.error and cell.count:
            seen = self.errors.setdefault(
                (*key, cell.result), [0, max(0.0, interval.t_s - interval.span_s), interval.t_s]
            )
            seen[0] += cell.count
            seen[2] = interval.t_s


def run_view(
    manifest: Manifest,
    summary: Summary,
    intervals: Iterable[Interval],
    samples: Sequence[Sample],
    phases: Sequence[PhaseSpan],
    spec: str | None = None,
    *,
    origin_ns: int | None = None,
    evidence: EvidenceView | None = None,
    causes: CausesView | None = None,
    proof: ProofView | None = None,
) -> RunView:
    """Everything that a run's page shows.

    ``intervals`` come in order and are read once. ``origin_ns`` is the wall-clock instant of the run's time 0,
    ``manifest.started_ns`` when not given. The series and the heat map hold warm-up too (it is shaded); the curve, the
    errors and the slowest requests leave it out, as the summary does.
    """
    measured = _Measured(phases)
    points = points_of(measured.watch(intervals))
    origin = manifest.started_ns if origin_ns is None else origin_ns
    counted = [sample for sample in samples if measured.counts(sample.phase)]
    return RunView(
        format=1,
        headline=headline(summary) if manifest.kind == "load" else collected(manifest.kind, evidence),
        summary=summary,
        manifest=manifest,
        series=series_of(points),
        curve=_curve(measured),
        heat=heat_of(points),
        phases=tuple(phases),
        errors=_errors(measured, counted),
        slowest=_slowest(counted, origin),
        spec=spec,
        repeat=_repeat(manifest),
        evidence=evidence,
        causes=causes,
        proof=proof,
    )


def _curve(measured: _Measured) -> PercentileCurve:
    """Shares evenly spaced on the axis of nines, -log10(1 - share), with the named ones among them."""
    count = measured.response.count
    shares: list[float] = []
    step = 0
    while count and (share := 1 - 10 ** (-step / CURVE_STEPS_PER_NINE)) <= 1 - FEW_BEYOND / count + 1e-12:
        shares.append(round(share, 12))
        step += 1
    shares.extend(share for share in NAMED_SHARES if count and share <= 1 - FEW_BEYOND / count + 1e-12)
    shares = sorted(set(shares))

    def along(histogram: Histogram) -> tuple[float, ...]:
        return tuple(histogram.quantile(share) or 0.0 for share in shares)

    return PercentileCurve(
        share=tuple(shares),
        response_s=along(measured.response),
        service_s=along(measured.service),
        lag_s=along(measured.lag),
    )


def _errors(measured: _Measured, samples: Sequence[Sample]) -> tuple[ErrorRow, ...]:
    """The most frequent way of failing first, with the words of the first sample that failed so."""
    words: dict[tuple[str, str, str], str] = {}
    for sample in samples:
        if sample.error and sample.message:
            words.setdefault((sample.journey, sample.step, sample.result), sample.message)
    rows = [
        ErrorRow(
            journey=key[0],
            step=key[1],
            result=key[2],
            count=int(count),
            share=count / measured.requests[key[:2]],
            first_s=first,
            last_s=last,
            example=words.get(key),
        )
        for key, (count, first, last) in measured.errors.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.journey, row.step, row.result)))


def _slowest(samples: Sequence[Sample], origin_ns: int) -> tuple[SampleRow, ...]:
    """The slowest requests of all steps together, each once, however often it was kept."""
    unique = {(sample.request, sample.intended_ns, sample.step): sample for sample in samples}
    ordered = sorted(unique.values(), key=lambda sample: sample.intended_ns - sample.done_ns)
    return tuple(_row(sample, origin_ns) for sample in ordered[:SLOWEST_ROWS])


def _row(sample: Sample, origin_ns: int) -> SampleRow:
    sent = sample.sent_ns
    return SampleRow(
        journey=sample.journey,
        step=sample.step,
        result=sample.result,
        error=sample.error,
        t_s=(sample.intended_ns - origin_ns) / NS,
        response_s=(sample.done_ns - sample.intended_ns) / NS,
        service_s=None if sent is None else (sample.done_ns - sent) / NS,
        lag_s=None if sent is None else (sent - sample.intended_ns) / NS,
        first_byte_s=None if sent is None or sample.first_byte_ns is None else (sample.first_byte_ns - sent) / NS,
        method=sample.method,
        target=sample.target,
    )


def _repeat(manifest: Manifest) -> str:
    """The command that makes the same traffic again: as it was typed, and with its seed."""
    command = shlex.join(manifest.command)
    named = any(part == "--seed" or part.startswith("--seed=") for part in manifest.command)
    return command if named or not command else f"{command} --seed {manifest.seed}"
