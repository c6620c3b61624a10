"""The end of the demo's story: what the fix is, what was predicted of it beside what was measured, what will hold."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.model.comparison import Comparison, Metric, label_of
from loadstone.model.finding import Bounded, Predicted
from loadstone.model.quantity import format_count, format_duration
from loadstone.render.effect_text import bounded_ratio, ratio
from loadstone.render.text import labelled, plain, plural, wrapped

__all__ = ["closing", "story_text"]


def story_text(
    comparison: Comparison,
    *,
    cure: str,
    guardrail: str | None = None,
    kept: str | None = None,
    report: str | None = None,
    next_step: str | None = None,
    color: bool = False,
    width: int = 100,
) -> str:
    """Without a trailing newline. ``guardrail`` are lines for the spec, ``kept`` the file that holds them."""
    metric = _foretold_metric(comparison)
    lines = [labelled("the fix", plain(cure), color, width)]
    if comparison.predicted is not None:
        lines.append(labelled("predicted", _predicted(comparison, comparison.predicted), color, width))
    if metric is not None:
        lines.append(labelled("measured", _measured(comparison, metric), color, width))
    parts = ["\n".join(lines)]
    if guardrail is not None:
        where = f"lines for loadstone.toml, kept in {plain(kept)}" if kept else "lines for loadstone.toml"
        held = "\n".join(f"    {plain(line)}" for line in guardrail.splitlines() if line)
        parts.append(f"{labelled('guardrail', where, color, width)}\n{held}")
    parts.append("\n".join(_end(comparison, report, next_step, width)))
    return "\n\n".join(parts)


def closing(comparison: Comparison | None) -> str:
    """The last sentence: whether the loop closed, and where it broke where it did not."""
    if comparison is None:
        return "The loop stays open: nothing was named that could be proved."
    if comparison.verdict != "faster":
        return f"The loop stays open: the fix was measured, and the verdict is {comparison.verdict}."
    if comparison.reason != "confirmed":
        why = "it could not be told why" if comparison.reason is None else "but not for the reason that was named"
        return f"The loop stays open: the fix makes it faster, {why}."
    return "The loop is closed: found, predicted, proved, and held by a guardrail."


def _foretold_metric(comparison: Comparison) -> Metric | None:
    """The response time that was predicted, else the judged metric."""
    told, blamed = comparison.predicted, comparison.blamed
    if told is not None and blamed is not None:
        name, place = f"{told.at} response", (blamed.journey, blamed.step)
        for metric in comparison.metrics:
            if metric.name == name and (metric.journey, metric.step) == place:
                return metric
    return next((metric for metric in comparison.metrics if metric.judged), None)


def _predicted(comparison: Comparison, told: Predicted) -> str:
    """``p99 response of browse.detail 40.1 -> 3.82 ms [1.77, 6.64], B/A 0.10 [0.04, 0.17]``."""
    blamed = comparison.blamed
    place = (None, None) if blamed is None else (blamed.journey, blamed.step)
    name = plain(label_of(f"{told.at} response", *place))
    after = told.after(told.at)
    before_s = told.before_s.get(told.at)
    if told.refused is not None or after is None or not before_s:
        service = told.service
        least = "" if service is None or service.low <= 0 else f"at least {format_duration(service.low)} less; "
        return f"{name}: {least}no number, {plain(told.refused or 'there is none of this load')}"
    seen = " as observed" if told.basis == "observed" else ""
    return f"{name} {format_duration(before_s)} -> {_interval(after)}{seen}, B/A {bounded_ratio(after, before_s)}"


def _measured(comparison: Comparison, metric: Metric) -> str:
    design = comparison.design
    if metric.a is None or metric.b is None:
        return f"{plain(metric.label)}: not in {plural(design.pairs, 'pair')}"
    after: Bounded | None = None
    if comparison.predicted is not None and metric.name == f"{comparison.predicted.at} response":
        after = comparison.measured.get(f"{comparison.predicted.at}_s")
    level = format_duration(metric.b) if after is None else _interval(after)
    effect = ratio(metric.ratio, metric.low, metric.high, metric.margin)
    runs = f"{plural(design.pairs, 'pair')} of {format_duration(design.measured_s, exact=True)}"
    rests = f", about {format_count(design.requests)} requests a run" if design.requests else ""
    return f"{plain(metric.label)} {format_duration(metric.a)} -> {level} bare, B/A {effect}; {runs}{rests}"


def _interval(value: Bounded) -> str:
    return f"{format_duration(value.value)} [{format_duration(value.low)}, {format_duration(value.high)}]"


def _end(comparison: Comparison, report: str | None, next_step: str | None, width: int) -> Iterator[str]:
    yield wrapped(closing(comparison), width, 0)
    if report:
        yield f"{'report':<8}{plain(report)}"
    if next_step:
        yield f"{'next':<8}{plain(next_step)}"
