"""What the terminal shows of a comparison: the table of A beside B, the answer, what moved, where in the distribution.

A measurement that is not valid, or is in doubt, is said to be so before any number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.model.comparison import Blamed, Comparison, Metric, Moved, SideTold
from loadstone.model.finding import Bounded, Predicted
from loadstone.model.quantity import format_count
from loadstone.model.run import Caveat
from loadstone.render.diagnosis_text import seconds
from loadstone.render.effect_text import effect, foretold, level
from loadstone.render.shift_text import shift_text
from loadstone.render.text import labelled, plain, plural, wrapped

__all__ = [
    "blamed_change",
    "comparison_text",
    "cut",
    "design_line",
    "least",
    "left_out",
    "moved_line",
    "settle",
    "shown_metrics",
    "told_verdict",
]

ROWS = 12
MOVED = 5
OUT = 3
VETOES = 4
LONGEST = 72
"""Letters of a statement that are shown where a sentence is about it."""

LABEL_WIDTH = 45
"""The widest that the column of names is made: with it a line of ratio and prediction is 105 wide."""

_LEAST_LABEL = 20
_SIDE = 9
_GAP = 5
_RATIO = 20
COLOURS = {"faster": "pass", "not-worse": "pass", "slower": "fail", "undecided": "undecided", "invalid": "invalid"}
"""Verdict -> the word whose colour it takes."""


def comparison_text(
    comparison: Comparison,
    *,
    color: bool = False,
    width: int = 100,
    report: str | None = None,
    guardrail: str | None = None,
    next_step: str | None = None,
) -> str:
    """The comparison in one screen, without a trailing newline. ``report`` is a path, ``guardrail`` that of the lines
    that keep it, ``next_step`` a command to go on with; without one it is the comparison's own.

    Labels come from outside and are stripped of what a terminal obeys.
    """
    apart = not comparison.design.interleaved  # then what such runs cannot carry is said first
    doubts = [one for one in comparison.caveats if one.level != "note" or apart]
    notes = [one for one in comparison.caveats if one.level == "note" and not apart]
    first = comparison.verdict == "invalid" or apart or bool(doubts)
    answer = _answer(comparison, color, width)
    told = [*_vetoed(comparison, color, width), *_doubted(comparison, doubts, color, width)]
    belief = "\n".join(text for text in told if text)
    table = "\n".join(_table(comparison, width))
    parts = [
        "\n".join(_sides(comparison.sides, width)),
        *([answer, belief, table] if first else [f"{table}\n{answer}" if table else answer]),
        "\n".join(_verdicts(comparison, color, width)),
        "\n".join(_reason(comparison, color, width)),
        "\n".join(labelled("moved", plain(moved_line(one)), color, width) for one in comparison.moved[:MOVED]),
        *("\n".join(shift_text(shift, width=width)) for shift in comparison.shifts),
        "\n".join(
            [
                *_left_out(comparison, color, width),
                *(_told(one.level, one.message, one.advice, color, width) for one in notes),
            ]
        ),
        _next(comparison, report, guardrail, next_step),
    ]
    return "\n\n".join(part for part in parts if part)


def design_line(comparison: Comparison) -> str:
    """``10 interleaved pairs, 4 min 12 s``."""
    design = comparison.design
    spent = "" if design.spent_s is None else f", {seconds(design.spent_s)}"
    if not design.interleaved:
        counts = [len(side.runs) for side in comparison.sides]
        return f"{plural(counts[0], 'run')} before, {format_count(counts[1])} after{spent}"
    if design.pairs == 0 and not design.order:
        return f"no pairs, counted in one run a side{spent}"
    left = len(design.order) - design.pairs
    out = f" and {left} left out" if left > 0 else ""
    return f"{format_count(design.pairs)} interleaved pair{'' if design.pairs == 1 else 's'}{out}{spent}"


def shown_metrics(comparison: Comparison, most: int = ROWS) -> tuple[Metric, ...]:
    """The metrics that are worth a line, in their order: what is judged first, then what is worse, counted, better."""

    def weight(metric: Metric) -> int:
        if metric.judged or foretold(comparison, metric) is not None:
            return 0
        if metric.verdict == "slower":
            return 1
        if metric.method == "by count":
            return 2 if metric.verdict != "not-worse" else 4
        return 3 if metric.verdict == "faster" else 5

    chosen = sorted(range(len(comparison.metrics)), key=lambda at: (weight(comparison.metrics[at]), at))[:most]
    return tuple(comparison.metrics[at] for at in sorted(chosen))


def told_verdict(metric: Metric) -> str:
    """The verdict as it is told of this metric: better and worse where it is no time."""
    timed = metric.name.endswith((" response", " service"))
    return {"faster": "faster" if timed else "better", "slower": "slower" if timed else "worse"}.get(
        metric.verdict, metric.verdict
    )


def settle(metric: Metric) -> str | None:
    """What would decide an undecided metric: ``about 24 pairs would decide``."""
    if metric.verdict != "undecided" or metric.pairs_to_decide is None:
        return None
    return f"about {plural(metric.pairs_to_decide, 'pair')} would decide"


def moved_line(one: Moved) -> str:
    """The sentence, and where it is in the code; a long statement is cut."""
    sentence = one.sentence.replace(one.label, cut(one.label, LONGEST)) if one.label else one.sentence
    return f"{sentence} ({one.where})" if one.where and one.where not in sentence else sentence


def cut(text: str, most: int) -> str:
    """One line of at most so many letters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def blamed_change(blamed: Blamed) -> Iterator[tuple[str, str]]:
    """What a finding blames, as a word and what is told: its count, its time, the fall beside the predicted one."""
    if blamed.a is not None and blamed.b is not None:
        yield "count", f"{level(blamed.a, '')} -> {level(blamed.b, '')} a request"
    if blamed.a_s is not None and blamed.b_s is not None:
        yield "time", f"{seconds(blamed.a_s)} -> {seconds(blamed.b_s)} a request"
    if blamed.drop_s is not None:
        expected = "" if blamed.predicted_s is None else f"; predicted {_bounded(blamed.predicted_s)}"
        yield "fell by", f"{_bounded(blamed.drop_s)} a request{expected}"


def least(predicted: Predicted) -> str | None:
    """Why a prediction has no number, and what stands all the same."""
    if predicted.refused is None:
        return None
    at_least = predicted.service is not None and predicted.service.low > 0
    stands = f"at least {seconds(predicted.service.low)} less; " if predicted.service and at_least else ""
    return f"{stands}no number was predicted: {predicted.refused}"


def left_out(comparison: Comparison) -> list[str]:
    """``pair 3: …`` for each pair that is not judged."""
    return [f"pair {one.pair + 1}: {one.left_out}" for one in comparison.pairs if one.left_out is not None]


def _sides(sides: Sequence[SideTold], width: int) -> Iterator[str]:
    told = [f"{side.name}  {plain(_label(side))}" for side in sides]
    line = "   ".join(told)
    if len(line) <= width:
        yield line
        return
    yield from (each if len(each) <= width else f"{each[: width - 1]}…" for each in told)


def _label(side: SideTold) -> str:
    commit = "" if side.commit is None or side.commit.startswith(side.label) else f" ({side.commit[:10]})"
    return f"{side.label}{commit}{', changed since' if side.dirty else ''}"


def _answer(comparison: Comparison, color: bool, width: int) -> str:
    text = wrapped(plain(comparison.sentence), width, 0)
    word = next((each for each in ("Not worse", comparison.verdict.capitalize()) if text.startswith(each)), None)
    if not color or word is None:
        return text
    painted = labelled(word, "", True, width, colour=COLOURS[comparison.verdict]).rstrip()
    return painted + text[len(word) :]


def _vetoed(comparison: Comparison, color: bool, width: int) -> Iterator[str]:
    """What makes it invalid, each once, with what to do where a caveat says it."""
    advice = {one.message.rstrip("."): one.advice for one in comparison.caveats}
    for text in comparison.vetoed[:VETOES]:
        yield _told("invalid", text, advice.get(text.rstrip("."), ""), color, width, comparison.sentence)
    if len(comparison.vetoed) > VETOES:
        yield labelled("", f"and {plural(len(comparison.vetoed) - VETOES, 'more reason')}", color, width)


def _doubted(comparison: Comparison, doubts: Sequence[Caveat], color: bool, width: int) -> Iterator[str]:
    """Caveats that no veto has told."""
    told = {text.rstrip(".") for text in comparison.vetoed}
    for one in doubts:
        if one.message.rstrip(".") not in told:
            yield _told(one.level, one.message, one.advice, color, width, comparison.sentence)


def _table(comparison: Comparison, width: int) -> Iterator[str]:
    """The columns A, B, B/A and, where there is one, the prediction; a long name stands on a line of its own."""
    metrics = shown_metrics(comparison)
    head = design_line(comparison)
    if not metrics:
        yield head
        return
    rows = [
        (plain(one.label), level(one.a, one.unit), level(one.b, one.unit), effect(one), foretold(comparison, one))
        for one in metrics
    ]
    predicted = any(row[4] for row in rows)
    told = max(len(row[3]) for row in rows)
    size = [max(_SIDE, *(len(cell) + 2 for row in rows for cell in row[at : at + 1] if cell)) for at in (1, 2)]
    beside = max(len(row[4] or "") for row in rows) if predicted else 0
    gap = _GAP
    room = width - sum(size) - gap - (max(_RATIO, told + 3) + beside if predicted else told)
    under = predicted and room < _LEAST_LABEL
    if room < _LEAST_LABEL:  # a narrow terminal: what was predicted stands on a line of its own
        gap = 3
        room = width - sum(size) - gap - max(told, beside)
    label = max(8, min(LABEL_WIDTH, room))
    indent = label + sum(size) + gap
    title = "" if under or not predicted else "predicted"
    yield from _row(head, "A", "B", "B/A", title, label, size, gap, told, width)
    for name, a, b, change, said in rows:
        yield from _row(name, a, b, change, "" if under else said or "", label, size, gap, told, width)
        if under and said:
            yield f"{'  predicted':<{indent}}{said}"
    left = len(comparison.metrics) - len(rows)
    if left:
        yield f"and {plural(left, 'metric')} more, with --json or in the report"


def _row(
    name: str, a: str, b: str, change: str, said: str, label: int, size: Sequence[int], gap: int, told: int, width: int
) -> Iterator[str]:
    cells = f"{a:>{size[0]}}{b:>{size[1]}}{'':{gap}}"
    last = f"{change:<{max(_RATIO, told + 3)}}{said}" if said else change
    if len(name) > label:
        yield wrapped(name, width, 0)
        name = ""
    yield f"{name:<{label}}{cells}{last}".rstrip()


def _verdicts(comparison: Comparison, color: bool, width: int) -> Iterator[str]:
    """Each verdict and the metrics that have it, the bad ones first; what is open with what would settle it."""
    if comparison.verdict == "invalid":
        return
    groups: dict[str, list[str]] = {}
    open_ = False
    for one in shown_metrics(comparison):
        pairs = one.pairs_to_decide if one.verdict == "undecided" else None
        open_ |= pairs is not None
        groups.setdefault(told_verdict(one), []).append(f"{one.label}{f' ({pairs})' if pairs else ''}")
    colour = {**COLOURS, "better": "pass", "worse": "fail"}
    for word in ("slower", "worse", "undecided", "faster", "better", "not-worse", "invalid"):
        if word in groups:
            settled = "; in brackets the pairs that would decide" if open_ and word == "undecided" else ""
            yield labelled(word, plain(", ".join(groups[word]) + settled), color, width, colour=colour[word])


def _reason(comparison: Comparison, color: bool, width: int) -> Iterator[str]:
    """The blamed component on both sides, and why nothing was predicted where nothing was."""
    blamed = comparison.blamed
    if blamed is not None:
        if blamed.sentence not in comparison.sentence:
            yield labelled("reason", plain(blamed.sentence), color, width)
        changes = list(blamed_change(blamed))
        if changes:
            yield labelled("blamed", plain(" ".join(blamed.component.split())), color, width)
            yield from (labelled("", f"{word} {text}", color, width) for word, text in changes)
    if comparison.predicted is not None and (refused := least(comparison.predicted)):
        yield labelled("predicted", plain(refused), color, width)


def _left_out(comparison: Comparison, color: bool, width: int) -> Iterator[str]:
    told = left_out(comparison)
    more = [f"and {plural(len(told) - OUT, 'more pair')}"] if len(told) > OUT + 1 else []
    shown = told[:OUT] if more else told
    yield from (
        labelled("left out" if at == 0 else "", plain(text), color, width) for at, text in enumerate([*shown, *more])
    )


def _told(word: str, message: str, advice: str, color: bool, width: int, answer: str = "") -> str:
    """A doubt and what to do; the doubt alone is left out where the answer has said it."""
    if message.rstrip(".").lower() in answer.lower():
        return labelled(word, plain(advice), color, width) if advice else ""
    text = labelled(word, plain(message), color, width)
    return f"{text}\n{wrapped(plain(advice), width, 11)}" if advice else text


def _bounded(value: Bounded) -> str:
    if value.low == value.high:  # without an interval of its own
        return seconds(value.value)
    return f"{seconds(value.value)} [{seconds(value.low)}, {seconds(value.high)}]"


def _next(comparison: Comparison, report: str | None, guardrail: str | None, next_step: str | None) -> str:
    told = (("report", report), ("keep it", guardrail), ("next", next_step or comparison.next_step))
    return "\n".join(f"{word:<8}{plain(text)}" for word, text in told if text)
