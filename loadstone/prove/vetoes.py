"""Why a comparison is not to be believed: each veto makes it invalid, each doubt undecided, with the reason.

A change that fails faster, a side that dies, a ratio that moves while it is measured: none of them may pass.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from loadstone.model.quantity import format_count, format_share, format_size
from loadstone.model.run import Caveat
from loadstone.model.side_run import SideRun
from loadstone.prove.pairing import Pair, Pairs, doubt_of
from loadstone.stats.pairs.drift import drift
from loadstone.stats.pairs.effect import FEWEST, effect_of

__all__ = ["doubts", "drifting", "vetoes", "voided"]

MIX_SHARE = 0.002
"""Of the requests: a result that is rarer on both sides changes no quantile that is judged."""

OFFERED_OFF = 0.02
"""Both runs of a pair have the same arrivals; what is offered may differ by the cut at the end."""

DRIFT_P = 0.01
LEAK_SHARE = 0.1
LEAK_BYTES = 16 * 2**20
"""Below it, growth is an allocator settling."""

ONE_SIDED = 3
"""Disturbed runs of one side against none of the other: 2 of 2^3 by chance; then the side may be what disturbs."""


def vetoes(pairs: Pairs, runs: Sequence[SideRun]) -> Iterator[str]:
    """Sentences; any makes the comparison invalid."""
    for run in sorted(runs, key=lambda run: run.ended is None):
        told = voided(run)
        if told is not None:
            yield told
            return
    yield from _offered(pairs.whole)
    yield from _mix(pairs.whole)


def voided(run: SideRun) -> str | None:
    """Why a run is no measurement of its side; None where it is one."""
    where = f"Side {run.side}" if run.pair < 0 else f"Side {run.side}, pair {run.pair + 1}"
    if run.ended is not None:
        return f"{where}: the service ended during the run, with {run.ended}"
    void = next((one for one in run.caveats if one.level == "void"), None)
    return None if void is None else f"{where}: {void.message.rstrip('.')}"


def _offered(pairs: Sequence[Pair]) -> Iterator[str]:
    for pair in pairs:
        if not (pair.a.complete and pair.b.complete):
            continue
        a, b = (run.offered_per_s * run.measured_s for run in pair.runs)
        if abs(a - b) > OFFERED_OFF * max(a, b) + 2:
            yield (
                f"Pair {pair.number + 1} was not offered the same load: {format_count(round(a))} journeys to A, "
                f"{format_count(round(b))} to B"
            )
            return


def _mix(pairs: Sequence[Pair]) -> Iterator[str]:
    """Results that one side gives more often: its latencies are then of other answers."""
    results = sorted({name for pair in pairs for run in pair.runs for name in run.whole.results})
    totals = [Counter[str](), Counter[str]()]
    for pair in pairs:
        for total, run in zip(totals, pair.runs, strict=True):
            total.update(run.whole.results)
    requests = [sum(total.values()) for total in totals]
    if not all(requests):
        return
    found: list[tuple[float, str]] = []
    for name in results:
        shares = [total[name] / count for total, count in zip(totals, requests, strict=True)]
        apart = abs(shares[1] - shares[0])
        if apart < MIX_SHARE:
            continue
        differences = [_share(pair.b, name) - _share(pair.a, name) for pair in pairs]
        steady = len(pairs) < FEWEST or _excludes_zero(differences)
        if steady:
            found.append((apart, f"{name} {_percent(shares[0])} of A's answers, {_percent(shares[1])} of B's"))
    if found:
        told = "; ".join(text for _, text in sorted(found, reverse=True)[:3])
        yield f"The sides do not answer alike ({told}), so their latencies are of different answers"


def _percent(share: float) -> str:
    return format_share(share) if share else "0 %"


def _share(run: SideRun, name: str) -> float:
    whole = sum(run.whole.results.values())
    return run.whole.results.get(name, 0) / whole if whole else 0.0


def _excludes_zero(differences: Sequence[float]) -> bool:
    effect = effect_of(differences)
    return effect.low > 0 or effect.high < 0


def doubts(pairs: Pairs, extra: int) -> Iterator[Caveat]:
    """What makes it undecided: disturbances on one side alone, too many of them, a leak on one side."""
    disturbed = Counter[str]()
    for pair in pairs.whole:
        for run in pair.runs:
            disturbed[run.side] += doubt_of(run) is not None
    for side, other in (("A", "B"), ("B", "A")):
        if disturbed[side] >= ONE_SIDED and not disturbed[other]:
            yield Caveat(
                "disturbed-by-a-side",
                "doubt",
                (),
                f"{disturbed[side]} runs of side {side} were disturbed and none of side {other}: "
                "the side may be what disturbs, and leaving those pairs out would hide it.",
                "Look at those runs, or give generator and service cores of their own.",
            )
    left_out = len(pairs.whole) - len(pairs.judged)
    if left_out > max(extra, 1):
        reason = next(pair.left_out for pair in pairs.whole if pair.left_out is not None)
        yield Caveat(
            "pairs-disturbed",
            "doubt",
            (),
            f"{left_out} of {len(pairs.whole)} pairs were disturbed and are left out ({reason.rstrip('.')}).",
            "Repeat it on a quieter machine.",
        )
    elif left_out:
        yield Caveat(
            "pairs-left-out",
            "note",
            (),
            f"{left_out} of {len(pairs.whole)} pairs {'was' if left_out == 1 else 'were'} disturbed and left out.",
            "The table of pairs says why.",
        )
    yield from _leaks(pairs)


def _leaks(pairs: Pairs) -> Iterator[Caveat]:
    """Memory of a service that stays up, run by run."""
    grown = {side: _growth([pair.runs[place] for pair in pairs.whole]) for place, side in enumerate("AB")}
    for side, other in (("A", "B"), ("B", "A")):
        mine, theirs = grown[side], grown[other]
        if mine is None:
            continue
        alone = theirs is None or theirs < mine / 2
        yield Caveat(
            "leaks" if alone else "both-leak",
            "doubt" if alone else "note",
            (),
            f"Side {side} grew by {format_size(mine)} over its runs"
            + (", the other side did not: what it costs depends on how long it has been up." if alone else "."),
            "Find what it keeps (loadstone run --evidence --memory), or restart the service for each run.",
        )
        if not alone:
            return


def _growth(runs: Sequence[SideRun]) -> float | None:
    """Bytes that a side's service gained from its second run on; None where it does not grow steadily."""
    sizes = [float(run.service_rss_bytes) for run in runs if run.service_rss_bytes][1:]
    if len(sizes) < FEWEST - 1:
        return None
    third = max(1, len(sizes) // 3)
    gained = sum(sizes[-third:]) / third - sum(sizes[:third]) / third
    if gained <= max(LEAK_BYTES, LEAK_SHARE * sizes[0]):
        return None
    moved = drift(sizes)
    return gained if moved.slope > 0 and moved.p <= 0.05 else None


def drifting(values: Sequence[float], margin_log: float) -> str | None:
    """Why the judged metric's log ratios are not one number; None where they are."""
    if len(values) < FEWEST:
        return None
    moved = drift(values)
    over_all = moved.slope * (len(values) - 1)
    if moved.p > DRIFT_P or abs(over_all) < max(abs(margin_log), 0.02):
        return None
    first, last = (math.exp(sum(part) / len(part)) for part in (_part(values, 0), _part(values, 1)))
    return (
        f"the ratio moved while it was measured, from {first:.3g} in the first pairs to {last:.3g} in the last: "
        "it is not one number"
    )


def _part(values: Sequence[float], end: int) -> Sequence[float]:
    third = max(1, len(values) // 3)
    return values[-third:] if end else values[:third]
