"""The guardrail that would have caught it: lines for ``loadstone.toml`` that what side A has breaks and side B keeps.

Read from a comparison whose side B is the better one. A counter holds exactly, so it is held at "+0". A time is held at
the smallest margin that the design could have seen and that the way back, from B to A, would clear for certain.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

from loadstone.model.comparison import Comparison, Metric
from loadstone.model.counted import COUNTERS
from loadstone.model.finding import Finding
from loadstone.model.guard_metric import GUARD_METRICS, parse_guard
from loadstone.model.guard_words import level
from loadstone.model.quantity import format_share
from loadstone.model.slo import Slo

__all__ = ["MARGINS", "guardrail_lines"]

MARGINS = (1.05, 1.10, 1.20, 1.50, 2.00)
"""How much worse a time may become, as ratios. Below the first, two cores in other hands are louder than the change
(docs/accuracy.md); beyond the last, an objective says it better."""

_BYTES_SHARE = 0.02  # of the replies: a smaller fall is chance in what was asked for
_OBJECTIVE_APART = 1.5  # between the sides, for an objective to have room on both
_NICE = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)  # leading figures that a person would write

_WORDS = {known.told: word for word, known in GUARD_METRICS.items()}


def guardrail_lines(comparison: Comparison, finding: Finding | None = None, slos: Sequence[Slo] = ()) -> str | None:
    """The lines, with comments that say why; None where B is not the better side or nothing would hold it.

    ``finding`` is what was proved: its step is held. Without it the step of the judged metric is.
    """
    if comparison.verdict != "faster":
        return None
    judged = next((metric for metric in comparison.metrics if metric.judged), None)
    place = _place(finding, judged)
    counters = list(_counters(comparison.metrics, place))
    times = list(_times(comparison, place, judged))
    if not counters:
        times += _cpu(comparison)
    objectives = [slo for slo in slos if (slo.journey, slo.step) == place and slo.objective.limit_s is not None]
    if not counters and not times:
        return None
    why = "this change" if finding is None else f"{finding.fault} {finding.fingerprint}"
    lines = [f"# Would have caught {why}: side A breaks it, side B keeps it.", "[guardrails]"]
    lines += [f"slos = true  # {_plain(slo.name)}: {_plain(slo.objective.text)}" for slo in objectives[:1]]
    lines += counters + times
    if not objectives and judged is not None:
        lines += _objective(judged)
    return "\n".join(lines) + "\n"


def _place(finding: Finding | None, judged: Metric | None) -> tuple[str | None, str | None]:
    if finding is not None and finding.locus.step is not None:
        return finding.locus.journey, finding.locus.step
    return (None, None) if judged is None else (judged.journey, judged.step)


def _counters(metrics: Sequence[Metric], place: tuple[str | None, str | None]) -> Iterator[str]:
    """Each counter of the step that fell, at "+0"."""
    for metric in metrics:
        word = _WORDS.get(metric.name)
        if word not in COUNTERS or metric.ratio is not None or (metric.journey, metric.step) != place:
            continue
        if metric.a is None or metric.b is None or metric.high is None or metric.high >= 0:
            continue
        if word == "bytes" and metric.a - metric.b < _BYTES_SHARE * metric.a:
            continue
        yield _line(word, metric, "+0")


def _times(comparison: Comparison, place: tuple[str | None, str | None], judged: Metric | None) -> Iterator[str]:
    """The judged quantile of the step's response time; of its others, the first whose way back is clear."""
    there = [
        metric
        for metric in comparison.metrics
        if metric.name.endswith(" response") and (metric.journey, metric.step) == place
    ]
    there.sort(key=lambda metric: metric is not judged)
    for metric in there:
        margin = _margin(comparison, metric)
        if margin is not None:
            yield _line(_WORDS[metric.name], metric, _percent(margin))
            return


def _cpu(comparison: Comparison) -> Iterator[str]:
    for metric in comparison.metrics:
        margin = _margin(comparison, metric) if _WORDS.get(metric.name) == "cpu" else None
        if margin is not None:
            yield _line("cpu", metric, _percent(margin))


def _margin(comparison: Comparison, metric: Metric) -> float | None:
    """The smallest margin that the design sees and that going back to A would be certain to break."""
    if metric.verdict != "faster" or metric.ratio is None or metric.high is None or metric.high <= 0:
        return None
    floor = max(metric.floor or 1.0, comparison.design.smallest.get(metric.label, 1.0))
    return next((margin for margin in MARGINS if floor <= margin < 1 / metric.high), None)


def _objective(judged: Metric) -> list[str]:
    """Where the step has no objective: one between the sides, as near to the better one as to the other."""
    if judged.a is None or judged.b is None or not judged.name.endswith(" response") or judged.step is None:
        return []
    if judged.b <= 0 or judged.a < _OBJECTIVE_APART * judged.b:
        return []
    limit = _nice_ms(math.sqrt(judged.a * judged.b) * 1e3)
    if not judged.b * 1e3 < limit < judged.a * 1e3:
        return []
    quantile = judged.name.partition(" ")[0]
    step = f"{judged.journey}.{judged.step}"
    return [
        "",
        "[[slo]]",
        f"name = {_quoted(f'{judged.step} is fast')}",
        f"step = {_quoted(step)}",
        f'objective = "{quantile} < {limit:g}ms"',
    ]


def _nice_ms(value: float) -> float:
    scale = 10.0 ** math.floor(math.log10(value))
    return scale * min(_NICE, key=lambda lead: abs(math.log(lead * scale / value)))


def _line(word: str, metric: Metric, allowed: str) -> str:
    name = word if metric.step is None else f"{word} of {metric.journey}.{metric.step}"
    guard = parse_guard(name, allowed)
    with_it, without = level(guard, metric.b), level(guard, metric.a)
    return f"{_quoted(name)} = {_quoted(allowed)}  # {with_it} with the change, {without} without"


def _percent(margin: float) -> str:
    return format_share(round(margin - 1, 6), exact=True).replace(" ", "")


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    """Text of the spec in one line of a comment."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
