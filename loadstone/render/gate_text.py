"""What the terminal shows of a gate: the verdict, whether to believe it, each guardrail, what moved, what is next."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.model.guard_words import allowed, held, name_of, sides
from loadstone.model.guardrail import GateReport, GuardResult
from loadstone.render.comparison_text import design_line
from loadstone.render.diagnosis_text import place
from loadstone.render.text import labelled, plain, table, wrapped

__all__ = ["cause_told", "design_told", "found_told", "gate_text", "held_as"]

_NAME = 48
_HELD = 34


def gate_text(report: GateReport, *, color: bool = False, width: int = 100, next_step: str | None = None) -> str:
    """The report in one screen, without a trailing newline. ``next_step`` is the command to go on with. Texts from
    outside are stripped of what a terminal obeys."""
    word, _, rest = report.sentence.partition(":")
    parts = [
        wrapped(plain(report.sentence), width, 0)
        if not rest
        else labelled(word, plain(rest.strip()), color, width, colour=report.verdict),
        "\n".join(wrapped(plain(text), width, 0) for text in (design_told(report), held_as(report)) if text),
        "\n".join(_doubts(report, color, width)),
        "\n".join(_table(report)),
        "\n".join(_evidence(report, color, width)),
        *([f"next    {next_step}"] if next_step else []),
    ]
    return "\n\n".join(part for part in parts if part)


def design_told(report: GateReport) -> str:
    """``10 interleaved pairs, 4 min 12 s`` and under which load."""
    return f"{design_line(report.comparison)}; {report.comparison.design.load}"


def held_as(report: GateReport) -> str:
    """``A main (1111111), B the working tree (2222222, with changes)``."""
    told = []
    for side, label in zip(report.comparison.sides, (report.base, report.candidate), strict=True):
        commit = "" if side.commit is None else side.commit[:10]
        changes = "with changes" if side.dirty else ""
        beside = ", ".join(text for text in (commit, changes) if text and text not in label)
        told.append(f"{side.name} {label or side.label}" + (f" ({beside})" if beside else ""))
    return ", ".join(told)


def cause_told(report: GateReport) -> str | None:
    """What moved, without its place: ``SELECT … went from 0 to 1 a request of browse.detail``."""
    return None if report.cause is None else report.cause.sentence.rstrip(".")


def found_told(report: GateReport) -> str | None:
    """The fault that only the candidate has, with its place."""
    if report.found is None:
        return None
    where = place(report.found.locus)
    return f"{report.found.title}{f', {where}' if where else ''}"


def _doubts(report: GateReport, color: bool, width: int) -> Iterator[str]:
    for text in report.comparison.vetoed:
        yield labelled("invalid", plain(text), color, width)
    for caveat in report.caveats:
        if caveat.level != "note":
            yield labelled(
                caveat.level,
                plain(f"{caveat.message} {caveat.advice}"),
                color,
                width,
                colour="invalid" if caveat.level == "void" else "undecided",
            )


def _table(report: GateReport) -> Iterator[str]:
    if not report.results:
        return
    head = ("", "A", "B", "held", "allowed", "verdict")
    yield from table([head, *(_row(one) for one in report.results)], left=(0, 5))


def _row(one: GuardResult) -> tuple[str, ...]:
    a, b = sides(one)
    return (
        _cut(plain(name_of(one.guard)), _NAME),
        a,
        b,
        _cut(plain(held(one)), _HELD),
        plain(allowed(one.guard)),
        one.verdict,
    )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _evidence(report: GateReport, color: bool, width: int) -> Iterator[str]:
    if (told := cause_told(report)) is not None:
        where = "" if report.cause is None or report.cause.where is None else f", {report.cause.where}"
        yield labelled("cause", plain(f"{told}{where}"), color, width)
    if (found := found_told(report)) is not None:
        yield labelled("new", plain(f"{found}; the base has it not"), color, width)
    for one in report.results:
        if one.verdict in ("undecided", "invalid"):
            if name_of(one.guard) != report.decided_by:
                yield labelled(one.verdict, plain(one.sentence), color, width)
            if one.settle is not None:
                yield labelled("settle", plain(one.settle), color, width)
    for caveat in report.caveats:
        if caveat.level == "note":
            yield labelled("note", plain(f"{caveat.message} {caveat.advice}"), color, width)
