"""What the terminal shows of a run: quiet, aligned, every number with its unit, every colour with its word.

The order is the one of every surface: the answer, whether to believe it, the numbers, what to do next. Text that comes
from outside (names of steps, results) is stripped of control characters: a terminal obeys them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from itertools import pairwise

from loadstone.model.quantity import format_count, format_duration, format_rate, format_share
from loadstone.model.run import Caveat, Latency, Manifest, SloResult, StepSummary, Summary
from loadstone.render.headline import headline, measured_against

__all__ = ["labelled", "plain", "plural", "runs_text", "side_of", "sparkline", "summary_text", "table", "wrapped"]

LABEL = 11
"""Width of the words at the left edge; the longest is "undecided"."""

COLOURS = {
    "pass": "32", "valid": "32",
    "fail": "31",
    "undecided": "33", "doubtful": "33", "doubt": "33",
    "invalid": "35", "void": "35",
}  # fmt: skip

QUANTILES = ("p50", "p90", "p99", "p99.9", "max")
_WEIGHT = {"invalid": "void", "undecided": "in doubt"}
_UNIT = re.compile(r"(?<=[\d\]]) (?=(?:us|ms|s|min|h|%)(?!\w))")
BLOCKS = "▁▂▃▄▅▆▇█"


def summary_text(summary: Summary, *, color: bool = False, width: int = 100, next_step: str | None = None) -> str:
    """The last screen of a run, without a trailing newline. ``next_step`` is the command to go on with.

    The caller passes ``color=False`` where NO_COLOR is set or the output is not a terminal.
    """
    told = frozenset(caveat.message for caveat in summary.caveats)
    parts = [
        _answer(summary, width),
        _believe(summary, color, width),
        _latency(summary),
        _steps(summary),
        _errors(summary, width),
        *(["\n".join(_slo(slo, told, color, width) for slo in summary.slos)] if summary.slos else []),
        "\n".join(_caveat(caveat, color, width) for caveat in summary.caveats),
        _next(summary, next_step),
    ]
    return "\n\n".join(part for part in parts if part)


def runs_text(manifests: Sequence[Manifest], *, color: bool = False, width: int = 100) -> str:
    """A line a run, in the order given."""
    if not manifests:
        return "no runs"
    head = ("run", "status", "outcome", "validity", "requests", "errors", "offered", "p99", "command")
    rows = [_run_row(manifest) for manifest in manifests]
    lines = table([head, *rows], left=(0, 1, 2, 3, 8))
    if color:
        lines = [lines[0], *(_coloured(line, row[2:4]) for line, row in zip(lines[1:], rows, strict=True))]
        return "\n".join(lines)
    return "\n".join(line[:width].rstrip() for line in lines)


def sparkline(values: Sequence[float | None], width: int) -> str:
    """Values as blocks from 0 to their maximum, the last ``width`` columns' worth; a gap where nothing was measured.

    When there are more values than columns, each column shows the largest of its values: a spike is never lost.
    """
    if width <= 0 or not values:
        return ""
    if len(values) > width:
        edges = [len(values) * column // width for column in range(width + 1)]
        groups = [values[a:b] for a, b in pairwise(edges)]
        values = [max((v for v in group if v is not None), default=None) for group in groups]
    top = max((value for value in values if value is not None), default=0.0)
    return "".join(
        " " if value is None else BLOCKS[min(int(value / top * len(BLOCKS)), len(BLOCKS) - 1)] if top > 0 else BLOCKS[0]
        for value in values
    )


def plain(text: str) -> str:
    """Text from outside, with control and other unprintable characters written as escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def _answer(summary: Summary, width: int) -> str:
    """The sentence, where there is more to say than the numbers do: objectives, or a measurement in doubt."""
    return wrapped(headline(summary), width, 0) if summary.slos or summary.validity != "valid" else ""


def _believe(summary: Summary, color: bool, width: int) -> str:
    generator = summary.generator
    said = [
        f"{plural(summary.requests, 'request')}, {plural(summary.errors, 'error')}, "
        f"{format_count(summary.dropped)} dropped"
    ]
    costs = []
    if generator.cpu_per_request_s is not None and summary.duration_s:
        cores = generator.cpu_per_request_s * summary.requests / summary.duration_s
        costs.append(f"{cores:.2f} cores" if cores >= 0.01 else "under 0.01 cores")
    if summary.latency_s.lag.p99 is not None:
        costs.append(f"lag p99 {format_duration(summary.latency_s.lag.p99)}")
    if costs:
        said.append(f"generator {', '.join(costs)}")
    lines = [labelled(summary.validity, "; ".join(said), color, width)]
    offered, achieved = format_rate(summary.offered_per_s), format_rate(summary.achieved_per_s)
    if summary.duration_s and offered != achieved:
        rates = f"offered {offered}, achieved {achieved}, over {format_duration(summary.duration_s)}"
        lines.append(" " * LABEL + rates)
    return "\n".join(lines)


def _latency(summary: Summary) -> str:
    latency = summary.latency_s
    if latency.response.max is None:
        return ""
    rows = [
        ("", *QUANTILES, ""),
        ("response", *_quantiles(latency.response), " from the intended start"),
        ("service", *_quantiles(latency.service), " from the send"),
    ]
    return "\n".join(table(rows, left=(0, 6), widths={0: LABEL - 2}))


def _steps(summary: Summary) -> str:
    """Response times by step, and by journey where it has more than one step."""
    steps = [step for step in summary.steps if step.step is not None]
    if len(steps) < 2:
        return ""
    lengths: dict[str, int] = {}
    for step in steps:
        lengths[step.journey] = lengths.get(step.journey, 0) + 1
    rows: list[tuple[str, ...]] = [("response by step", "requests", "errors", *QUANTILES)]
    for row in summary.steps:
        if row.step is None and lengths.get(row.journey, 0) < 2:
            continue
        name = f"{row.journey}, whole" if row.step is None else f"{row.journey}.{row.step}"
        counts = format_count(row.requests), format_count(row.errors)
        rows.append((plain(name), *counts, *_quantiles(row.latency_s.response)))
    return "\n".join(table(rows, left=(0,)))


def _errors(summary: Summary, width: int) -> str:
    """Which step failed how, most frequent first."""
    if not summary.errors:
        return ""
    found = [
        (count, f"{result} in {step.journey}.{step.step}")
        for step in summary.steps
        if step.step is not None and step.errors
        for result, count in _failures(step)
    ]
    found.sort(key=lambda each: (-each[0], each[1]))
    shown = "; ".join(f"{plain(name)}: {format_count(count)}" for count, name in found[:5])
    more = f"; and {len(found) - 5} other ways" if len(found) > 5 else ""
    return labelled("errors", shown + more, False, width)


def _failures(step: StepSummary) -> Iterable[tuple[str, int]]:
    """The results that are errors. A status below 400 never is; of the others, a check may allow some."""
    for result, count in step.results.items():
        if not result.isdigit() or (int(result) >= 400 and count <= step.errors):
            yield result, count


def _slo(slo: SloResult, told: frozenset[str], color: bool, width: int) -> str:
    """The objective with its word; the reason beneath, unless it is a caveat that is told below anyway."""
    text = f"{plain(slo.name)}: {measured_against(slo)}{_interval(slo)}"
    line = labelled(slo.outcome, text, color, width)
    if slo.reason is None:
        return line
    reason = (
        f"The measurement is {_WEIGHT.get(slo.outcome, slo.outcome)}, see below."
        if slo.reason in told
        else plain(slo.reason)
    )
    return f"{line}\n{wrapped(reason, width, LABEL)}"


def _interval(slo: SloResult) -> str:
    """The interval in brackets, in the unit of the value."""
    if slo.interval is None:
        return ""
    low, high = slo.interval
    if slo.objective.startswith("p"):
        return f"; 95 % interval [{format_duration(low)}, {format_duration(high)}]"
    return f"; 95 % interval [{_percent(low)}, {_percent(high)}] %"


def _percent(share: float) -> str:
    return format_share(round(share, 9)).removesuffix(" %")


def _caveat(caveat: Caveat, color: bool, width: int) -> str:
    message = labelled(caveat.level, plain(caveat.message), color, width)
    return f"{message}\n{wrapped(plain(caveat.advice), width, LABEL)}"


def _next(summary: Summary, next_step: str | None) -> str:
    lines = [f"{'report':<8}{plain(summary.report)}"] if summary.report else []
    if next_step:
        lines.append(f"{'next':<8}{next_step}")
    return "\n".join(lines)


def side_of(manifest: Manifest) -> tuple[str, ...]:
    """What a run that does not stand for itself is a side of, as the end of its command."""
    if manifest.side is None or manifest.experiment is None:
        return ()
    return (f"({manifest.side}, beside {manifest.experiment.rpartition('-')[2]})",)


def _run_row(manifest: Manifest) -> tuple[str, ...]:
    summary = manifest.summary
    command = plain(" ".join((*manifest.command, *side_of(manifest))))
    if summary is None:
        return manifest.run, manifest.status, "", "", "", "", "", "", command
    p99 = summary.latency_s.response.p99
    return (
        manifest.run,
        manifest.status,
        summary.outcome,
        summary.validity,
        format_count(summary.requests),
        format_count(summary.errors),
        format_rate(summary.offered_per_s),
        "" if p99 is None else format_duration(p99),
        command,
    )


def _quantiles(latency: Latency) -> tuple[str, ...]:
    values = (latency.p50, latency.p90, latency.p99, latency.p999, latency.max)
    return tuple("-" if value is None else format_duration(value) for value in values)


def table(rows: Sequence[Sequence[str]], *, left: Sequence[int], widths: dict[int, int] | None = None) -> list[str]:
    """Lines of columns two spaces apart; the columns in ``left`` to the left, the others to the right."""
    sizes = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for column, size in (widths or {}).items():
        sizes[column] = max(sizes[column], size)
    lines = []
    for row in rows:
        cells = (
            text.ljust(size) if column in left else text.rjust(size)
            for column, (text, size) in enumerate(zip(row, sizes, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return lines


def labelled(word: str, text: str, color: bool, width: int, *, colour: str | None = None) -> str:
    """A word at the left edge and the text beside it. ``colour`` is the word whose colour it takes."""
    body = wrapped(text, width, LABEL)
    return _paint(word, color, colour) + " " * (LABEL - len(word)) + body[LABEL:]


def wrapped(text: str, width: int, indent: int) -> str:
    """Lines of at most ``width``, a number and its unit never apart."""
    pad = " " * indent
    return "\n".join(
        textwrap.wrap(
            _UNIT.sub("\u00a0", text),
            max(width, indent + 20),
            initial_indent=pad,
            subsequent_indent=pad,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ).replace("\u00a0", " ")


def _paint(word: str, color: bool, as_word: str | None = None) -> str:
    code = COLOURS.get(as_word or word)
    return f"\x1b[{code}m{word}\x1b[0m" if color and code else word


def _coloured(line: str, words: Iterable[str]) -> str:
    for word in words:
        if word:
            line = line.replace(f"  {word}  ", f"  {_paint(word, True)}  ", 1)
    return line


def plural(count: int, noun: str) -> str:
    """``1 request``, ``2 requests``."""
    return f"{format_count(count)} {noun}" if count == 1 else f"{format_count(count)} {noun}s"
