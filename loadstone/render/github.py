"""A gate as annotations of GitHub Actions: workflow commands on stdout, each at the line that it is about.

The escaping is that of the runner's own toolkit (actions/toolkit, packages/core/src/command.ts): percent signs and
line breaks in a message, commas and colons besides in a property. GitHub shows ten errors and ten warnings a step.
"""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.model.guard_words import name_of
from loadstone.model.guardrail import GateReport, GateVerdict, GuardResult
from loadstone.render.gate_text import cause_told
from loadstone.render.text import plain

__all__ = ["MOST", "annotated", "command"]

MOST = 10

_LEVELS: dict[GateVerdict, str] = {"fail": "error", "invalid": "error", "undecided": "warning", "pass": "notice"}
_CONTROL = ("\r", "%0D"), ("\n", "%0A")


def annotated(report: GateReport, *, cause: tuple[str, int] | None = None, spec: str | None = None) -> list[str]:
    """A line for each guardrail that does not hold, the worst first; one notice where all do.

    ``cause`` is the file and line of what moved, where that lies in the repository; ``spec`` the spec's path in it.
    What has no line of its own is told at the guardrail's line in the spec.
    """
    if report.verdict == "pass" or not report.results:
        level = _LEVELS[report.verdict]
        return [command(level, report.sentence, title="Loadstone")]
    lines: dict[str, list[str]] = {"error": [], "warning": []}
    for one in _worst_first(report):
        level = _LEVELS[one.verdict]
        file, line = _place(one, report, cause, spec)
        title = f"{name_of(one.guard)}: {one.verdict}"
        lines[level].append(command(level, _message(one, report), title=title, file=file, line=line))
    return [line for found in lines.values() for line in found[:MOST]]


def command(level: str, message: str, *, title: str, file: str | None = None, line: int | None = None) -> str:
    """``::error file=shop/views.py,line=88,title=…::…``."""
    told = [("file", file), ("line", None if file is None or line is None else str(line)), ("title", title)]
    properties = ",".join(f"{name}={_property(value)}" for name, value in told if value is not None)
    return f"::{level} {properties}::{_data(plain(message))}"


def _worst_first(report: GateReport) -> Iterator[GuardResult]:
    """The one that decided before the others, then in the order in which they are held."""
    open_ = [one for one in report.results if one.verdict != "pass"]
    yield from sorted(open_, key=lambda one: name_of(one.guard) != report.decided_by)


def _place(
    one: GuardResult, report: GateReport, cause: tuple[str, int] | None, spec: str | None
) -> tuple[str | None, int | None]:
    if cause is not None and report.cause is not None and name_of(one.guard) == report.decided_by:
        return cause
    return (spec, one.guard.line) if spec is not None and one.guard.line is not None else (None, None)


def _message(one: GuardResult, report: GateReport) -> str:
    told = [one.sentence]
    if one.settle is not None:
        told.append(f"{one.settle[:1].upper()}{one.settle[1:]}.")
    if report.cause is not None and name_of(one.guard) == report.decided_by:
        where = "" if report.cause.where is None else f", {report.cause.where}"
        told.append(f"{cause_told(report)}{where}.")
    return " ".join(told)


def _data(text: str) -> str:
    text = text.replace("%", "%25")
    for sign, code in _CONTROL:
        text = text.replace(sign, code)
    return text


def _property(text: str) -> str:
    return _data(plain(text)).replace(":", "%3A").replace(",", "%2C")
