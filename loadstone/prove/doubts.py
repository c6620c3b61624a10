"""What makes a comparison undecided: disturbances, a leak, failures of a few runs, a ratio that moves meanwhile.

None of them is proof that the sides cannot be compared; with any of them nothing passes, and the reason is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from loadstone.model.comparison import Metric, Verdict
from loadstone.model.quantity import format_size
from loadstone.model.run import Caveat
from loadstone.model.side_run import SideRun
from loadstone.prove.counters import BY_COUNT
from loadstone.prove.pairing import ONE_SIDED, SIDES, Pairs
from loadstone.prove.vetoes import mixes
from loadstone.stats.pairs.drift import drift
from loadstone.stats.pairs.effect import FEWEST

__all__ = ["DRIFT_P", "LEAK_BYTES", "LEAK_SHARE", "doubts", "drifting", "leaned"]

DRIFT_P = 0.01
"""Of identical sides one comparison in a hundred is called moving."""

DRIFT_LEAST = 0.02
"""Of the ratio, from the first pair to the last, or the margin where that is wider: what moves less changes no
verdict."""

LEAK_P = 0.05
LEAK_SHARE = 0.1
LEAK_BYTES = 16 * 2**20
"""Below it, growth is an allocator settling."""


def doubts(pairs: Pairs, extra: int) -> Iterator[Caveat]:
    """The caveats; those at level note are only told. ``extra`` pairs may be left out and replaced."""
    yield from _disturbed(pairs, extra)
    yield from _failures(pairs)
    yield from _leaks(pairs)


def _disturbed(pairs: Pairs, extra: int) -> Iterator[Caveat]:
    whole = [pair for pair in pairs.whole if not pair.void]
    if pairs.leaning is not None:
        kept = sum(pair.left_out is None and pair.disturbed == {pairs.leaning} for pair in whole)
        message = f"{kept} runs of side {pairs.leaning} were disturbed and their partners were not, so their pairs are "
        message += "kept: what disturbs a side only makes it look slower."
        advice = "Give generator and service cores of their own, or look for a quieter time."
        yield Caveat("disturbed-by-a-side", "note", ("latency",), message, advice)
    left_out = [pair for pair in whole if pair.left_out is not None]
    if not left_out:
        return
    alone = [sum(pair.disturbed == {side} for pair in left_out) for side in SIDES]
    if max(alone) >= ONE_SIDED and not min(alone):
        message = f"{max(alone)} runs of side {SIDES[alone.index(max(alone))]} were disturbed and none of the other: "
        message += "the side may be what disturbs, and leaving those pairs out would hide it."
        yield Caveat("disturbed-by-a-side", "doubt", (), message, "Look at those runs: the table of pairs says why.")
        return
    few = len(left_out) > max(extra, 1) or len(whole) - len(left_out) < FEWEST <= len(whole)
    message = f"{len(left_out)} of {len(whole)} pairs {'was' if len(left_out) == 1 else 'were'} disturbed and left out"
    if few:
        reason = (left_out[0].left_out or "").rstrip(".")
        yield Caveat("pairs-disturbed", "doubt", (), f"{message} ({reason}).", "Repeat it on a quieter machine.")
    else:
        yield Caveat("pairs-left-out", "note", (), f"{message}.", "The table of pairs says why.")


def leaned(metrics: Sequence[Metric], pairs: Pairs) -> tuple[list[Metric], Caveat | None]:
    """What the disturbances of one side alone may have made is no verdict: that A is slower, or B, where it is the one
    that was disturbed. The caveat where the judged metric is among them."""
    harmed: tuple[Verdict, ...] = ("faster", "not-worse") if pairs.leaning == "A" else ("slower",)
    note = f"side {pairs.leaning} alone was disturbed, which may have made the difference"
    found = [
        replace(one, verdict="undecided", note=note)
        if pairs.leaning is not None and one.method != BY_COUNT and one.verdict in harmed
        else one
        for one in metrics
    ]
    if not any(one.judged and one.note == note for one in found):
        return found, None
    message = f"Side {pairs.leaning} alone was disturbed, again and again, which may have made the difference."
    advice = "Give generator and service cores of their own, or look for a quieter time."
    return found, Caveat("disturbed-by-a-side", "doubt", ("latency",), message, advice)


def _failures(pairs: Pairs) -> Iterator[Caveat]:
    """Answers that differ, where that is no veto: of a few runs alone, or no failures."""
    for one in mixes(*pairs.sides()):
        if one.steady and one.fails:
            continue
        if not one.fails:
            yield Caveat("answers-differ", "note", ("latency",), f"{one.told}.", "check.status says which are right.")
        elif one.alone:
            message = f"{one.told}, though not in every pair."
            yield Caveat(
                "failures-of-a-side", "doubt", ("latency", "rate"), message, "Look at the runs that have them."
            )


def _leaks(pairs: Pairs) -> Iterator[Caveat]:
    """Memory of a service that stays up, run by run."""
    grown = {side: _growth([pair.runs[at] for pair in pairs.whole]) for at, side in enumerate("AB")}
    if grown["A"] is None and grown["B"] is None:
        return
    both = [grown["A"] or 0.0, grown["B"] or 0.0]
    advice = "Find what it keeps (loadstone run --evidence --memory), or let each run have a service of its own."
    if min(both) >= max(both) / 2:
        message = f"Both sides grew over their runs, A by {format_size(both[0])}, B by {format_size(both[1])}."
        yield Caveat("both-leak", "note", (), message, advice)
        return
    side, other = ("A", "B") if both[0] > both[1] else ("B", "A")
    message = (
        f"Side {side} grew by {format_size(max(both))} over its runs, side {other} did not: what it costs depends "
    )
    yield Caveat("leaks", "doubt", (), f"{message}on how long it has been up.", advice)


def _growth(runs: Sequence[SideRun]) -> float | None:
    """Bytes that a side's service gained from its second run on; None where it does not grow steadily."""
    sizes = [float(run.service_rss_bytes) for run in runs if run.service_rss_bytes][1:]
    if len(sizes) < FEWEST - 1:
        return None
    first, last = _ends(sizes)
    if last - first <= max(LEAK_BYTES, LEAK_SHARE * first):
        return None
    moved = drift(sizes)
    return last - first if moved.slope > 0 and moved.p <= LEAK_P else None


def drifting(values: Sequence[float], margin_log: float) -> str | None:
    """Why the judged metric's log ratios are not one number; None where they are."""
    if len(values) < FEWEST:
        return None
    moved = drift(values)
    over_all = moved.slope * (len(values) - 1)
    if moved.p > DRIFT_P or abs(over_all) < max(abs(margin_log), DRIFT_LEAST):
        return None
    first, last = (math.exp(end) for end in _ends(values))
    return (
        f"the ratio moved while it was measured, from {first:.3g} in the first pairs to {last:.3g} in the last: "
        "it is not one number"
    )


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The mean of the first third, and of the last."""
    third = max(1, len(values) // 3)
    return math.fsum(values[:third]) / third, math.fsum(values[-third:]) / third
