"""What a fix will gain: the recorded timeline inverted into load-free demands, the fault removed, the rest replayed.

Removing work removes waiting, so the fault's own time understates the gain the more, the higher the load. The number is
refused where the record does not carry it: the checks are in ``loadstone.stats.gain.checks``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.gain.checks import MOST_OFF, MOST_OFF_SAMPLED, Seen, refusal, reproduces
from loadstone.stats.gain.interval import QUANTILES, Draws, draw, widened
from loadstone.stats.gain.invert import invert
from loadstone.stats.gain.record import Record, record
from loadstone.stats.gain.timeline import Bounded, Gain, Levels, Quantiles, Removal, Timeline
from loadstone.stats.gain.unmet import unmet

__all__ = ["FEWEST_REQUESTS", "predict"]

CURE = 0.1
"""Of what a fix takes away, so much may come back as what the cure does in its place (a join for many statements): the
upper end of what is left has it. Set on the specimens, see docs/accuracy.md."""

FEWEST_REQUESTS = 200
"""Below this a p99 rests on two requests."""

FEWEST_TRACED = 30

MOST_REQUESTS = 30_000
"""A longer record is predicted on a stretch of it: p99 then rests on 300 requests."""

MOST_SEGMENTS = 1_000_000

ENOUGH = 0.3
"""Share of the plausible ways that must reproduce the record; those that do not are left out."""

PAD, PAD_SAMPLED = 0.05, 0.10
"""What no draw shows, the error of the model itself: measured, see docs/accuracy.md."""


def predict(
    timeline: Timeline,
    removal: Removal,
    *,
    seed: int = 0,
    where: NDArray[np.bool_] | None = None,
    closed: bool = False,
) -> Gain:
    """Quantiles of the response time with the fault removed, over the requests ``where`` (of ``n``; all by default).
    ``closed`` says that users wait for their replies before they send again: their arrivals would move, so the number
    is refused.

    Raises ValueError for a removal that does not fit the timeline.
    """
    removal.of(timeline)
    first, past = _stretch(timeline)
    rec = record(timeline, removal, first, past)
    counted = np.ones(len(rec.kept), bool) if where is None else where[rec.kept]
    early = _too_little(rec, counted)
    if early:
        return _subtracted(rec, counted, early, first, past, seed)
    chance = np.random.default_rng(seed)
    inversion = invert(rec, chance)
    everybody = np.arange(len(rec.kept), dtype=np.uint32)
    before = _quantiles(rec.response[counted])
    less = np.maximum(rec.response - inversion.removed, 0.0)
    offs, afters = [], []
    for candidate in inversion.candidates:
        faulty = candidate.responses(rec.reached, everybody, False) + 2 * rec.way
        fixed = candidate.responses(rec.reached, everybody, True) + 2 * rec.way
        offs.append(reproduces(rec.response[counted], faulty[counted]))
        afters.append(_quantiles(fixed[counted]))
    off, table = np.array(offs), np.array(afters)
    sampled = not np.isfinite(rec.started).all()
    good = off <= max(MOST_OFF_SAMPLED if sampled else MOST_OFF, float(off.min()))
    after = np.median(table[good], axis=0)
    seen = Seen(rec, inversion, float(np.quantile(off, ENOUGH)), table[good], closed)
    accepted = [candidate for candidate, fine in zip(inversion.candidates, good, strict=True) if fine]
    draws = draw(rec.reached, rec.response, less, counted, rec.way, accepted, chance)
    pad = PAD_SAMPLED if sampled else PAD
    refused = refusal(seen)
    quiet = unmet(rec, counted, less) if refused is not None and not closed else None
    if quiet is not None:
        seen_alone = draw(rec.reached, rec.response, less, quiet.alone, rec.way, (), chance)
        draws = Draws(draws.before, draws.less, seen_alone.after)
        after, pad, refused = quiet.after, PAD + quiet.apart / 2, None
    return _gain(before, _quantiles(less[counted]), after, draws, pad, refused, first, past)


def _stretch(timeline: Timeline) -> tuple[int, int]:
    """All requests, or as many in the middle as can be worked on."""
    most = min(timeline.requests, MOST_REQUESTS)
    segments = len(timeline.segment_request)
    if timeline.requests and segments:
        most = min(most, int(MOST_SEGMENTS * timeline.requests / segments))
    first = (timeline.requests - most) // 2
    return first, first + most


def _too_little(rec: Record, counted: NDArray[np.bool_]) -> str | None:
    traced = int(np.isfinite(rec.started).sum())
    if len(rec.kept) < FEWEST_REQUESTS or counted.sum() < FEWEST_REQUESTS:
        return f"{min(len(rec.kept), int(counted.sum()))} requests are too few: {FEWEST_REQUESTS} are needed"
    if traced < FEWEST_TRACED and not len(rec.segment_request):
        return f"{traced} traced requests are too few: {FEWEST_TRACED} are needed"
    if not (rec.share > 0).any() and not (rec.cpu_removed > 0).any():
        return "the fix takes nothing away of what was traced"
    return None


def _subtracted(rec: Record, counted: NDArray[np.bool_], refused: str, first: int, past: int, seed: int) -> Gain:
    """What can be said without a replay."""
    taken = np.bincount(rec.segment_request, rec.share * (rec.segment_end - rec.segment_start), minlength=len(rec.kept))
    response = rec.response
    less = np.maximum(response - taken - rec.cpu_removed, 0.0)
    if not counted.any():
        nothing = np.zeros(len(QUANTILES))
        return _gain(nothing, nothing, nothing, Draws(*np.zeros((3, 1, 3))), 0.0, refused, first, past)
    draws = draw(rec.reached, response, less, counted, rec.way, (), np.random.default_rng(seed))
    quantiles = _quantiles(less[counted])
    return _gain(_quantiles(response[counted]), quantiles, quantiles, draws, PAD_SAMPLED, refused, first, past)


def _gain(
    before: NDArray[np.float64],
    less: NDArray[np.float64],
    after: NDArray[np.float64],
    draws: Draws,
    pad: float,
    refused: str | None,
    first: int,
    past: int,
) -> Gain:
    service, queue, left = [], [], []
    for place in range(len(QUANTILES)):
        down, up = widened(draws.before[:, place] - draws.less[:, place])
        value = float(before[place] - less[place])
        service.append(Bounded(value, value + down, value + up))
        down, up = widened(draws.less[:, place] - draws.after[:, place])
        value, slack = float(less[place] - after[place]), pad * float(after[place])
        cure = CURE * max(0.0, float(before[place] - after[place]))
        queue.append(Bounded(value, value + down - slack - cure, value + up + slack))
        down, up = widened(np.log(np.maximum(draws.after[:, place], 1e-12)))
        value = float(after[place])
        left.append(
            Bounded(value, value * float(np.exp(down)) * (1 - pad), value * float(np.exp(up)) * (1 + pad) + cure)
        )
    levels = Levels(*(float(value) for value in before))
    return Gain(levels, Quantiles(*service), Quantiles(*queue), Quantiles(*left), refused, first, past)


def _quantiles(responses: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.quantile(responses, QUANTILES)
    return found
