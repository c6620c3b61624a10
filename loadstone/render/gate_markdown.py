"""A gate as the comment in a pull request: ten lines at most before the fold, the tables beneath it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.model.comparison import Comparison, Metric
from loadstone.model.guard_words import allowed, held, name_of, sides
from loadstone.model.guardrail import GateReport, GateVerdict, GuardResult
from loadstone.render.diagnosis_markdown import BEFORE_FOLD, code, prose
from loadstone.render.diagnosis_text import place
from loadstone.render.effect_text import effect, level
from loadstone.render.gate_text import cause_told, design_told, held_as
from loadstone.render.text import plural

__all__ = ["BEFORE_FOLD", "LONGEST", "gate_markdown"]

LONGEST = 60_000
"""Characters: GitHub takes 65,536 in a comment, and refuses the whole of a longer one."""

_SENTENCE = 500
_ROWS = 40
_MOVED = 12
_HOW_MANY: tuple[tuple[GateVerdict, str, str], ...] = (
    ("fail", "fails", "fail"),
    ("invalid", "is invalid", "are invalid"),
    ("undecided", "is undecided", "are undecided"),
    ("pass", "holds", "hold"),
)


def gate_markdown(report: GateReport) -> str:
    """The comment, without a trailing newline. Labels, statements and names come from outside: they cannot become
    markup, HTML, links or mentions. Where all of it would be too long, the tables after the first are left out."""
    head = [*_head(report)]
    assert len(head) <= BEFORE_FOLD
    folds = [
        fold for fold in (_guardrails(report), _measured(report.comparison), _moved(report), _notes(report)) if fold
    ]
    text = "\n".join(head)
    for title, rows in folds:
        fold = "\n".join(["", f"<details><summary>{prose(title)}</summary>", "", *rows, "", "</details>"])
        if len(text) + len(fold) <= LONGEST:
            text = f"{text}\n{fold}"
    return text


def _head(report: GateReport) -> Iterator[str]:
    """Verdict and number; cause; what would settle it; what was compared, and the time it took."""
    word, _, rest = report.sentence.partition(":")
    yield f"**Loadstone: {report.verdict}**: {prose(rest.strip() or word, _SENTENCE)}"
    yield ""
    lines = [line for line in (_cause(report), _found(report), _settle(report)) if line]
    yield from (f"{line}<br>" for line in lines[:-1])
    yield from lines[-1:]
    if lines:
        yield ""
    yield f"{prose(held_as(report), _SENTENCE)}; {prose(design_told(report), _SENTENCE)}."


def _cause(report: GateReport) -> str | None:
    told = cause_told(report)
    if told is None or report.cause is None:
        return None
    where = "" if report.cause.where is None else f", {code(report.cause.where)}"
    word = "Cause" if report.verdict == "fail" else "What moved most"
    return f"{word}: {prose(told, _SENTENCE)}{where}."


def _found(report: GateReport) -> str | None:
    if report.found is None:
        return None
    where = place(report.found.locus)
    return f"New in the candidate: {prose(report.found.title, _SENTENCE)}{f', {code(where)}' if where else ''}."


def _settle(report: GateReport) -> str | None:
    settle = next((one.settle for one in report.results if one.verdict == "undecided" and one.settle), None)
    if report.verdict != "undecided" or settle is None:
        return None
    return f"To settle it: {prose(settle, _SENTENCE)}."


def _guardrails(report: GateReport) -> tuple[str, list[str]] | None:
    if not report.results:
        return None
    counts = [
        f"{count} {one if count == 1 else many}"
        for verdict, one, many in _HOW_MANY
        if (count := sum(result.verdict == verdict for result in report.results))
    ]
    rows = ["| guardrail | A | B | held | allowed | verdict |", "|---|--:|--:|--:|--:|---|"]
    rows += [_guardrail(one) for one in report.results[:_ROWS]]
    left = [one for one in report.results if one.settle or one.value is None]
    if left:
        rows += ["", *(f"- {prose(_settled(one))}" for one in left[:_ROWS])]
    return f"{plural(len(report.results), 'guardrail')}: {', '.join(counts)}", rows


def _settled(one: GuardResult) -> str:
    if one.settle is None:
        return one.sentence
    return f"{one.sentence} {one.settle[:1].upper()}{one.settle[1:]}."


def _guardrail(one: GuardResult) -> str:
    cells = [name_of(one.guard), *sides(one), held(one), allowed(one.guard), one.verdict]
    return f"| {' | '.join(prose(cell, 200) for cell in cells)} |"


def _measured(comparison: Comparison) -> tuple[str, list[str]] | None:
    if not comparison.metrics:
        return None
    rows = ["| metric | A | B | B/A or B - A | verdict |", "|---|--:|--:|--:|---|"]
    rows += [_metric(one) for one in comparison.metrics[:_ROWS]]
    return "Everything that was measured", rows


def _metric(one: Metric) -> str:
    cells = [one.label, level(one.a, one.unit), level(one.b, one.unit), effect(one), one.verdict]
    return f"| {' | '.join(prose(cell, 200) for cell in cells)} |"


def _moved(report: GateReport) -> tuple[str, list[str]] | None:
    moved = report.comparison.moved
    if not moved:
        return None
    rows = ["| operation | step | A a request | B a request | A | B | where |", "|---|---|--:|--:|--:|--:|---|"]
    for one in moved[:_MOVED]:
        step = one.step if one.journey is None or one.step is None else f"{one.journey}.{one.step}"
        cells: Sequence[str] = (
            code(one.label, table=True),
            prose(step or "all requests", 200),
            _count(one.a),
            _count(one.b),
            prose(level(one.a_s, "s")),
            prose(level(one.b_s, "s")),
            code(one.where or "", table=True),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "What moved", rows


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _notes(report: GateReport) -> tuple[str, list[str]] | None:
    told = [*report.comparison.vetoed, *(f"{one.message} {one.advice}" for one in report.caveats)]
    rows = [f"- {prose(text)}" for text in told[:_ROWS]]
    rows.append(f"- Experiment {code(report.experiment)}, seed {report.comparison.design.seed}.")
    return "How far to believe it", rows
