"""A gate as the comment in a pull request: ten lines at most before the fold, the tables beneath it."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.model.guard_words import allowed, held, name_of, sides
from loadstone.model.guardrail import GateReport, GateVerdict, GuardResult
from loadstone.render.comparison_markdown import folded
from loadstone.render.diagnosis_markdown import BEFORE_FOLD, code, prose
from loadstone.render.diagnosis_text import place
from loadstone.render.gate_text import cause_told, design_told, held_as
from loadstone.render.text import plural

__all__ = ["BEFORE_FOLD", "LONGEST", "gate_markdown"]

LONGEST = 60_000
"""Characters: GitHub takes 65,536 in a comment, and refuses the whole of a longer one."""

_SENTENCE = 500
_ROWS = 40
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
    folds = [(_counts(report), [*_guardrails(report)])] if report.results else []
    folds.append(("Numbers", [*folded(report.comparison)]))
    text = "\n".join(head)
    for title, rows in folds:
        fold = "\n".join(["", f"<details><summary>{prose(title)}</summary>", "", *rows, "</details>"])
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
    return f"{prose(settle[:1].upper() + settle[1:], _SENTENCE)}."


def _counts(report: GateReport) -> str:
    """``4 guardrails: 1 fails, 3 hold``."""
    counts = [
        f"{count} {one if count == 1 else many}"
        for verdict, one, many in _HOW_MANY
        if (count := sum(result.verdict == verdict for result in report.results))
    ]
    return f"{plural(len(report.results), 'guardrail')}: {', '.join(counts)}"


def _guardrails(report: GateReport) -> Iterator[str]:
    """The table, then what is open, then what the gate itself has to say."""
    yield "| guardrail | A | B | held | allowed | verdict |"
    yield "|---|--:|--:|--:|--:|---|"
    yield from (_guardrail(one) for one in report.results[:_ROWS])
    yield ""
    open_ = [one for one in report.results if one.settle or one.value is None]
    told = [_settled(one) for one in open_ if name_of(one.guard) != report.decided_by]
    own = [one for one in report.caveats if one not in report.comparison.caveats]
    told += [f"{one.message} {one.advice}" for one in own]
    if told:
        yield from (f"- {prose(text)}" for text in told[:_ROWS])
        yield ""


def _settled(one: GuardResult) -> str:
    if one.settle is None:
        return one.sentence
    return f"{one.sentence} {one.settle[:1].upper()}{one.settle[1:]}."


def _guardrail(one: GuardResult) -> str:
    cells = [name_of(one.guard), *sides(one), held(one), allowed(one.guard), one.verdict]
    return f"| {' | '.join(prose(cell, 200) for cell in cells)} |"
