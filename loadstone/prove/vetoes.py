"""What makes a comparison invalid: a run that is no measurement, a pair of unequal load, sides that fail differently.

A veto says what it touches. One on the judged metric makes the whole invalid; what it does not touch stands: the share
of failures is a measurement also where the latencies beside it are of different answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loadstone.model.comparison import Metric, label_of
from loadstone.model.quantity import format_count, format_share
from loadstone.model.run import Caveat
from loadstone.model.side_run import SideRun
from loadstone.prove.counters import BY_COUNT
from loadstone.prove.pairing import Pair, Pairs
from loadstone.stats.beta import incomplete_beta
from loadstone.stats.pairs.effect import FEWEST, effect_of

__all__ = ["MIX_P", "MIX_SHARE", "OFFERED_OFF", "Veto", "mixes", "touches", "vetoes", "voided"]

MIX_SHARE = 0.002
"""Of a step's requests: so few more failures turn p99 into one between p98.8 and p99.2 at most."""

MIX_P = 0.001
"""Of the totals, by an exact test. Failures come in clumps, so the pairs must agree as well."""

MIX_LEVEL = 0.99
"""Of the pairs, or what so few of them carry at most: six 96.9 %."""

ALONE = 0.1
"""A failure that one side has at most a tenth as often as the other is the other's own."""

OFFERED_OFF = 0.02
"""Both runs of a pair have the same arrivals; what is offered may differ by the cut at the end."""

_FIXED = 2  # journeys of that cut, however short the run

LATENCY, RATE, ERRORS, CPU = "latency", "rate", "errors", "cpu"
KINDS = {"throughput": RATE, "errors": ERRORS, "CPU a request": CPU}
"""By a metric's name; every other one is a latency."""


class Veto(NamedTuple):
    """``sentence`` has no full stop. ``kinds`` are those of the metrics it touches, all where empty; with a ``step``
    (or a journey) it touches the metrics of that place alone."""

    sentence: str
    kinds: frozenset[str] = frozenset()
    journey: str | None = None
    step: str | None = None


def touches(veto: Veto, metric: Metric) -> bool:
    """Whether the metric cannot be believed. Counts come from the observed runs, which no pair touches."""
    if metric.method == BY_COUNT:
        return False
    if veto.kinds and KINDS.get(metric.name, LATENCY) not in veto.kinds:
        return False
    return veto.journey is None or (veto.journey, veto.step) == (metric.journey, metric.step)


def vetoes(pairs: Pairs, runs: Sequence[SideRun]) -> Iterator[Veto]:
    """Every veto, the gravest first."""
    yield from voided(runs)
    yield from _offered(pairs.whole)
    for one in mixes(*pairs.sides()):
        if one.steady and one.fails:
            yield Veto(f"{one.told}, so their latencies are of different answers", _MIXED, one.journey, one.step)


_MIXED = frozenset({LATENCY, RATE, CPU})


def voided(runs: Sequence[SideRun]) -> Iterator[Veto]:
    """Runs that are no measurement of their side: each reason once."""
    for run in runs:
        if run.ended is not None:
            yield Veto(f"{_where(run)}: the service ended during the run, with {run.ended.rstrip('.')}")
            return
    seen = set[str]()
    for run in runs:
        for caveat in run.caveats:
            if caveat.level == "void" and caveat.code not in seen:
                seen.add(caveat.code)
                yield of_caveat(caveat, f"{_where(run)}: ")


def of_caveat(caveat: Caveat, where: str = "") -> Veto:
    """A void caveat as a veto."""
    return Veto(where + caveat.message.rstrip("."), frozenset(caveat.metrics))


def _where(run: SideRun) -> str:
    return f"Side {run.side}" if run.pair < 0 else f"Side {run.side} in pair {run.pair + 1}"


def _offered(pairs: Sequence[Pair]) -> Iterator[Veto]:
    for pair in pairs:
        if any(not run.complete or run.closed for run in pair.runs):
            continue
        a, b = (run.offered_per_s * run.measured_s for run in pair.runs)
        if abs(a - b) > OFFERED_OFF * max(a, b) + _FIXED:
            yield Veto(
                f"Pair {pair.number + 1} was not offered the same load: {format_count(round(a))} journeys to A, "
                f"{format_count(round(b))} to B"
            )
            return


class Mix(NamedTuple):
    """Answers that one side gives more often, of one place. ``steady`` where the pairs agree; ``alone`` where the
    other side hardly has them; ``fails`` where they are failures."""

    told: str
    steady: bool
    alone: bool
    fails: bool
    journey: str | None
    step: str | None


def mixes(a: Sequence[SideRun], b: Sequence[SideRun]) -> Iterator[Mix]:
    """Where the sides do not answer alike: over all requests, then in each step; one a place, the gravest first. Runs
    at the same place are of one pair; without pairs (sides of other lengths) nothing is ``steady``."""
    places = dict.fromkeys((one.journey, one.step) for run in (*a, *b) for one in run.steps if one.step is not None)
    for journey, step in ((None, None), *places):
        found = sorted(_differing(a, b, journey, step), key=lambda one: (not one.fails, not one.steady))
        yield from found[:1]


def _differing(a: Sequence[SideRun], b: Sequence[SideRun], journey: str | None, step: str | None) -> Iterator[Mix]:
    results = [[_results(run, journey, step) for run in side] for side in (a, b)]
    totals = [Counter[str](), Counter[str]()]
    for total, runs in zip(totals, results, strict=True):
        for own in runs:
            total.update(own)
    whole = [total.total() for total in totals]
    if not all(whole):
        return
    place = label_of("", journey, step).replace(" of ", " in ")
    for name in sorted(totals[0] | totals[1]):
        shares = [total[name] / count for total, count in zip(totals, whole, strict=True)]
        apart = abs(shares[1] - shares[0])
        if apart < MIX_SHARE or _chance(totals[0][name], totals[1][name], *whole) > MIX_P:
            continue
        paired = zip(*results, strict=True) if len(a) == len(b) else ()
        told = f"The sides do not answer alike{place} ({name}: {_percent(shares[0])} of A's answers, "
        yield Mix(
            told=f"{told}{_percent(shares[1])} of B's)",
            steady=_agree([_share(right, name) - _share(left, name) for left, right in paired]),
            alone=min(shares) <= ALONE * apart,
            fails=_failure(name),
            journey=journey,
            step=step,
        )


def _results(run: SideRun, journey: str | None, step: str | None) -> dict[str, int]:
    measured = run.step(journey, step)
    return {} if measured is None else measured.results


def _share(results: dict[str, int], name: str) -> float:
    whole = sum(results.values())
    return results.get(name, 0) / whole if whole else 0.0


def _chance(a: int, b: int, whole_a: int, whole_b: int) -> float:
    """Two-sided p of so uneven a split, where each of the answers falls to B with the same chance as any request does:
    the binomial test given their number (Przyborowski and Wilenski, Biometrika 31, 1940)."""
    share, count = whole_b / (whole_a + whole_b), a + b
    upper = incomplete_beta(b, count - b + 1, share) if b else 1.0
    lower = incomplete_beta(a, count - a + 1, 1 - share) if a else 1.0
    return min(1.0, 2 * min(upper, lower))


def _agree(differences: Sequence[float]) -> bool:
    """Whether the pairs tell the difference from none."""
    if len(differences) < FEWEST:
        return False
    effect = effect_of(differences, min(MIX_LEVEL, 1 - 2.0 ** (1 - len(differences))))
    return effect.low > 0 or effect.high < 0


def _failure(name: str) -> bool:
    """An error kind, or a status from 400."""
    return not (name.isdigit() and int(name) < 400)


def _percent(share: float) -> str:
    return format_share(share) if share else "0 %"
