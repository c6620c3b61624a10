"""One metric's numbers in words: levels with their unit, B/A or the difference with its interval in brackets."""

from __future__ import annotations

from loadstone.model.comparison import Comparison, Metric
from loadstone.model.finding import Bounded
from loadstone.model.quantity import LONGEST_S, format_count, format_duration, format_rate, format_share, format_size
from loadstone.model.ratio_words import ratio

__all__ = ["bounded_ratio", "difference", "effect", "foretold", "level", "margin_text", "ratio", "signed"]


def level(value: float | None, unit: str) -> str:
    """A side's level: ``812 ms``, ``499/s``, ``3.17``; ``-`` where it is not known."""
    if value is None:
        return "-"
    sign = "-" if value < 0 else ""
    size = abs(value)
    if size > LONGEST_S:
        return f"{value:.3g} {unit}".rstrip()
    match unit:
        case "s":
            return f"{sign}{format_duration(size)}"
        case "/s":
            return f"{sign}{format_rate(size)}"
        case "share":
            return f"{sign}{format_share(size)}"
        case "bytes":
            return f"{sign}{format_size(size)}"
    return f"{sign}{format_count(float(size))}"


def signed(value: float, unit: str) -> str:
    """A difference's end: ``+1.20 ms``, ``-0.170``, ``0``."""
    text = level(value, unit)
    return text if value <= 0 else f"+{text}"


def bounded_ratio(value: Bounded, over: float) -> str:
    """A quantity and its interval as a share of what it was before."""
    return ratio(value.value / over, value.low / over, value.high / over)


def difference(metric: Metric) -> str:
    """B - A with its interval, in the metric's unit: ``+0.120 [+0.0400, +0.200] %``."""
    if metric.a is None or metric.b is None:
        return "-"
    low, high = (None if end is None else signed(end, metric.unit) for end in (metric.low, metric.high))
    middle = signed(metric.b - metric.a, metric.unit)
    if low is None and high is None:
        return f"{middle}, no interval"
    told = [text for text in (middle, low, high) if text is not None]
    units = {text.rpartition(" ")[2] for text in told if " " in text and not text.startswith("0 ")}
    if len(units) == 1 and all(" " in text or text == "0" for text in told):  # one unit is said once
        bare = [None if text is None else text.rpartition(" ")[0] or text for text in (low, high)]
        return f"{middle.rpartition(' ')[0] or middle} [{bare[0] or '-'}, {bare[1] or '-'}] {units.pop()}"
    return f"{middle} [{low or '-'}, {high or '-'}]"


def effect(metric: Metric) -> str:
    """The column B/A: a ratio, a difference, or ``by count`` where counts of the same requests decide it. An interval
    of counts is told where it settles nothing."""
    if metric.method == "by count":
        settled = metric.low is None or metric.high is None or metric.low > 0 or metric.high < 0
        exact = metric.low == metric.high
        return "by count" if settled or exact else f"by count, {difference(metric)}"
    if metric.ratio is None:
        return difference(metric)
    turned = " A/B" if metric.more_is_better else ""
    return ratio(metric.ratio, metric.low, metric.high, metric.margin) + turned


def margin_text(metric: Metric) -> str:
    """``5 %`` of a ratio; a difference's own unit otherwise, ``+0``."""
    if metric.ratio is None:
        return f"+{level(metric.margin, metric.unit)}"
    return percent_of(metric.margin)


def percent_of(factor: float) -> str:
    """A factor as the per cent that it is away from 1: 1.05 reads ``5 %``, 0.9 reads ``10 %``."""
    return f"{abs(factor - 1) * 100:.3g} %"


def foretold(comparison: Comparison, metric: Metric) -> str | None:
    """What was predicted of this metric as a ratio to what was before: ``0.23 [0.20, 0.30]``. ``not predicted`` where
    the number was refused, None where the prediction is of another metric."""
    told, blamed = comparison.predicted, comparison.blamed
    if told is None or metric.name != f"{told.at} response":
        return None
    if blamed is not None and (metric.journey, metric.step) != (blamed.journey, blamed.step):
        return None
    after = told.after(told.at)
    before_s = told.before_s.get(told.at)
    if told.refused is not None or after is None or not before_s:
        return "not predicted"
    return bounded_ratio(after, before_s)
