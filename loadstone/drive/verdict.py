"""Judges one objective by exact counts: pass, fail, undecided, or invalid when the measurement itself is void.

The share of bad requests gets an interval that allows for their clumping (``loadstone.stats.proportion``). It is a
pass when the whole interval lies within the objective, a fail when the whole of it lies outside, else undecided, with
a reason that says what would settle it. A metric in doubt is undecided, a voided one invalid, whatever the counts say.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.drive.tally import Blocks, Tally, threshold_of
from loadstone.model.quantity import format_count, format_share
from loadstone.model.run import Caveat, Outcome, SloResult
from loadstone.model.slo import Slo
from loadstone.stats.histogram import Histogram
from loadstone.stats.proportion import (
    Design,
    design_effect,
    effective_size,
    quantile_shares,
    requests_to_decide,
    share_interval,
)

__all__ = ["design_of", "judge"]

FAR = 3.0
"""A limit is far when the slowest request took less than a third of it. Then no request was bad, nor nearly, and how
the tail clumps tells nothing about a limit that it does not reach. Simulated M/M/1 queues whose true share lies exactly
at the objective passed wrongly in at most 2 % of runs with 3, in 10 % with 2 (tests/calibration)."""

TAILS = (1.0, 3.0)
"""Multiples of the allowed share whose slowest requests show how the tail clumps. Bad requests alone show it too late:
those same queues passed wrongly in up to 95 % of runs by them, in 17 % with the first tail, in 2 % with both."""


def judge(slo: Slo, place: int, tally: Tally, caveats: Sequence[Caveat]) -> SloResult:
    """The verdict on ``tally.slos[place]``."""
    blocks = tally.blocks[place]
    bad, count = sum(blocks.bad), sum(blocks.total)
    allowed = round(1 - slo.objective.good_share, 12)
    counted = slo.objective.kind == "errors" or threshold_of(slo, tally.facts) is not None
    slowest_s = tally.covered(slo).max_s
    far = slo.objective.limit_s is not None and slowest_s is not None and slowest_s * FAR < slo.objective.limit_s
    design = design_of(blocks, None if slo.objective.kind == "errors" or far else allowed)
    interval = share_interval(bad, count, design) if count and counted else None
    outcome, reason = _outcome(slo, tally, bad, count, design, interval)
    outcome, reason = _believed(slo, caveats, outcome, reason)
    value, limit, shown = _in_own_unit(slo, tally.covered(slo), bad, count, allowed, design, interval)
    return SloResult(
        name=slo.name,
        outcome=outcome,
        good=count - bad if counted else 0,
        bad=bad if counted else 0,
        value=value,
        limit=limit,
        interval=shown,
        objective=slo.objective.text,
        reason=reason,
    )


def design_of(blocks: Blocks, allowed: float | None) -> Design:
    """How bad requests clump, or how the run's slowest requests do, whichever is worse.

    ``allowed`` is the bad share that the objective allows; None leaves the tail out.
    """
    designs = [design_effect(blocks.bad, blocks.total)]
    if allowed is not None and sum(blocks.total) > 0:
        shares = [min(multiple * allowed, 0.5) for multiple in TAILS]
        designs.extend(design_effect(blocks.tail(share), blocks.total) for share in shares)
    return max(designs, key=lambda design: design.effect)


def _outcome(
    slo: Slo, tally: Tally, bad: int, count: int, design: Design, interval: tuple[float, float] | None
) -> tuple[Outcome, str | None]:
    """By the counts alone."""
    allowed = round(1 - slo.objective.good_share, 12)
    if not count:
        return "undecided", "No request that it is about was measured."
    if interval is None:
        return "undecided", f"The run did not count requests above its limit; run it again with {slo.objective.text!r}."
    low, high = interval
    if low > allowed:
        return "fail", None
    if high <= allowed:
        missing = round(tally.dropped / max(tally.offered - tally.dropped, 1) * count)
        if missing and share_interval(bad + missing, count + missing, design)[1] > allowed:
            dropped = format_count(round(tally.dropped))
            return (
                "undecided",
                f"{dropped} journeys were dropped and never measured; counted as bad, they could miss it.",
            )
        return "pass", None
    more = requests_to_decide(bad, count, allowed, design)
    size = effective_size(count, design)
    clumps = f" (clumped, worth {format_count(_rounded(round(size)))} independent ones)" if size < count / 2 else ""
    settle = (
        "it is too close to its limit for any reasonable number of requests"
        if more is None
        else f"about {format_count(_rounded(more))} more requests would settle it, if they come out alike"
    )
    return "undecided", (
        f"{format_count(bad)} of {format_count(count)} requests{clumps} were bad: {format_share(bad / count)} "
        f"[{format_share(round(low, 7))}, {format_share(high)}], with {format_share(allowed, exact=True)} allowed; "
        f"{settle}."
    )


def _rounded(count: int) -> int:
    """Two digits: the figure is a guess, and should look like one."""
    step: int = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def _believed(slo: Slo, caveats: Sequence[Caveat], outcome: Outcome, reason: str | None) -> tuple[Outcome, str | None]:
    """What remains of the verdict when the measurement is void or in doubt."""
    metric = "errors" if slo.objective.kind == "errors" else "latency"
    touching = [caveat for caveat in caveats if not caveat.metrics or metric in caveat.metrics]
    for caveat in touching:
        if caveat.level == "void":
            return "invalid", caveat.message
    for caveat in touching:
        if caveat.level == "doubt":
            return "undecided", caveat.message
    return outcome, reason


def _in_own_unit(
    slo: Slo,
    responses: Histogram,
    bad: int,
    count: int,
    allowed: float,
    design: Design,
    interval: tuple[float, float] | None,
) -> tuple[float | None, float, tuple[float, float] | None]:
    """Value, limit and interval as the objective speaks: share of good, share of errors, or the quantile in seconds."""
    objective = slo.objective
    if objective.kind == "errors":
        return (bad / count if count else None), allowed, interval
    if objective.kind == "share":
        good = None if interval is None else (1 - interval[1], 1 - interval[0])
        return (1 - bad / count if count and interval else None), objective.good_share, good
    limit_s = objective.limit_s or 0.0
    value = responses.quantile(objective.good_share)
    if value is None or interval is None:
        return value, limit_s, None
    shares = quantile_shares(objective.good_share, count, design)
    low, high = responses.quantile(shares[0]), responses.quantile(shares[1])
    if low is None or high is None:
        return value, limit_s, None
    # The counts judge; Woodruff's interval is cut at the limit where it and they differ by a hair.
    if interval[1] <= allowed:
        low, high = min(low, limit_s), min(high, limit_s)
        value = min(value, limit_s)
    elif interval[0] > allowed:
        low, high = max(low, limit_s), max(high, limit_s)
        value = max(value, limit_s)
    return value, limit_s, (min(low, value), max(high, value))
