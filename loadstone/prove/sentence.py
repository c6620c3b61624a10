"""The answer in one sentence, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.model.comparison import Blamed, Metric, ReasonVerdict, Verdict
from loadstone.model.ratio_words import ratio
from loadstone.prove.moved import times_told

__all__ = ["REASONS", "answer"]

REASONS: dict[ReasonVerdict, str] = {
    "confirmed": "for the stated reason",
    "refuted": "not for the stated reason",
    "no-effect": "no effect",
}


def answer(
    verdict: Verdict,
    metrics: Sequence[Metric],
    *,
    reason: ReasonVerdict | None = None,
    blamed: Blamed | None = None,
    vetoed: Sequence[str] = (),
    doubts: Sequence[str] = (),
    pairs: int = 0,
) -> str:
    """One or two sentences that end with a full stop."""
    told = _verdict(verdict, metrics, reason, blamed, vetoed, doubts, pairs)
    if verdict in ("undecided", "invalid") and blamed is not None and blamed.moved:
        return f"{told} The blamed component did move: {blamed.sentence}."
    return told


def _verdict(
    verdict: Verdict,
    metrics: Sequence[Metric],
    reason: ReasonVerdict | None,
    blamed: Blamed | None,
    vetoed: Sequence[str],
    doubts: Sequence[str],
    pairs: int,
) -> str:
    judged = next((one for one in metrics if one.judged), None)
    if verdict == "invalid":
        return f"Invalid: {_lower(vetoed[0]) if vetoed else 'the measurement is void'}."
    if verdict == "slower":
        return f"Slower: {_worst(metrics)}{_and_yet(judged, reason)}."
    if verdict == "faster":
        head = "Faster" if judged is None else f"Faster: {_level(judged)}"
        if reason in ("confirmed", "refuted") and blamed is not None:
            return f"Faster, {REASONS[reason]}: {blamed.sentence}."
        if blamed is not None and blamed.moved is None:
            return f"{head}; for which reason could not be told: {_lower(blamed.sentence)}."
        return f"{head}."
    if verdict == "not-worse":
        told = "" if judged is None else f": {_level(judged)}, within its margin"
        if reason == "no-effect":
            went = "" if blamed is None else f"; {_lower(blamed.sentence)}"
            return f"No effect{told}{went}."
        return f"Not worse{told}."
    return _undecided(judged, doubts, pairs)


def _undecided(judged: Metric | None, doubts: Sequence[str], pairs: int) -> str:
    if doubts:
        return f"Undecided: {_lower(doubts[0]).rstrip('.')}."
    if judged is None:
        return "Undecided: nothing that could be judged was measured."
    if judged.low is None or judged.high is None:
        return f"Undecided: {pairs} pairs are too few to bound {judged.label}; 6 are the fewest."
    more = judged.pairs_to_decide
    settle = (
        f"about {more} pairs would decide" if more is not None else "no sensible number of such pairs would decide it"
    )
    if judged.ratio is None:
        return f"Undecided: {judged.label} differ by {judged.low:.3g} to {judged.high:.3g}; {settle}."
    return f"Undecided: {judged.label} is {_ratio(judged)}; {settle}."


def _worst(metrics: Sequence[Metric]) -> str:
    worse = [one for one in metrics if one.verdict == "slower"]
    first = next((one for one in worse if one.judged), None) or next((one for one in worse if one.slo), None)
    one = first or min(worse, key=lambda each: (each.method != "by count", -(each.ratio or 0.0)))
    return _level(one)


def _and_yet(judged: Metric | None, reason: ReasonVerdict | None) -> str:
    """What was asked for and came true, where another metric paid for it."""
    if judged is None or judged.verdict != "faster":
        return ""
    return f"; yet {_level(judged)}{f', {REASONS[reason]}' if reason in ('confirmed', 'refuted') else ''}"


def _level(one: Metric) -> str:
    """Where the metric stands: its ratio, or of a difference both levels."""
    if one.ratio is not None:
        return f"{one.label} is {_ratio(one)}"
    a, b = (times_told(value) for value in (one.a, one.b))
    if one.unit == "share":
        a, b = (f"{100 * (value or 0.0):.3g} %" for value in (one.a, one.b))
    return f"{one.label} went from {a} to {b}" if a != b else f"{one.label} stayed at {a}"


def _ratio(one: Metric) -> str:
    return f"{ratio(one.ratio, one.low, one.high, one.margin)} {'A/B' if one.more_is_better else 'B/A'}"


def _lower(sentence: str) -> str:
    """To stand within a sentence; a name (``SELECT``, ``A``) keeps its letters."""
    text = sentence.strip().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
