"""A comparison as Markdown for a ticket or a pull request: at most ten lines, the tables folded beneath."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.model.comparison import Comparison, Metric, RunRow, SideTold, StepShift
from loadstone.render.comparison_text import (
    blamed_change,
    design_line,
    least,
    moved_line,
    settle,
    told_verdict,
)
from loadstone.render.diagnosis_markdown import BEFORE_FOLD, code, prose
from loadstone.render.diagnosis_text import seconds
from loadstone.render.effect_text import difference, effect, foretold, level, margin_text, ratio
from loadstone.render.shift_text import quantile, shift_label
from loadstone.render.text import plural

__all__ = ["comparison_markdown", "deciding", "folded"]

_SENTENCE = 600
_LINE = 400
_ROWS = 60
_SHORT = 3


def comparison_markdown(comparison: Comparison, *, next_step: str | None = None) -> str:
    """The answer, whether to believe it, the number that decided it, what moved; folded, every number. No trailing
    newline. Names and labels come from outside: they cannot become markup, links or mentions."""
    step = next_step or comparison.next_step
    lines = [f"**{prose(comparison.sentence, _SENTENCE)}**", ""]
    points = [f"- {prose(text, _LINE)}" for text in comparison.vetoed if text not in comparison.sentence]
    points += [f"- doubt: {prose(one.message, _LINE)}" for one in comparison.caveats if one.level != "note"]
    points = points[:_SHORT]
    decided = deciding(comparison)
    if decided is not None:
        points.append(f"- {_number(comparison, decided)}")
    points.append(f"- {design_line(comparison)}; {', '.join(_side(side) for side in comparison.sides)}")
    points += [f"- moved: {prose(moved_line(one), _LINE)}" for one in comparison.moved[:1]]
    if decided is not None and (open_ := settle(decided)):
        points.append(f"- {open_}")
    if step:
        points.append(f"- next: {code(step)}")
    lines += [*points[: BEFORE_FOLD - len(lines)], ""]
    lines += ["<details><summary>Numbers</summary>", "", *folded(comparison), "</details>"]
    return "\n".join(lines)


def deciding(comparison: Comparison) -> Metric | None:
    """The metric that the verdict comes from: one that is judged and has that verdict, else any that has it."""
    judged = [one for one in comparison.metrics if one.judged]
    told = [one for one in (*judged, *comparison.metrics) if one.verdict == comparison.verdict]
    return next(iter((*told, *judged)), None)


def folded(comparison: Comparison) -> Iterator[str]:
    """Every number in tables: metrics, what a finding blames, what moved, the shift function, pairs, caveats."""
    yield from _metrics(comparison)
    yield from _reason(comparison)
    if comparison.moved:
        yield from (f"- moved: {prose(moved_line(one))}" for one in comparison.moved[:_ROWS])
        yield ""
    for shift in comparison.shifts:
        yield from _shift(shift)
    yield from _pairs(comparison)
    notes = [
        *(f"- {prose(text)}" for text in comparison.vetoed),
        *(f"- {one.level}: {prose(f'{one.message} {one.advice}'.strip())}" for one in comparison.caveats),
    ]
    if notes:
        yield from (*notes, "")
    yield _design(comparison)
    yield ""


def _number(comparison: Comparison, metric: Metric) -> str:
    """The one number that decided it: levels, effect, interval, prediction."""
    change = effect(metric)
    if metric.method == "by count":
        change = f"by count, {difference(metric)}"
    what = "" if metric.ratio is None else "A/B " if metric.more_is_better else "B/A "
    told = f"{level(metric.a, metric.unit)} -> {level(metric.b, metric.unit)}, {what}{change.removesuffix(' A/B')}"
    foretold_ = foretold(comparison, metric)
    predicted = f"; predicted {foretold_}" if foretold_ else ""
    return f"{prose(metric.label, 200)}: **{prose(told)}**{prose(predicted)}"


def _side(side: SideTold) -> str:
    commit = "" if side.commit is None or side.commit.startswith(side.label) else f" ({code(side.commit[:10])})"
    return f"{side.name} {code(side.label)}{commit}{' with changes' if side.dirty else ''}"


def _metrics(comparison: Comparison) -> Iterator[str]:
    if not comparison.metrics:
        return
    yield "| metric | A | B | B/A [95 %] | predicted | allowed | verdict |"
    yield "|---|--:|--:|--:|--:|--:|---|"
    for one in comparison.metrics[:_ROWS]:
        change = f"by count, {difference(one)}" if one.method == "by count" else effect(one)
        cells = (
            prose(one.label, 200),
            level(one.a, one.unit),
            level(one.b, one.unit),
            change,
            foretold(comparison, one) or "",
            margin_text(one),
            f"{told_verdict(one)}{f'; {note}' if (note := settle(one)) else ''}",
        )
        yield f"| {' | '.join(cells)} |"
    if len(comparison.metrics) > _ROWS:
        yield ""
        yield f"And {len(comparison.metrics) - _ROWS} more, with --json."
    yield ""


def _reason(comparison: Comparison) -> Iterator[str]:
    blamed = comparison.blamed
    if blamed is not None:
        yield f"Blamed: {code(blamed.component)}: {prose(blamed.sentence)}."
        yield ""
        yield from (f"- {word} {prose(text)}" for word, text in blamed_change(blamed))
        yield ""
    if comparison.predicted is not None and (refused := least(comparison.predicted)):
        yield from (prose(refused), "")


def _shift(shift: StepShift) -> Iterator[str]:
    yield f"Response time of {prose(shift_label(shift))}"
    yield ""
    yield "| quantile | A | B | B/A |"
    yield "|---|--:|--:|--:|"
    for one in shift.points:
        cells = quantile(one.share), seconds(one.a_s), seconds(one.b_s), ratio(one.ratio, one.low, one.high)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _pairs(comparison: Comparison) -> Iterator[str]:
    if not comparison.pairs:
        return
    yield "| pair | order | seed | A p50, p95, p99 | B p50, p95, p99 | left out |"
    yield "|--:|---|--:|--:|--:|---|"
    for one in comparison.pairs[:_ROWS]:
        cells = (str(one.pair + 1), one.order, str(one.seed), _run(one.a), _run(one.b), prose(one.left_out or "", 200))
        yield f"| {' | '.join(cells)} |"
    if len(comparison.pairs) > _ROWS:
        yield ""
        yield f"And {len(comparison.pairs) - _ROWS} more, with --json."
    yield ""


def _run(row: RunRow | None) -> str:
    if row is None:
        return "-"
    errors = f", {plural(row.errors, 'error')}" if row.errors else ""
    return ", ".join("-" if each is None else seconds(each) for each in (row.p50_s, row.p95_s, row.p99_s)) + errors


def _design(comparison: Comparison) -> str:
    design = comparison.design
    told = [f"each run {seconds(design.measured_s)} after {seconds(design.warm_up_s)} of warm-up"]
    told.append(f"{design.load}, seed {design.seed}")
    if comparison.experiment:
        told.append(f"experiment {comparison.experiment}")
    return f"Measured: {prose('; '.join(told), _SENTENCE)}."
