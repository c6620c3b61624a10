"""A diagnosis as Markdown for a ticket or a pull request: at most ten lines, the rest folded beneath."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from loadstone.model.finding import Bounded, Diagnosis, Finding, StepPath, TailRow
from loadstone.render.diagnosis_text import (
    few,
    gain,
    looked,
    place,
    seconds,
    share,
    speaking_for,
    statement,
    tied,
    weight,
)
from loadstone.render.text import plain

__all__ = ["BEFORE_FOLD", "code", "diagnosis_markdown", "prose"]

BEFORE_FOLD = 10
"""Lines that stand before the fold."""

_CAUSES = 3
_SENTENCE = 600
_STATEMENT = 160
_ROWS = 12

_SPECIAL = re.compile(r"[\\`*|~$]|(?<![^\W_])_|_(?![^\W_])|(?<=\])\(|^[#+>=\[-]|(?:(?<=^\d)|(?<=^\d\d))[.)](?=\s|$)")
"""What Markdown may obey: emphasis, code, links, tables, formulas; at the beginning headings, lists and quotes. An
underscore inside a word is none of them, so names can be read as they are."""

_ENTITIES = (
    (re.compile(r"&"), "&amp;"),
    (re.compile(r"<"), "&lt;"),
    (re.compile(r":(?=//)"), "&#58;"),
    (re.compile(r"(?<=www)\.", re.IGNORECASE), "&#46;"),
)
_MENTION = re.compile(r"@(?=\w)|#(?=\d)")


def diagnosis_markdown(diagnosis: Diagnosis) -> str:
    """The answer, the first causes with their gain and cure, and, folded, all evidence. No trailing newline.

    Names and statements come from the service: they cannot become markup, links or mentions.
    """
    causes = [one for one in diagnosis.findings if one.severity != "info"]
    lines = [f"**{prose(diagnosis.sentence, _SENTENCE)}**", ""]
    lines += [_short(one, diagnosis.findings) for one in causes[:_CAUSES]]
    if len(causes) > _CAUSES:
        lines += ["", f"And {len(causes) - _CAUSES} more, see below."]
    if causes:
        lines.append("")
    lines += [f"{prose(looked(diagnosis), _SENTENCE)}.", ""]
    folded = list(_folded(diagnosis))
    if folded:
        lines += ["<details><summary>Evidence</summary>", "", *folded, "</details>"]
    return "\n".join(lines).rstrip()


def prose(text: str, longest: int = 2_000) -> str:
    """Text from outside as text: no markup, no HTML, no link, no mention, one line."""
    text = plain(" ".join(text.split()))
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    text = _MENTION.sub("\\g<0>\u200b", _SPECIAL.sub(r"\\\g<0>", text))
    for pattern, entity in _ENTITIES:
        text = pattern.sub(entity, text)
    return text


def code(text: str, *, table: bool = False) -> str:
    """Text from outside as a code span, one line; in a table its bars are escaped."""
    text = plain(" ".join(text.split()))
    text = text if len(text) <= _STATEMENT else f"{text[: _STATEMENT - 1]}…"
    if table:
        text = text.replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}" if text else ""


def _short(one: Finding, among: Sequence[Finding]) -> str:
    where = place(one.locus)
    parts = [f"{max(one.rank, 0)}. **{prose(one.title, 200)}**"]
    if where:
        parts.append(f", {code(where)}")
    parts.append(f". Without it: {prose(gain(one), 300)}. Cure: {prose(one.cure, 200)}.")
    others = tied(one, among)
    if others:
        parts.append(f" Tied with {others}.")
    return "".join(parts)


def _folded(diagnosis: Diagnosis) -> Iterator[str]:
    for one in diagnosis.findings:
        yield from _finding(one, diagnosis.findings)
    for path in diagnosis.paths:
        yield from _path(path)
    if diagnosis.tail:
        yield from _tail(diagnosis.tail)
    if diagnosis.could_not_look:
        yield "Could not look for"
        yield ""
        yield "| fault | missing |"
        yield "|---|---|"
        yield from (f"| {code(one.fault, table=True)} | {prose(one.missing)} |" for one in diagnosis.could_not_look)
        yield ""
    if diagnosis.caveats:
        yield from (f"- {prose(caveat)}" for caveat in diagnosis.caveats)
        yield ""


def _finding(one: Finding, among: Sequence[Finding]) -> Iterator[str]:
    yield f"**{max(one.rank, 0)}\\. {prose(one.title)}** ({one.severity}, {code(one.fault)})"
    yield ""
    what = statement(one.locus)
    where = place(one.locus)
    if what or where:
        yield f"- {' at '.join(code(text) for text in (what, where) if text)}"
    yield f"- without it: {prose(gain(one))}"
    yield f"- costs {prose(weight(one))}; confidence {100 * one.confidence:.0f} %"
    for word, facts in (("for", speaking_for(one)), ("against", [fact.what for fact in one.evidence.against])):
        yield from (f"- {word}: {prose(fact)}" for fact in few(facts, _ROWS) or ["nothing"])
    yield f"- cure: {prose(one.cure)}"
    others = tied(one, among)
    if others:
        yield f"- tied with {others}: the intervals of their gains overlap"
    guilty = next((marked.trace_id for marked in one.exemplars if not marked.clean), None)
    if guilty is not None:
        yield f"- trace {code(guilty)}"
    yield ""


def _path(path: StepPath) -> Iterator[str]:
    label = path.step if path.journey is None else f"{path.journey}.{path.step}"
    p99 = "" if path.p99_s is None else f", p99 {seconds(path.p99_s)}"
    yield f"Where the time of {prose(label)} goes: {seconds(path.p50_s)} at the median{p99}"
    yield ""
    yield "| operation | at the median | p99's excess | a request |"
    yield "|---|--:|--:|--:|"
    for row in path.rows[:_ROWS]:
        excess = "" if row.p99_excess_s is None else _bounded(row.p99_excess_s)
        yield f"| {code(row.operation, table=True)} | {_bounded(row.p50_s)} | {excess} | {row.count:.3g} |"
    yield ""


def _bounded(told: Bounded) -> str:
    return f"{seconds(told.value)} [{seconds(told.low)}, {seconds(told.high)}]"


def _tail(rows: Sequence[TailRow]) -> Iterator[str]:
    yield "What slow requests have in common"
    yield ""
    yield "| step | property | slow | others | times as often |"
    yield "|---|---|--:|--:|--:|"
    for row in rows[:_ROWS]:
        step = row.step if row.journey is None else f"{row.journey}.{row.step}"
        lift = f"{row.lift.value:.3g} [{row.lift.low:.3g}, {row.lift.high:.3g}]"
        told = code(f"{row.attribute} = {row.value}", table=True)
        yield f"| {prose(step)} | {told} | {share(row.slow_share)} | {share(row.normal_share)} | {lift} |"
    yield ""
