"""What a guardrail can hold, and how much worse the spec allows it to become: the words of ``[guardrails]``."""

from __future__ import annotations

import difflib
import re
from typing import Literal, NamedTuple

from loadstone.model.counted import COUNTERS
from loadstone.model.guardrail import Guard, GuardKind
from loadstone.model.quantity import format_share, format_size, parse_share, parse_size

__all__ = ["ALLOWED", "GUARD_METRICS", "QUANTILES", "GuardMetric", "allowance", "parse_guard", "split_guard"]

QUANTILES = ("p50", "p95", "p99")
"""Those that a comparison measures."""

Way = Literal["relative", "share", "count", "bytes"]


class GuardMetric(NamedTuple):
    """``told`` is what a reader calls it and a comparison measures it as; ``ways`` how it may be written: ``relative``
    ("5%"), an absolute ``share`` ("+0.1%"), a ``count`` ("+1") or ``bytes`` ("+2kB"), the usual one first. ``steps``
    says whether it can be held for one step alone."""

    told: str
    ways: tuple[Way, ...]
    steps: bool = True


GUARD_METRICS: dict[str, GuardMetric] = {
    **{
        f"{quantile} {time}": GuardMetric(f"{quantile} {time}", ("relative",))
        for time in ("response", "service")
        for quantile in QUANTILES
    },
    "throughput": GuardMetric("throughput", ("relative",), steps=False),
    "errors": GuardMetric("errors", ("share",)),
    "cpu": GuardMetric("CPU a request", ("relative",), steps=False),
    **{
        word: GuardMetric(told, ("bytes", "relative") if word == "bytes" else ("count", "relative"))
        for word, told in COUNTERS.items()
    },
}

ALLOWED: dict[Way, str] = {
    "relative": '"5%" (5 % worse is allowed)',
    "share": '"+0.1%" (a tenth of a percent of the requests more)',
    "count": '"+0" (a request, on average)',
    "bytes": '"+0" or "+2kB" (a request, on average)',
}

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"


def split_guard(name: str) -> tuple[str, str | None]:
    """Metric and step of ``p95 response of browse.detail``; the step is None where the name has none."""
    metric, of, step = name.partition(" of ")
    return metric, step if of else None


def parse_guard(name: str, text: str, line: int | None = None) -> Guard:
    """The guard that a line of ``[guardrails]`` says. Raises ValueError with a sentence; whether the step exists is
    left to who knows the journeys."""
    metric, step = split_guard(name)
    known = GUARD_METRICS.get(metric)
    if known is None:
        raise ValueError(f'"{metric}" is nothing that a guardrail can hold{_near(name, metric)}')
    if step is not None and not known.steps:
        raise ValueError(f'"{metric}" is held for the whole service; did you mean "{metric}"?')
    kind, margin = _margin(metric, known, text)
    journey, _, inner = (step or "").partition(".")
    return Guard(name, kind, metric, margin, journey or None, inner or None, text, line)


def allowance(guard: Guard) -> str:
    """How much worse is allowed, for a reader: ``5 %``, ``+0``, ``+0.1 %``."""
    if guard.kind == "relative":
        return format_share(round(guard.margin - 1, 12), exact=True)
    if guard.metric == "errors":
        return f"+{format_share(guard.margin, exact=True)}"
    if guard.metric == "bytes":
        return f"+{format_size(guard.margin, exact=True)}" if guard.margin else "+0"
    return f"+{guard.margin:g}"


def _margin(metric: str, known: GuardMetric, text: str) -> tuple[GuardKind, float]:
    says = f'"{metric}" is allowed {" or ".join(ALLOWED[way] for way in known.ways)}'
    written = text.strip()
    if written.startswith("-"):
        raise ValueError(f"{says}; what must become better is an objective, [[slo]]")
    if "relative" in known.ways and re.fullmatch(rf"{_NUMBER} ?%", written):
        share = parse_share(written)
        if not share:
            instead = f'write "{metric}" = "+0"' if len(known.ways) > 1 else "the noise alone would break it"
            raise ValueError(f"a relative margin is above 0 %; {instead}")
        return "relative", round(1 + share, 12)
    if "share" in known.ways and re.fullmatch(rf"\+ ?{_NUMBER} ?%", written):
        share = parse_share(written[1:].strip())
        if share >= 1:
            raise ValueError("a guardrail that allows every request to fail holds nothing")
        return "counter", share
    if "count" in known.ways and re.fullmatch(rf"\+ ?{_NUMBER}", written):
        return "counter", float(written[1:])
    if "bytes" in known.ways and re.fullmatch(r"\+ ?0(?: ?B)?", written):
        return "counter", 0.0
    if "bytes" in known.ways and re.fullmatch(rf"\+ ?{_NUMBER} ?[kKMG]?i?B", written):
        return "counter", float(parse_size(written[1:].strip()))
    raise ValueError(says + _meant(known, written))


def _meant(known: GuardMetric, written: str) -> str:
    """What was likely meant: a sign or a percent sign that is missing, or one too many."""
    found = re.fullmatch(rf"\+?\s*({_NUMBER})\s*(%|percent|per cent|)", written)
    if found is None:
        return ""
    number, percent = found[1], bool(found[2])
    first = known.ways[0]
    if first in ("share", "relative"):
        part = float(number)
        if not percent and part < 2:  # a share, or the factor
            number = f"{100 * (part - 1 if part > 1 else part):.4g}"
        return f'; did you mean "{"+" if first == "share" else ""}{number}%"?' if float(number) else ""
    if percent:
        return f'; did you mean "{number}%"?' if "relative" in known.ways and float(number) else '; did you mean "+0"?'
    return f'; did you mean "+{number}{"B" if first == "bytes" and float(number) else ""}"?'


def _near(name: str, metric: str) -> str:
    """The usual slips: another order of words, a dot for "of", a quantile that is not compared."""
    words = set(metric.lower().replace(".", " ").replace("_", " ").replace("-", " ").split())
    step = split_guard(name)[1]
    tail = "" if step is None else f" of {step}"
    for known in GUARD_METRICS:
        if set(known.split()) == words:
            return f'; did you mean "{known}{tail}"?'
    if starts := [known for known in GUARD_METRICS if known.startswith(f"{metric.lower()} ")]:
        return f'; did you mean "{starts[0]}{tail}"?'
    near = difflib.get_close_matches(metric.lower(), GUARD_METRICS, 1, 0.6)
    if near:
        return f'; did you mean "{near[0]}{tail}"?'
    return f"; it can hold {', '.join(GUARD_METRICS)}, and slos"
